"""The button that shows the clips of the library with pictures, or without."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from core.shown_text import shown
from gui_app.document.preferences import Preferences
from gui_app.library.pictures import ClipPictures
from gui_app.library.table import ClipTable
from gui_app.style.theme import icon
from gui_app.widgets.cards import quiet_icon
from gui_app.widgets.text import plain_tip

WITH_PICTURES = "library_pictures"
"""Name of the setting."""
TIP = "With pictures of the worst frames, which are drawn behind the window"


class PictureButton(QToolButton):
    """What it says stays from one start to the next."""

    def __init__(
        self, pictures: ClipPictures, table: ClipTable, preferences: Preferences, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.pictures, self._table, self._preferences = pictures, table, preferences
        self.setProperty("role", "tool")
        self.setCheckable(True)
        self.setFixedSize(26, 26)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("With pictures")
        self.setChecked(preferences.flag(WITH_PICTURES, True))
        self.toggled.connect(self._on_toggled)
        pictures.changed.connect(self._show)
        self._show()

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        self._preferences.store(WITH_PICTURES, on)
        if not on:
            self.pictures.stop()
        self._show()

    @Slot()
    def _show(self) -> None:
        why_not = self.pictures.why_not
        on = self.isChecked() and not why_not
        self._table.show_pictures(self.pictures if on else None)
        self._table.viewport().update()
        self.setIcon(icon("image", "ACCENT") if on else quiet_icon("image"))
        self.setEnabled(not why_not)
        self.setToolTip(plain_tip(f"There are no pictures: {shown(why_not)}" if why_not else TIP))

"""A quiet row of words that shows what most people do not ask for, and folds it away again."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import SMALL_PIXELS
from gui_app.widgets.cards import quiet_icon

MORE, LESS = "More…", "Less"
SHEET = f"""FoldButton {{ padding: 2px 4px; color: $TEXT_SECONDARY; font-size: {SMALL_PIXELS}px; }}
FoldButton:checked:!hover {{ background: transparent; }}"""


class FoldButton(QToolButton):
    """``toggled`` tells whether what it folds is asked for.

    Above what it folds it has words of its own, and a caret; below it the words are `MORE` and `LESS`.
    """

    def __init__(self, tip: str, parent: QWidget, words: str = "") -> None:
        super().__init__(parent)
        self._below = not words
        self.setCheckable(True)
        self.setText(words)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(12, 12))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tip)
        set_sheet(self, SHEET)
        self.toggled.connect(self._on_toggled)
        self._on_toggled(False)

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        if self._below:
            self.setText(LESS if shown else MORE)
            self.setIcon(quiet_icon("caret-up" if shown else "caret-down"))
        else:
            self.setIcon(quiet_icon("caret-down" if shown else "caret-right"))

"""The selected frames in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from gui_app.live_theme import dress
from gui_app.state import AppState
from gui_app.theme import icon, tabular
from gui_app.words import frames_words, which_frames

TIP = "{count} selected: playing loops over them. A click selects none  (Ctrl+D)"


class SelectionChip(QToolButton):
    """``frames 120–180 ✕``, hidden while nothing is selected; a click clears the selection."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setIcon(icon("x", "ACCENT"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        dress(
            self,
            "QToolButton { background: $CHOSEN; color: $ACCENT; border-radius: 6px; padding: 3px 8px; }"
            " QToolButton:hover { background: $CHOSEN_HOVER; color: $TEXT; }",
        )
        tabular(self)
        self.clicked.connect(self._clear)
        state.selection_changed.connect(self._on_selection)
        self._on_selection()

    @Slot()
    def _clear(self) -> None:
        self._state.set_selection(None)

    @Slot()
    def _on_selection(self) -> None:
        selection = self._state.selection
        self.setVisible(selection is not None)
        if selection is not None:
            first, last = selection
            self.setText(which_frames(first, last))
            self.setToolTip(TIP.format(count=frames_words(last - first + 1)))

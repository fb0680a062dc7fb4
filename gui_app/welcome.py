"""What stands in the place of the bodies while there are none."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui_app.actions import Actions
from gui_app.state import AppState

READING = "Source and fit appear here side by side."
EMPTY = "Open a motion in SMPL or SMPL-H (.npz) or a fit, or drop one on this window."


class Welcome(QWidget):
    """Says what would be here and how to get it."""

    def __init__(self, state: AppState, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._title = QLabel("", self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("role", "title")
        self._words = QLabel("", self)
        self._words.setProperty("role", "secondary")
        self._buttons = QWidget(self)
        row = QHBoxLayout(self._buttons)
        row.setSpacing(10)
        open_button = self._button(actions.open, "Open a motion…")
        open_button.setDefault(True)
        row.addWidget(open_button)
        row.addWidget(self._button(actions.builtin, "Use built-in bodies and motion"))
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(1)
        for widget in (self._title, self._words, self._buttons):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        state.opening_changed.connect(self._on_opening)
        self._on_opening()

    def _button(self, action: QAction, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        return button

    @Slot()
    def _on_opening(self) -> None:
        reading = bool(self._state.opening)
        self._title.setText(f"Opening {self._state.opening}…" if reading else "No motion is open")
        self._words.setText(READING if reading else EMPTY)
        self._buttons.setVisible(not reading)

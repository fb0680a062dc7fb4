"""The buttons that fit the frames of the chosen problems again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui_app.action_button import action_button
from gui_app.actions import Actions
from gui_app.theme import icon


class RefitRow(QWidget):
    """One with the recipe of the Stages panel, one with several strategies; ``row`` has room for more."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = actions.refit_rows
        self.button: QToolButton = action_button(self._action, self, words=True)
        self.button.setProperty("primary", True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.left_out = QLabel(self)
        self.left_out.setTextFormat(Qt.TextFormat.PlainText)
        self.left_out.setProperty("role", "secondary")
        self.left_out.hide()
        self.row = QHBoxLayout()
        self.row.setSpacing(6)
        self.row.addWidget(self.button, 1)
        self.row.addWidget(action_button(actions.fix_rows, self, words=True))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self.row)
        column.addWidget(self.left_out)
        self._action.changed.connect(self._darken)
        self._darken()

    def say(self, words: str) -> None:
        """Why some of the chosen frames are not fitted; '' where all are."""
        self.left_out.setText(words)
        self.left_out.setVisible(bool(words))

    @Slot()
    def _darken(self) -> None:
        # On the accent colour; in menus the same action has a light icon.
        role = "ON_ACCENT" if self._action.isEnabled() else "TEXT_DISABLED"
        self.button.setIcon(icon("lightning", role))

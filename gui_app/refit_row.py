"""The buttons that fit the frames of the chosen problems again."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

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
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)
        self.row.addWidget(self.button, 1)
        self.row.addWidget(action_button(actions.fix_rows, self, words=True))
        self._action.changed.connect(self._darken)
        self._darken()

    @Slot()
    def _darken(self) -> None:
        # On the accent colour; in menus the same action has a light icon.
        role = "ON_ACCENT" if self._action.isEnabled() else "TEXT_DISABLED"
        self.button.setIcon(icon("lightning", role))

"""A button for an action, out of the way of the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget


def action_button(action: QAction, parent: QWidget, *, words: bool = False) -> QToolButton:
    """The icon of ``action``, with its words beside it where ``words``; a click does not take the focus."""
    button = QToolButton(parent)
    button.setDefaultAction(action)
    if words:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button

"""Buttons that Tab reaches and a click leaves the keyboard where it is: of an action, or small ones of a
panel; and what cannot be done now, which says why in the tooltip of its button and its line of a menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from gui_app.style.theme import icon
from gui_app.widgets.text import plain_tip

NO_MOTION = "Open a motion first: Ctrl+O"
OPENING = "Once the file that is being read is open"
RUNNING = "Once the fit that runs is over"
NO_FIT = "There is no fit yet: Ctrl+Return"
NOTHING_CHOSEN = "No joint and no vertex is selected"
NO_PANEL = "Open the panel of the mask first: M"
OWN_TIP = "own_tip"


def action_button(action: QAction, parent: QWidget, *, words: bool = False) -> QToolButton:
    """The icon of ``action``, with its words beside it where ``words``; a click does not take the focus."""
    button = QToolButton(parent)
    button.setDefaultAction(action)
    if words:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def quiet_button(icon_name: str, tip: str, parent: QWidget, height: int = 26) -> QToolButton:
    """A small icon in the head of a list; a click does not take the focus."""
    button = QToolButton(parent)
    button.setIcon(icon(icon_name, "TEXT_SECONDARY"))
    button.setIconSize(QSize(16, 16))
    button.setFixedSize(26, height)
    button.setStyleSheet("padding: 2px;")
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


class MenuButton(QToolButton):
    """Words, a small arrow, and a menu below."""

    def __init__(self, words: str, icon_name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIcon(icon(icon_name))
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(QMenu(self))
        self._spoken = True
        self.set_words(words)

    def set_words(self, words: str) -> None:
        """The words on the button."""
        self._words = words
        self.setAccessibleName(words)
        self.setText(f"{words} ▾" if self._spoken else "▾")

    def set_spoken(self, spoken: bool) -> None:
        """Whether there is room for the words."""
        self._spoken = spoken
        self.set_words(self._words)


def allow(control: QAction | QWidget, why_not: str) -> None:
    """Enables a control that always has the same tooltip, or, where there is a reason why not, disables it
    with that reason in its place."""
    if control.property(OWN_TIP) is None:
        control.setProperty(OWN_TIP, control.toolTip())
    keys = [key.toString() for key in control.shortcuts()] if isinstance(control, QAction) else []
    words = f"{why_not}  ({' or '.join(keys)})" if keys else why_not
    control.setEnabled(not why_not)
    control.setToolTip(plain_tip(words) if why_not else control.property(OWN_TIP))

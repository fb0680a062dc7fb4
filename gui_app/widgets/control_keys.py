"""Keys that belong to the control that has the keyboard: a button's space bar does not play the motion; and
who has the keyboard once that control is gone."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDockWidget,
    QWidget,
)
from shiboken6 import isValid

from gui_app.tasks.coalesce import Later

SPACE = ("Space",)
ALONG = ("Left", "Right", "Home", "End", "Shift+Left", "Shift+Right")
OWN_KEYS: tuple[tuple[type[QWidget], tuple[str, ...]], ...] = (
    (QAbstractButton, SPACE),
    (QComboBox, SPACE),
    (QAbstractItemView, SPACE),
    (QAbstractSlider, ALONG),
)
"""What each kind of control does something with; fields to type in keep theirs by themselves."""


class ControlKeys(QObject):
    """Takes keys from the actions of ``window`` as long as a control that uses them has the keyboard.

    Where that control goes, with its panel or by itself, or can be used no more, Qt gives the keyboard
    to whatever comes next in the window, a button of the toolbar for one. Then ``home`` has it, unless what
    comes next is in the same panel.
    """

    def __init__(self, window: QWidget, home: QWidget) -> None:
        super().__init__(window)
        self._window, self._home = window, home
        self._had: QWidget | None = None
        self._place: QWidget | None = None
        self._soon = Later(self._come_home, self, 0)
        self._lent: dict[QAction, list[QKeySequence]] = {}
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None and isValid(before) and before.window() is self._window:
            self._had, self._place = before, _place_of(before)
            self._soon.ask()
        for action, keys in self._lent.items():
            action.setShortcuts(keys)
        self._lent.clear()
        if now is None or now.window() is not self._window:
            return
        own = {QKeySequence(key) for kind, keys in OWN_KEYS if isinstance(now, kind) for key in keys}
        for action in self._window.actions():
            keys = action.shortcuts()
            left = [key for key in keys if key not in own]
            if len(left) < len(keys):
                self._lent[action] = keys
                action.setShortcuts(left)

    def _come_home(self) -> None:
        had, place, now = self._had, self._place, QApplication.focusWidget()
        self._had = self._place = None
        if now is None or now.window() is not self._window or now is self._home:
            return
        gone = had is None or not isValid(had) or not (had.isVisible() and had.isEnabled())
        stays = place is not None and isValid(place) and (place is now or place.isAncestorOf(now))
        if gone and not stays and self._home.isVisible():
            self._home.setFocus()


def _place_of(widget: QWidget) -> QWidget | None:
    """The panel that a control is in, or what it is a part of."""
    found: QWidget | None = widget.parentWidget()
    panel = found
    while panel is not None and not isinstance(panel, QDockWidget):
        panel = panel.parentWidget()
    return panel or found

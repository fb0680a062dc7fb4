"""Keys that belong to the control that has the keyboard: a button's space bar does not play the motion."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QWidget,
)

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
    """Takes keys from the actions of ``window`` as long as a control that uses them has the keyboard."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._lent: dict[QAction, list[QKeySequence]] = {}
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
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

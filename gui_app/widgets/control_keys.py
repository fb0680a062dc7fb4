"""Keys that belong to the control that has the keyboard: a button's space bar does not play the motion; and
who has the keyboard once that control is gone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Slot
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
    comes next is in the same panel. A field that goes because its user went elsewhere is none of these.
    """

    def __init__(self, window: QWidget, home: QWidget) -> None:
        super().__init__(window)
        self._window, self._home = window, home
        self._watched: QWidget | None = None
        self._gone = False
        self._place: QWidget | None = None
        self._soon = Later(self._come_home, self, 0)
        self._lent: dict[QAction, list[QKeySequence]] = {}
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None and isValid(before) and before.window() is self._window:
            # Whoever is given it on purpose after that keeps it.
            self._soon.stop()
            if self._gone:
                self._place = _place_of(before)
                self._soon.ask()
        self._watch(now if now is not None and now.window() is self._window else None)
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

    def _watch(self, control: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched, self._gone = control, False
        if control is not None and control is not self._home:
            control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is not there any more as it loses the keyboard loses it because of that."""
        if event.type() == QEvent.Type.FocusOut and isinstance(watched, QWidget):
            self._gone = not (watched.isVisible() and watched.isEnabled())
        return False

    def _come_home(self) -> None:
        place, now = self._place, QApplication.focusWidget()
        self._place = None
        if now is None or now.window() is not self._window or now is self._home:
            return
        stays = place is not None and isValid(place) and (place is now or place.isAncestorOf(now))
        if not stays and self._home.isVisible():
            self._home.setFocus()


def _place_of(widget: QWidget) -> QWidget | None:
    """The panel that a control is in, or what it is a part of."""
    found: QWidget | None = widget.parentWidget()
    panel = found
    while panel is not None and not isinstance(panel, QDockWidget):
        panel = panel.parentWidget()
    return panel or found

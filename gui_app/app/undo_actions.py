"""Undo and redo as they stand in the menu and on the toolbar: by name, and not while a fit runs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.activity import Activity
from gui_app.document.history import History
from gui_app.widgets.text import menu_words, plain_tip

BUSY = "once the fit that runs is over"


class UndoActions(QObject):
    """Keeps both actions true to the history."""

    def __init__(self, activity: Activity, history: History, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._activity, self._history, self._actions = activity, history, actions
        actions.undo.triggered.connect(self._undo)
        actions.redo.triggered.connect(self._redo)
        history.changed.connect(self._on_change)
        activity.run_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def _undo(self) -> None:
        self._history.undo()

    @Slot()
    def _redo(self) -> None:
        self._history.redo()

    @Slot()
    def _on_change(self) -> None:
        self._present(self._actions.undo, "undo", self._history.undo_name)
        self._present(self._actions.redo, "redo", self._history.redo_name)

    def _present(self, action: QAction, key: str, name: str) -> None:
        running = self._activity.run.active
        spec = SPECS[key]
        words = f"{spec.text} {name}" if name else spec.text
        action.setText(menu_words(words))
        tip = words if name else f"Nothing to {key}"
        tip = f"{tip}, {BUSY}" if name and running else tip
        action.setToolTip(plain_tip(tip_with_keys(spec, tip)))
        action.setEnabled(bool(name) and not running)

"""Saving the fit, and the question that is asked before one is lost."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from gui_app.actions import Actions
from gui_app.message_box import message_box
from gui_app.preferences import Preferences
from gui_app.saving import ask_where, save_fit
from gui_app.state import AppState


class SaveActions(QObject):
    """Does what Save fit says, and keeps it true to what there is to save."""

    def __init__(self, state: AppState, actions: Actions, preferences: Preferences, window: QWidget) -> None:
        super().__init__(window)
        self._state, self._actions, self._preferences, self._window = state, actions, preferences, window
        actions.save.triggered.connect(self.ask_save)
        state.motion_changed.connect(self._on_change)
        state.result_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def ask_save(self) -> bool:
        """Asks where to save the fit, and saves it; True if it is saved."""
        state = self._state
        state.settle()
        if state.opened is None or state.result is None:
            return False
        from core.outputs import result_name

        name = result_name(state.opened.motion, state.result.family)
        start = Path(self._preferences.folder or Path.home()) / name
        place = ask_where(self._window, start)
        return place is not None and save_fit(state, place, self._preferences)

    def may_lose_work(self, question: str) -> bool:
        """Asks whether the fit may be lost, or is to be saved first, where it is worth asking."""
        state = self._state
        state.settle()
        if not state.worth_asking or state.opened is None:
            return True
        more = f"The fit of {state.opened.name} is not in a file yet."
        box = message_box(self._window, "Unsaved fit", question, more)
        save = box.addButton("Save fit…", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Don't save", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(save)
        box.exec()
        if box.clickedButton() is save:
            return self.ask_save()
        return box.clickedButton() is discard

    @Slot()
    def _on_change(self, *_: object) -> None:
        self._actions.save.setEnabled(self._state.has_fit)

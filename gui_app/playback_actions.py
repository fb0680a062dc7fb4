"""Playing, stepping and the speed, as actions."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot

from gui_app.actions import Actions
from gui_app.preferences import Preferences
from gui_app.state import SPEEDS, AppState

LOOP = "loop"


class PlaybackActions(QObject):
    """Does what the actions of the section Play say, and keeps them true to what is open."""

    def __init__(self, state: AppState, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._actions = state, actions
        for action, slot in (
            (actions.play, self._toggle),
            (actions.slower, partial(self._change_speed, -1)),
            (actions.faster, partial(self._change_speed, 1)),
            (actions.back, partial(state.step, -1)),
            (actions.forward, partial(state.step, 1)),
            (actions.back_ten, partial(state.step, -10)),
            (actions.forward_ten, partial(state.step, 10)),
            (actions.first, self._go_first),
            (actions.last, self._go_last),
        ):
            action.triggered.connect(slot)
        actions.loop.toggled.connect(state.set_loop)
        state.motion_changed.connect(self._on_motion)
        state.playback_changed.connect(self._on_playback)
        self._on_motion()
        self._on_playback()

    def restore(self, stored: Preferences) -> None:
        """Takes over what was remembered."""
        self._actions.loop.setChecked(stored.flag(LOOP, True))
        self._state.set_loop(self._actions.loop.isChecked())

    def store(self, stored: Preferences) -> None:
        """Remembers how motions are played."""
        stored.store(LOOP, self._actions.loop.isChecked())

    @Slot()
    def _toggle(self) -> None:
        self._state.set_playing(not self._state.playing)

    def _change_speed(self, by: int, *_: object) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self._state.speed))
        self._state.set_speed(SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)])

    @Slot()
    def _go_first(self) -> None:
        self._state.go_to(0)

    @Slot()
    def _go_last(self) -> None:
        self._state.go_to(self._state.frames - 1)

    @Slot()
    def _on_motion(self) -> None:
        actions = self._actions
        for action in (
            actions.play, actions.back, actions.forward, actions.back_ten, actions.forward_ten, actions.first,
            actions.last,
        ):  # fmt: skip
            action.setEnabled(self._state.opened is not None)

    @Slot()
    def _on_playback(self) -> None:
        self._actions.set_playing(self._state.playing)

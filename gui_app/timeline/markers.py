"""Moments of the motion with names: added, renamed, moved and removed as steps to undo, and gone to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.session.marker import Marker, marker_at, next_name, plain_name, with_marker, without_marker
from gui_app.document.actions import Actions
from gui_app.document.state import AppState
from gui_app.widgets.buttons import NO_MOTION, RUNNING, allow

if TYPE_CHECKING:
    from gui_app.document.history import History

NO_MARKERS, NOT_HERE = "There is no marker: Shift+M adds one", "This frame has no marker"


class Markers(QObject):
    """Does what the actions for markers say; while a fit runs they stay as they are.

    ``named``: somebody wants to type the name of the marker at this frame.
    """

    named = Signal(int)

    def __init__(self, state: AppState, history: History, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._history, self._actions = state, history, actions
        actions.marker.triggered.connect(self.mark)
        actions.remove_marker.triggered.connect(self._remove_here)
        actions.previous_marker.triggered.connect(self._previous)
        actions.next_marker.triggered.connect(self._next)
        for signal in (
            state.document.motion_changed,
            state.document.markers_changed,
            state.activity.run_changed,
            state.playback.frame_changed,
        ):
            signal.connect(self._on_change)
        self._on_change()

    @property
    def can_change(self) -> bool:
        """Nothing goes on that a step would come between."""
        return self._state.document.opened is not None and not self._state.activity.run.active

    @Slot()
    def mark(self) -> None:
        """A marker at the frame shown, whose name is asked for; that of the marker that is there already."""
        if not self.can_change:
            return
        self._state.playback.set_playing(False)
        document, frame = self._state.document, self._state.playback.frame
        if marker_at(document.markers, frame) is None:
            marker = Marker(frame, next_name(document.markers))
            self._change(with_marker(document.markers, marker), f"marker at frame {frame}", frame)
        self.named.emit(frame)

    def rename(self, frame: int, typed: str) -> None:
        """Gives the marker at a frame another name; nothing typed leaves it as it is."""
        markers, name = self._state.document.markers, plain_name(typed)
        known = marker_at(markers, frame)
        if known is not None and name and name != known.name:
            self._change(with_marker(markers, Marker(frame, name)), f"marker {name}", frame)

    def move(self, frame: int, to: int) -> None:
        """Takes the marker at a frame to another one, in the place of any that is there."""
        markers = self._state.document.markers
        known = marker_at(markers, frame)
        to = min(max(to, 0), self._state.document.frames - 1)
        if known is not None and to != frame:
            moved = with_marker(without_marker(markers, frame), Marker(to, known.name))
            self._change(moved, f"marker {known.name} to frame {to}")

    def remove(self, frame: int) -> None:
        """Removes the marker at a frame."""
        markers = self._state.document.markers
        known = marker_at(markers, frame)
        if known is not None:
            self._change(without_marker(markers, frame), f"removal of marker {known.name}")

    def _change(self, markers: tuple[Marker, ...], step: str, named_at: int | None = None) -> None:
        if not self.can_change:
            return
        self._state.document.settle()
        self._state.document.set_markers(markers)
        # A marker and the name that it is given at once are one step.
        merge = None if named_at is None else ("marker", named_at)
        self._history.add(step, np.empty(0, np.intp), merge)

    @Slot()
    def _remove_here(self) -> None:
        self.remove(self._state.playback.frame)

    @Slot()
    def _previous(self) -> None:
        here = self._state.playback.frame
        self._go([marker for marker in self._state.document.markers if marker.frame < here][-1:])

    @Slot()
    def _next(self) -> None:
        here = self._state.playback.frame
        self._go([marker for marker in self._state.document.markers if marker.frame > here][:1])

    def _go(self, to: list[Marker]) -> None:
        if to:
            self._state.playback.go_to(to[0].frame)
        else:
            self._state.activity.say("No further markers in this direction")

    @Slot()
    def _on_change(self, *_: object) -> None:
        actions, markers = self._actions, self._state.document.markers
        here = marker_at(markers, self._state.playback.frame)
        why_not = "" if self.can_change else RUNNING if self._state.document.opened is not None else NO_MOTION
        allow(actions.marker, why_not)
        actions.marker.setText("Rename marker" if here is not None else "Add marker")
        allow(actions.remove_marker, why_not or ("" if here is not None else NOT_HERE))
        for action in (actions.previous_marker, actions.next_marker):
            allow(action, "" if markers else NO_MARKERS)

"""From problem to problem, to the place on the body, and which frames are selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from gui_app.document.problem_text import body_part
from gui_app.document.state import AppState

if TYPE_CHECKING:
    from core.problems.detect import Problem
    from gui_app.document.actions import Actions
    from gui_app.problems.frame_summary import WhyBar
    from gui_app.viewport.viewport import Viewport


class ProblemSteps(QObject):
    """Does what the actions of the section Problems say."""

    def __init__(
        self, state: AppState, actions: Actions, why: WhyBar, viewport: Viewport, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._actions, self._why, self._viewport = state, actions, why, viewport
        actions.previous_problem.triggered.connect(self._previous)
        actions.next_problem.triggered.connect(self._next)
        actions.show_part.triggered.connect(self._show_part)
        actions.select_all.triggered.connect(self._select_all)
        actions.select_none.triggered.connect(self._select_none)
        state.document.motion_changed.connect(self._on_change)
        state.document.analysis_changed.connect(self._on_change)
        state.playback.selection_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def _previous(self) -> None:
        if self._state.document.analysis is not None:
            self._go(self._state.document.analysis.previous_worst(self._state.playback.frame))

    @Slot()
    def _next(self) -> None:
        if self._state.document.analysis is not None:
            self._go(self._state.document.analysis.next_worst(self._state.playback.frame))

    def show(self, problem: Problem) -> None:
        """Goes to the worst frame of a problem, and near the part that it is about."""
        self._state.playback.go_to(problem.frame)
        part = body_part(problem)
        place = self._why.place(part) if part else None
        if place is not None:
            self._viewport.focus_on(*place)
        else:
            self._viewport.focus_all()

    def _go(self, frame: int | None) -> None:
        if frame is None:
            self._state.activity.say("No further problem frames in this direction")
        else:
            self._state.playback.go_to(frame)

    @Slot()
    def _show_part(self) -> None:
        place = self._why.place()
        if place is not None:
            self._viewport.focus_on(*place)

    @Slot()
    def _select_all(self) -> None:
        self._state.playback.set_selection((0, self._state.document.frames - 1))

    @Slot()
    def _select_none(self) -> None:
        self._state.playback.set_selection(None)

    @Slot()
    def _on_change(self) -> None:
        state, actions = self._state, self._actions
        found = state.document.analysis is not None and bool(state.document.analysis.places)
        actions.previous_problem.setEnabled(found)
        actions.next_problem.setEnabled(found)
        actions.select_all.setEnabled(state.document.opened is not None)
        actions.select_none.setEnabled(state.playback.selection is not None)

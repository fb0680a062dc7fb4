"""From problem to problem, to the place on the body, and which frames are selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from gui_app.document.frame_scopes import NO_PROBLEMS, why_no_problems
from gui_app.document.problem_text import body_part
from gui_app.document.state import AppState
from gui_app.widgets.buttons import NO_MOTION, allow

NONE_SELECTED = "No frames are selected"

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
        analysis = state.document.analysis
        none = why_no_problems(state.document) or NO_PROBLEMS
        why_not = "" if analysis is not None and analysis.places else none
        for action in (actions.previous_problem, actions.next_problem):
            allow(action, why_not)
        allow(actions.select_all, "" if state.document.opened is not None else NO_MOTION)
        allow(actions.select_none, "" if state.playback.selection is not None else NONE_SELECTED)

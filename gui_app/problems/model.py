"""The problems that there are, were and are accepted: what the table shows, and what it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.analysis import Analysis
from gui_app.document.history import History
from gui_app.document.state import AppState
from gui_app.history.comparison import BeforeFit
from gui_app.problems.rows import Row
from gui_app.problems.verdicts import ProblemVerdicts
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.text import which_frames

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from core.problems.detect import Problem

MOST_KNOWN = 6
"""Fits whose problems are remembered, to tell what a later fit has mended."""


class ProblemDesk(QObject):
    """``rows`` are those of the fit shown, with what the last change brought; ``changed`` when they are
    others."""

    changed = Signal()

    def __init__(
        self,
        state: AppState,
        history: History,
        before: BeforeFit,
        verdicts: ProblemVerdicts,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self._before, self._verdicts = state, history, before, verdicts
        self._known: list[Analysis] = []
        self._kept: np.ndarray | None = None
        self.rows: tuple[Row, ...] = ()
        self._soon = Coalescer(self._gather, self)
        state.document.analysis_changed.connect(self._on_analysis)
        state.document.motion_changed.connect(self._on_motion)
        for signal in (before.changed, verdicts.changed, state.document.result_changed):
            signal.connect(self._soon.ask)

    @property
    def earlier(self) -> FitResult | None:
        """The fit that the rows are compared with: the one before the last change, until that is kept."""
        shown, before = self._state.document.result, self._before
        if shown is None or before.earlier is None or before.shown is not shown or shown.poses is self._kept:
            return None
        return before.earlier

    def keep(self) -> None:
        """The last change is well: its problems are no longer compared with those before."""
        if self._state.document.result is not None:
            self._kept = self._state.document.result.poses
            self._gather()

    def at_frame(self) -> list[Row]:
        """The rows of the frame shown, accepted or not."""
        frame = self._state.playback.frame
        return [
            row
            for row in self.rows
            if frame in row.problem.frames and row.status != "mended" and _local(row.problem)
        ]

    def accept(self, problems: Sequence[Problem], note: str = "") -> None:
        """Accepts problems as they are; one step to undo."""
        from core.problems.accepted import accept, still_open

        noted = not still_open(problems, self._state.document.accepted)
        self._change(
            "note on" if noted else "acceptance of",
            problems,
            accept(problems, self._state.document.accepted, note),
        )

    def reopen(self, problems: Sequence[Problem]) -> None:
        """They are problems again."""
        from core.problems.accepted import reopen

        self._change("reopening of", problems, reopen(problems, self._state.document.accepted))

    def _change(self, what: str, problems: Sequence[Problem], accepted: tuple[Accepted, ...]) -> None:
        state = self._state
        if not problems or state.activity.run.active or accepted == state.document.accepted:
            return
        state.document.settle()
        state.document.set_accepted(accepted)
        step = f"{what} {problems_which(problems)}"
        self._history.add(step, np.empty(0, np.intp))
        state.activity.say(f"{step[:1].upper()}{step[1:]}")

    @Slot()
    def _on_motion(self) -> None:
        self._known = []
        self._soon.ask()

    @Slot()
    def _on_analysis(self) -> None:
        analysis = self._state.document.analysis
        if analysis is not None:
            others = [known for known in self._known if known.result.poses is not analysis.result.poses]
            self._known = [*others[1 - MOST_KNOWN :], analysis]
        self._soon.ask()

    def _problems_of(self, result: FitResult, like: Analysis) -> tuple[Problem, ...]:
        """What stood out in an earlier fit, as far as it was looked through with the same thresholds."""
        return next(
            (
                known.problems
                for known in self._known
                if known.result.poses is result.poses and known.thresholds == like.thresholds
            ),
            (),
        )

    @Slot()
    def _gather(self) -> None:
        state, analysis = self._state, self._state.document.analysis
        rows: list[Row] = []
        if analysis is not None and state.document.result is not None:
            from core.problems.accepted import accepted_by
            from core.problems.changes import gone, problem_change

            # While the fit shown is still being looked through, what is known is of the one before.
            earlier = self.earlier if analysis.result is state.document.result else None
            for problem in analysis.problems:
                known = accepted_by(problem, state.document.accepted)
                change = (
                    problem_change(earlier, state.document.result, problem) if earlier is not None else None
                )
                rows.append(
                    Row(
                        problem,
                        "open" if known is None else "accepted",
                        known.note if known else "",
                        self._verdicts.of(problem),
                        change,
                    )
                )
            if earlier is not None:
                for problem in gone(self._problems_of(earlier, analysis), analysis.problems):
                    change = problem_change(earlier, state.document.result, problem)
                    if change is not None:
                        rows.append(Row(problem, "mended", change=change))
        found = tuple(rows)
        if found != self.rows:
            self.rows = found
        self.changed.emit()


def problems_which(problems: Sequence[Problem]) -> str:
    """``frames 180–192``, ``3 problems``."""
    if len(problems) == 1:
        return which_frames(problems[0].first, problems[0].last)
    return f"{len(problems):,} problems"


def _local(problem: Problem) -> bool:
    return problem.kind.name != "THROUGHOUT"

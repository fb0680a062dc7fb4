"""Model gap or failed fit: the worst frame of each problem is fitted a second time, in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.detect import Problem
    from core.problems.verdict import Judgement, Verdict

AT_ONCE = 12
"""Frames judged at a time, so that the first verdicts are there soon."""
JUDGING = "Judging the problems"
FAILED = "The problems could not be judged, so it is not known which fits have failed; details are in the log"


@dataclass(frozen=True, eq=False)
class VerdictRequest(MeasureRequest):
    """Frames to be judged, and all problem frames, from which none of them is to start."""

    frames: np.ndarray
    suspects: np.ndarray


def judge(request: VerdictRequest, job: BackgroundJob[Any]) -> tuple[tuple[Judgement, ...], str]:
    """One judgement a frame whose source is finite; and why the fits left their device, if they have."""
    from core.fitting.devices import device_of_fit
    from core.problems.second_opinion import SecondOpinion

    run = SecondOpinion(
        request.motion,
        request.bodies,
        request.result,
        request.frames,
        suspects=request.suspects,
        device=device_of_fit(request.result.provenance),
        threads=1,
        stop=job.stop,
    )
    judged = run.verdicts(check=job.check)
    job.check()
    return judged, run.left_device


class ProblemVerdicts(Measuring):
    """Judges the fit shown while somebody wants to know, the gravest problems first."""

    changed = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__("verdicts", judge, FAILED, state, parent)
        self._result: FitResult | None = None
        self._known: dict[int, Verdict | None] = {}
        self._wants = False
        self._failed = False
        for signal in (
            state.document.motion_changed,
            state.document.result_changed,
            state.document.analysis_changed,
        ):
            signal.connect(self._soon.ask)
        state.activity.run_changed.connect(self._on_run)

    def want(self, wants: bool) -> None:
        """Somebody looks, or does not any more."""
        self._wants = wants
        if wants:
            self._soon.ask()
        else:
            self._drop_measuring()

    def of(self, problem: Problem) -> str:
        """Whose fault a problem is, in words; empty while that is not known."""
        verdict = self._known.get(problem.frame)
        if verdict is None or self._result is not self._state.document.result:
            return ""
        from core.problems.findings import blame

        return blame(problem, verdict)

    @Slot()
    def _on_run(self) -> None:
        if self._state.activity.run.active:
            self._drop_measuring()
        else:
            self._soon.ask()

    def _measure_missing(self, opened: Opened) -> None:
        state, analysis = self._state, self._state.document.analysis
        result = state.document.result
        if result is not self._result:
            self._drop_measuring()
            self._result, self._known, self._failed = result, {}, False
        if result is None or analysis is None or analysis.result is not result:
            return
        if not self._wants or self._failed or self.busy:
            return
        waiting = {p.frame: p.severity for p in analysis.problems if p.frame not in self._known}
        if waiting:
            first = sorted(waiting, key=lambda frame: -waiting[frame])[:AT_ONCE]
            frames, suspects = np.array(first), analysis.suspects
            self._measure(VerdictRequest(opened.motion, opened.bodies, result, frames, suspects))

    def _keep(self, request: VerdictRequest, found: tuple[tuple[Judgement, ...], str]) -> None:
        from core.problems.verdict import Verdict

        judged, left_device = found
        self._tell_left(JUDGING, left_device)
        # A frame whose source is not finite has no second fit.
        self._known.update(dict.fromkeys(request.frames.tolist(), Verdict.UNKNOWN))
        self._known.update({judgement.frame: judgement.verdict for judgement in judged})
        self.changed.emit()
        self._soon.ask()

    def _tell_failed(self, sentence: str) -> None:
        self._failed = True
        super()._tell_failed(sentence)

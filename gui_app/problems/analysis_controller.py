"""Has every finished fit measured in the background, and its problem frames found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from core.problems.thresholds import ProblemThresholds
from gui_app.document.analysis import Analysis
from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob

if TYPE_CHECKING:
    from core.measure.motion_metrics import MotionMetrics


@dataclass(frozen=True, eq=False)
class AnalysisRequest(MeasureRequest):
    """A fit to be looked through; ``metrics`` are its figures where they are known already."""

    thresholds: ProblemThresholds
    metrics: MotionMetrics | None = None


def analyse(request: AnalysisRequest, job: BackgroundJob[Any]) -> Analysis:
    """Metrics and problem frames of a fit."""
    from core.measure.measure_motion import measure_motion
    from core.problems.detect import find_problems, problem_frames, stretches

    metrics = request.metrics
    if metrics is None:
        metrics = measure_motion(request.motion, request.bodies, request.result, job.check)
    problems = find_problems(metrics, request.thresholds)
    job.check()
    return Analysis(
        request.result,
        metrics,
        stretches(problems),
        problem_frames(problems),
        problems,
        thresholds=request.thresholds,
    )


FAILED = "This fit could not be measured, so its problem frames are not known; details are in the log"


class AnalysisController(Measuring):
    """Keeps ``document.analysis`` true to the fit; during another run it stays as it is."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__("analysis", analyse, FAILED, state, parent)
        self._after_run = False
        self._another = False
        state.document.motion_changed.connect(self._on_motion)
        state.document.result_changed.connect(self._on_result)
        state.document.rate_changed.connect(self._soon.ask)
        state.document.thresholds_changed.connect(self._soon.ask)
        state.activity.run_changed.connect(self._on_run)

    @Slot()
    def _on_motion(self) -> None:
        self._drop_measuring()
        self._after_run = False
        self._soon.ask()

    @Slot(object)
    def _on_result(self, changed: object) -> None:
        # Where only some frames have changed, what is known still holds for the others.
        self._another = self._another or changed is None
        self._soon.ask()

    @Slot()
    def _on_run(self) -> None:
        if self._state.activity.run.active:
            # The fit gets the processor; what is being measured is about to be replaced.
            self._after_run = True
            self._drop_measuring()
        else:
            self._soon.ask()

    def _measure_missing(self, opened: Opened) -> None:
        state = self._state
        result, known = state.document.result, state.document.analysis
        wanted, thresholds = self._wanted, state.document.thresholds
        if isinstance(wanted, AnalysisRequest) and (wanted.result, wanted.thresholds) == (result, thresholds):
            return
        self._drop_measuring()
        after_run, another = self._after_run, self._another
        self._after_run = self._another = False
        metrics = known.metrics if known is not None and known.result is result else None
        if known is not None and metrics is not None and known.thresholds == thresholds:
            return
        if known is not None and metrics is None and not after_run and another:
            state.document.set_analysis(None)
        if result is None or not result.fitted.any():
            state.document.set_analysis(None)
            return
        motion = opened.motion_at(state.document.given_rate)
        self._measure(AnalysisRequest(motion, opened.bodies, result, thresholds, metrics))

    def _keep(self, request: AnalysisRequest, found: Analysis) -> None:
        accepted = self._state.document.accepted
        self._state.document.set_analysis(found.with_accepted(accepted) if accepted else found)

    def _tell_failed(self, sentence: str) -> None:
        self._state.document.set_analysis(None)
        super()._tell_failed(sentence)

"""The analysing thread: measures a finished fit and looks for its problem frames."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.analysis import Analysis
from gui_app.opening import pose_on_one_thread

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult
    from core.motion import Motion

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Nobody waits for the figures any more."""


@dataclass(frozen=True, eq=False)
class AnalysisRequest:
    """A fit to be measured.

    Attributes:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        stop: set when nobody waits for the reply any more.
    """

    motion: Motion
    bodies: BodyPair
    result: FitResult
    stop: threading.Event

    def check(self, *_: object) -> None:
        """Raises Stopped once ``stop`` is set."""
        if self.stop.is_set():
            raise Stopped


class AnalysisWorker(QObject):
    """Lives in the analysing thread; a request that was stopped gets no reply."""

    analysed = Signal(object, object)
    failed = Signal(object)

    @Slot(object)
    def run(self, request: AnalysisRequest) -> None:
        """Measures, and says once how it went."""
        try:
            request.check()
            # The fit, which may already be running again, is to keep the other cores.
            pose_on_one_thread()
            self.analysed.emit(request, analyse(request))
        except Stopped:
            pass
        except Exception:
            log.exception("The fit of %s could not be measured", request.motion.name)
            self.failed.emit(request)


def analyse(request: AnalysisRequest) -> Analysis:
    """Metrics and problem frames of a fit."""
    from core.measure_motion import measure_motion
    from core.problem_frames import find_problems, problem_frames, stretches

    metrics = measure_motion(request.motion, request.bodies, request.result, request.check)
    problems = find_problems(metrics)
    request.check()
    return Analysis(request.result, metrics, stretches(problems), problem_frames(problems))

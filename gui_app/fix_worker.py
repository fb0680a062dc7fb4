"""The thread that tries strategies on frames."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult
    from core.motion import Motion

log = logging.getLogger(__name__)

UNEXPECTED = "Trying strategies stopped because of an unexpected error; details are in the log"


@dataclass(frozen=True, eq=False)
class FixRequest:
    """Frames that are to be put right; ``suspects`` are all problem frames."""

    motion: Motion
    bodies: BodyPair
    result: FitResult
    frames: np.ndarray
    suspects: np.ndarray
    device: str
    threads: int | None
    stop: threading.Event


class FixWorker(QObject):
    """Lives in a thread of its own; every reply carries its request."""

    begun = Signal(object, object)
    progressed = Signal(object, object)
    tried = Signal(object, object)
    finished = Signal(object)
    failed = Signal(object, str)

    @Slot(object)
    def run(self, request: FixRequest) -> None:
        """Tries one strategy after another, and says once how it ended."""
        from core.fixes import FixTrial

        try:
            trial = FixTrial(
                request.motion,
                request.bodies,
                request.result,
                request.frames,
                suspects=request.suspects,
                device=request.device,
                threads=request.threads,
                stop=request.stop,
            )
            self.begun.emit(request, trial.before)
            told = 0
            for progress in trial:
                for fix in trial.fixes[told:]:
                    self.tried.emit(request, fix)
                told = len(trial.fixes)
                self.progressed.emit(request, progress)
            for fix in trial.fixes[told:]:
                self.tried.emit(request, fix)
            self.finished.emit(request)
        except RefitError as error:
            self.failed.emit(request, str(error))
        except Exception:
            log.exception("Trying strategies on %s stopped", request.motion.name)
            self.failed.emit(request, UNEXPECTED)

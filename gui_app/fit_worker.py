"""The fitting thread: the only place in the window that runs core.fitting."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.state import RunStatus

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult
    from core.fitting.run import Progress
    from core.motion import Motion

log = logging.getLogger(__name__)

UNEXPECTED = "The fit stopped because of an unexpected error; details are in the log"
PROGRESS_SECONDS = 0.1
PREVIEW_SECONDS = 0.2


@dataclass(frozen=True, eq=False)
class RunRequest:
    """Everything a run needs, frozen when it is asked for."""

    run_id: int
    motion: Motion
    bodies: BodyPair
    first_frame: int
    device: str
    threads: int | None
    cancel: threading.Event


@dataclass(frozen=True, eq=False)
class RunReply:
    """A fit so far, and the frames in it that are new since the reply before."""

    run_id: int
    result: FitResult
    changed: np.ndarray


class FitWorker(QObject):
    """Lives in the fitting thread. Every reply carries the id of its run."""

    progressed = Signal(int, object)
    previewed = Signal(object)
    finished = Signal(object)
    failed = Signal(int, str)

    @Slot(object)
    def run(self, request: RunRequest) -> None:
        """Fits until done, cancelled or failed, and says so exactly once."""
        try:
            self.finished.emit(self._fit(request))
        except RefitError as error:
            self.failed.emit(request.run_id, str(error))
        except Exception:
            log.exception("The fit of %s stopped", request.motion.name)
            self.failed.emit(request.run_id, UNEXPECTED)

    def _fit(self, request: RunRequest) -> RunReply:
        from core.fitting.run import FitRun

        run = FitRun(
            request.motion,
            request.bodies,
            first_frame=request.first_frame,
            device=request.device,
            threads=request.threads,
            stop=request.cancel,
        )
        pace = Pace()
        new: list[np.ndarray] = []
        last_progress = last_preview = 0.0
        for progress in run:
            if len(progress.frames):
                new.append(np.array(progress.frames))
            now = time.monotonic()
            pace.see(progress, now)
            if now - last_progress >= PROGRESS_SECONDS:
                last_progress = now
                self.progressed.emit(request.run_id, pace.status(progress, now))
            if new and now - last_preview >= PREVIEW_SECONDS:
                reply = RunReply(request.run_id, run.result(), np.concatenate(new))
                self.previewed.emit(reply)
                new = []
                # A long motion takes long to copy: then there are fewer previews.
                last_preview = time.monotonic() + 4 * (time.monotonic() - now)
        result = run.result()
        changed = np.concatenate(new) if new else np.empty(0, np.intp)
        return RunReply(request.run_id, result, changed)


class Pace:
    """Tells how long a run will still take, from the frames it has finished."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def see(self, progress: Progress, now: float) -> None:
        """Takes note of the first finished frames; the time before them tells nothing about the rest."""
        if self._first is None and progress.frames_done:
            self._first = (now, progress.frames_done)

    def status(self, progress: Progress, now: float) -> RunStatus:
        """The progress in the window's words."""
        left = None
        if self._first is not None and progress.frames_done > self._first[1]:
            rate = (progress.frames_done - self._first[1]) / max(now - self._first[0], 1e-6)
            left = (progress.frames_total - progress.frames_done) / rate
        return RunStatus(
            "running", progress.stage, progress.frames_done, progress.frames_total, progress.mean_mm, left
        )

"""The thread that measures all frames after an edit of the shape that they share."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.opening import pose_on_one_thread

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult
    from core.frame_parameters import Change
    from core.motion import Motion

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.1


class Stopped(Exception):
    """Nobody waits for the fit any more."""


@dataclass(frozen=True, eq=False)
class EditRequest:
    """An edit to be made.

    Attributes:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit to change.
        frame: that was on show.
        change: of its parameters.
        fitted: the fit before anything was edited, or None.
        stop: set when nobody waits for the reply any more.
    """

    motion: Motion
    bodies: BodyPair
    result: FitResult
    frame: int
    change: Change
    fitted: FitResult | None
    stop: threading.Event


class EditWorker(QObject):
    """Lives in the measuring thread; a request that was stopped gets no reply."""

    progressed = Signal(object, int, int)
    edited = Signal(object, object)
    failed = Signal(object)

    @Slot(object)
    def run(self, request: EditRequest) -> None:
        """Makes the edit, and says once how it went."""
        last = time.monotonic()

        def on_progress(done: int, total: int) -> None:
            nonlocal last
            if request.stop.is_set():
                raise Stopped
            if time.monotonic() - last >= PROGRESS_SECONDS:
                last = time.monotonic()
                self.progressed.emit(request, done, total)

        try:
            pose_on_one_thread()
            self.edited.emit(request, make_edit(request, on_progress))
        except Stopped:
            pass
        except Exception:
            log.exception("The fit of %s could not be edited", request.motion.name)
            self.failed.emit(request)


def make_edit(request: EditRequest, on_progress: object = None) -> FitResult:
    """The fit after the edit."""
    from core.edited import edited

    return edited(
        request.motion,
        request.bodies,
        request.result,
        request.frame,
        request.change,
        request.fitted,
        on_progress,  # type: ignore[arg-type]
    )

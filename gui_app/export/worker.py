"""Writes files in a thread of its own, so that one can go on scrubbing."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from core.errors import Cancelled, RefitError
from core.outputs.export_format import ExportJob
from gui_app.export.kinds import Choice
from gui_app.tasks.worker_thread import pose_on_one_thread

if TYPE_CHECKING:
    from core.measure.motion_metrics import MotionMetrics
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

log = logging.getLogger(__name__)

UNEXPECTED = "The export stopped because of an unexpected error; details are in the log"
PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class ExportRequest:
    """Everything that writing needs, frozen when it is asked for.

    Attributes:
        request_id: replies carry it.
        choice: what to write.
        path: the file, or the folder.
        replace: what is there may be lost.
        ids: frames to write.
        stem: how numbered files begin.
        motion: the source.
        bodies: of source and fit.
        result: the fit, or None.
        metrics: of the fit, or None.
        picture: (height, width, 3 or 4) bytes of a picture, or None.
        stop: set to stop.
    """

    request_id: int
    choice: Choice
    path: Path
    replace: bool
    ids: np.ndarray
    stem: str
    motion: Motion
    bodies: BodyPair
    result: FitResult | None
    metrics: MotionMetrics | None
    picture: np.ndarray | None
    stop: threading.Event


class ExportWorker(QObject):
    """Lives in the exporting thread. Every reply carries the id of its request."""

    progressed = Signal(int, int, int)
    finished = Signal(int)
    stopped = Signal(int)
    failed = Signal(int, str)

    @Slot(object)
    def write(self, request: ExportRequest) -> None:
        """Writes until done, stopped or failed, and says so exactly once."""
        try:
            self._write(request)
        except Cancelled:
            self.stopped.emit(request.request_id)
        except RefitError as error:
            self.failed.emit(request.request_id, str(error))
        except Exception:
            log.exception("Writing %s stopped", request.path)
            self.failed.emit(request.request_id, UNEXPECTED)
        else:
            self.finished.emit(request.request_id)

    def _write(self, request: ExportRequest) -> None:
        pose_on_one_thread()
        if request.choice.is_still:
            _write_picture(request.path, request.picture, request.replace)
            return
        write = request.choice.format.write
        assert write is not None, "films are drawn in the GUI thread"
        write(
            ExportJob(
                path=request.path,
                stem=request.stem,
                frames=request.ids,
                motion=request.motion,
                bodies=request.bodies,
                result=request.result,
                metrics=request.metrics,
                settings=request.choice.settings,
                single=request.choice.single,
                overwrite=request.replace,
                progress=_Paced(self, request.request_id),
                stop=request.stop,
            )
        )


class _Paced:
    """A progress callback that lets at most ten reports a second through."""

    def __init__(self, worker: ExportWorker, request_id: int) -> None:
        self._worker, self._request_id, self._last = worker, request_id, 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= PROGRESS_SECONDS or done == total:
            self._last = now
            self._worker.progressed.emit(self._request_id, done, total)


def picture_image(picture: np.ndarray) -> QImage:
    """Bytes (height, width, 3 or 4) as an image that owns them."""
    height, width, channels = picture.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QImage(picture.tobytes(), width, height, channels * width, kind).copy()


def _write_picture(path: Path, picture: np.ndarray | None, replace: bool) -> None:
    from PySide6.QtCore import QBuffer, QIODevice

    from core.files.containers.atomic import atomic_write

    assert picture is not None
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture_image(picture).save(buffer, "PNG")  # type: ignore[call-overload]
    with atomic_write(path, overwrite=replace) as file:
        file.write(buffer.data().data())

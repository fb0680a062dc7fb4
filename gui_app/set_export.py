"""Writes where the joints of a set are over the whole motion, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from core.files.numbered import Stopped
from gui_app.opening import pose_on_one_thread
from gui_app.words import frames_words
from gui_app.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from core.body import BodyModel
    from core.inspection.joint_series import JointsSpeed
    from core.inspection.joints import BodyJoint
    from core.motion import Motion

log = logging.getLogger(__name__)

UNEXPECTED = "The joints could not be written because of an unexpected error; details are in the log"
PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class SetExportRequest:
    """What is to be written, and where; ``stop`` is set to stop."""

    body: BodyModel
    joints: tuple[BodyJoint, ...]
    motion: Motion
    path: Path
    replace: bool
    stop: threading.Event = field(default_factory=threading.Event, init=False)


class SetExportWorker(QObject):
    """Lives in the writing thread. Says of each request once how it ended, and then how fast it was."""

    progressed = Signal(object, int)
    written = Signal(object)
    measured = Signal(object, object)
    stopped = Signal(object)
    failed = Signal(object, str)

    @Slot(object)
    def write(self, request: SetExportRequest) -> None:
        """Writes until done, stopped or failed."""
        from core.files.joint_sets import export_joint_places
        from core.inspection.joint_series import JointSeries

        last = 0.0

        def tell(done: int, _total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= PROGRESS_SECONDS:
                last = time.monotonic()
                self.progressed.emit(request, done)

        try:
            pose_on_one_thread()
            series = JointSeries(request.body, request.joints)
            export_joint_places(
                request.path,
                series,
                request.motion,
                overwrite=request.replace,
                progress=tell,
                stop=request.stop,
            )
        except Stopped:
            self.stopped.emit(request)
            return
        except RefitError as error:
            self.failed.emit(request, str(error))
            return
        except Exception:
            log.exception("Writing %s stopped", request.path)
            self.failed.emit(request, UNEXPECTED)
            return
        self.written.emit(request)
        try:
            if not request.stop.is_set():
                self.measured.emit(request, series.speed(request.motion))
        except Exception:
            log.exception("The speed of the joints alone could not be measured")


class SetExport(QObject):
    """One file at a time; ``changed`` tells of progress, ``failed`` and ``said`` carry sentences."""

    changed = Signal()
    failed = Signal(str)
    said = Signal(str)
    _start = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._request: SetExportRequest | None = None
        self._last: SetExportRequest | None = None
        self.done = 0
        self.words = ""
        self._worker = SetExportWorker()
        self._start.connect(self._worker.write)
        replies = [
            (self._worker.progressed, self._on_progress),
            (self._worker.written, self._on_written),
            (self._worker.measured, self._on_measured),
            (self._worker.stopped, self._on_stopped),
            (self._worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("set export", self._worker, replies, self)

    @property
    def active(self) -> bool:
        """A file is being written."""
        return self._request is not None

    @property
    def stopping(self) -> bool:
        """It is about to stop."""
        return self._request is not None and self._request.stop.is_set()

    @property
    def total(self) -> int:
        """Frames of the file that is being written."""
        return 0 if self._request is None else len(self._request.motion)

    def start(
        self, body: BodyModel, joints: tuple[BodyJoint, ...], motion: Motion, path: Path, replace: bool
    ) -> None:
        """Begins to write, unless a file is being written."""
        if self._request is not None or self._thread.closed:
            return
        self._request = self._last = SetExportRequest(body, joints, motion, path, replace)
        self.done, self.words = 0, f"Writing {path.name}"
        self.changed.emit()
        self._start.emit(self._request)

    @Slot()
    def cancel(self) -> None:
        """Stops; nothing of the file is left."""
        if self._request is not None:
            self._request.stop.set()
            self.words = "Stopping…"
            self.changed.emit()

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        if self._last is not None:
            self._last.stop.set()
        return self._thread.close(wait_ms)

    @Slot(object, int)
    def _on_progress(self, request: SetExportRequest, done: int) -> None:
        if request is self._request:
            self.done = done
            self.changed.emit()

    @Slot(object)
    def _on_written(self, request: SetExportRequest) -> None:
        count = len(request.joints)
        size = f"{frames_words(len(request.motion))} × {count} joint{'' if count == 1 else 's'}"
        if self._end(request, f"{request.path.name}\n{size}"):
            self.said.emit(f"Exported {request.path.name} · {size}")

    @Slot(object, object)
    def _on_measured(self, request: SetExportRequest, speed: JointsSpeed) -> None:
        if request is self._last and not self.active:
            digits = 0 if speed.factor >= 10 else 1
            factor = f"{speed.factor:.{digits}f}× as fast as the skin"
            self.words = f"{request.path.name}\n{len(request.joints)} joints, {factor}"
            self.changed.emit()

    @Slot(object)
    def _on_stopped(self, request: SetExportRequest) -> None:
        self._end(request, "Stopped; no file was written")

    @Slot(object, str)
    def _on_failed(self, request: SetExportRequest, sentence: str) -> None:
        if self._end(request, ""):
            self.failed.emit(sentence)

    def _end(self, request: SetExportRequest, words: str) -> bool:
        if request is not self._request:
            return False
        self._request, self.words = None, words
        self.changed.emit()
        return True

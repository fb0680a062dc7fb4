"""Vertices that the user pinned, and their error over time, measured in a thread of its own."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui_app.analysis_worker import Stopped
from gui_app.opening import pose_on_one_thread
from gui_app.state import AppState
from gui_app.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult
    from core.motion import Motion

log = logging.getLogger(__name__)

MOST_PINS = 4
FAILED = "The error of the pinned vertices could not be measured; details are in the log"


@dataclass(frozen=True, eq=False)
class PinRequest:
    """Vertices of a fit whose error over time is asked for; ``stop`` is set when nobody waits any more."""

    motion: Motion
    bodies: BodyPair
    result: FitResult
    vertices: tuple[int, ...]
    stop: threading.Event

    def check(self, *_: object) -> None:
        """Raises Stopped once ``stop`` is set."""
        if self.stop.is_set():
            raise Stopped


class PinWorker(QObject):
    """Lives in the measuring thread; a request that was stopped gets no reply."""

    measured = Signal(object, object)
    failed = Signal(object)

    @Slot(object)
    def run(self, request: PinRequest) -> None:
        """Measures and says once how it went."""
        from core.vertex_series import vertex_series

        try:
            request.check()
            pose_on_one_thread()
            found = vertex_series(
                request.motion, request.bodies, request.result, request.vertices, request.check
            )
            self.measured.emit(request, found)
        except Stopped:
            pass
        except Exception:
            log.exception("Vertices of the fit of %s could not be measured", request.motion.name)
            self.failed.emit(request)


class Pins(QObject):
    """Up to four vertices of the fit; ``series`` holds (T,) millimetres of those measured already."""

    changed = Signal()
    _start = Signal(object)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.vertices: tuple[int, ...] = ()
        self.series: dict[int, np.ndarray] = {}
        self._result: FitResult | None = None
        self._wanted: PinRequest | None = None
        self._worker = PinWorker()
        self._start.connect(self._worker.run)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._look)
        replies = [(self._worker.measured, self._on_measured), (self._worker.failed, self._on_failed)]
        self._thread = WorkerThread("pins", self._worker, replies, self)
        state.motion_changed.connect(self.clear)
        state.result_changed.connect(self._later)
        state.run_changed.connect(self._later)

    @Slot(int)
    def toggle(self, vertex: int) -> None:
        """Pins a vertex of the fit, or takes its pin out; a fifth pin takes the place of the first."""
        opened = self._state.opened
        if opened is None:
            return
        if vertex in self.vertices:
            self.vertices = tuple(pinned for pinned in self.vertices if pinned != vertex)
            self.series.pop(vertex, None)
        elif not opened.bodies.correspondence.valid[vertex]:
            self._state.say(f"Vertex {vertex} is not compared with the source, so it has no error to follow")
            return
        else:
            self.vertices = (*self.vertices, vertex)[-MOST_PINS:]
            self.series = {pinned: self.series[pinned] for pinned in self.vertices if pinned in self.series}
        self.changed.emit()
        self._soon.start()

    @Slot()
    def clear(self) -> None:
        """Takes all pins out."""
        self._abandon()
        self.vertices, self.series = (), {}
        self.changed.emit()

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self._abandon()
        self._soon.stop()
        return self._thread.close(wait_ms)

    def _abandon(self) -> None:
        if self._wanted is not None:
            self._wanted.stop.set()
            self._wanted = None

    @Slot()
    def _later(self, *_: object) -> None:
        self._soon.start()

    @Slot()
    def _look(self) -> None:
        state = self._state
        if self._thread.closed or state.opened is None or state.run.active:
            return
        if state.result is not self._result:
            self._result = state.result
            self._abandon()
            self.series = {}
            self.changed.emit()
        missing = tuple(vertex for vertex in self.vertices if vertex not in self.series)
        if not missing or self._result is None or (self._wanted and self._wanted.vertices == missing):
            return
        self._abandon()
        motion, bodies = state.opened.motion, state.opened.bodies
        self._wanted = PinRequest(motion, bodies, self._result, missing, threading.Event())
        self._start.emit(self._wanted)

    @Slot(object, object)
    def _on_measured(self, request: PinRequest, found: np.ndarray) -> None:
        if request is not self._wanted:
            return
        self._wanted = None
        for index, vertex in enumerate(request.vertices):
            if vertex in self.vertices:
                self.series[vertex] = found[:, index].astype(float)
        self.changed.emit()

    @Slot(object)
    def _on_failed(self, request: PinRequest) -> None:
        if request is self._wanted:
            self._wanted = None
            self._state.fail(FAILED)

"""Something about a fit, measured in a thread of its own whenever the fit has changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread, pose_on_one_thread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

log = logging.getLogger(__name__)


class MeasuringStopped(Exception):
    """Nobody waits for the figures any more."""


@dataclass(frozen=True, eq=False)
class MeasureRequest:
    """A fit of which something is to be measured.

    Attributes:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        stop: set when nobody waits for the reply any more.
    """

    motion: Motion
    bodies: BodyPair
    result: FitResult
    stop: threading.Event = field(default_factory=threading.Event, init=False)

    def check(self, *_: object) -> None:
        """Raises Stopped once ``stop`` is set."""
        if self.stop.is_set():
            raise MeasuringStopped


class MeasureWorker(QObject):
    """Lives in the measuring thread; a request that was stopped gets no reply."""

    measured = Signal(object, object)
    failed = Signal(object)

    def __init__(self, measure: Callable[[Any], object]) -> None:
        super().__init__()
        self._measure = measure

    @Slot(object)
    def run(self, request: MeasureRequest) -> None:
        """Measures, and says once how it went."""
        try:
            request.check()
            # The fit, which may already be running again, is to keep the other cores.
            pose_on_one_thread()
            self.measured.emit(request, self._measure(request))
        except MeasuringStopped:
            pass
        except Exception:
            log.exception("Measuring the fit of %s stopped", request.motion.name)
            self.failed.emit(request)


class Measuring(QObject):
    """One thread, one request at a time, and none while the fit is still running.

    A class made from it says in ``_look_at`` what is to be measured now, in ``_take`` what becomes of the
    reply, in ``_give_up`` what happens without one, and connects the signals that make it look to
    ``_soon.ask``.

    Args:
        name: of the thread.
        measure: runs there; it calls the ``check`` of its request often.
        state: of the window.
        parent: owns this object.
    """

    _start = Signal(object)

    def __init__(
        self,
        name: str,
        measure: Callable[[Any], object],
        state: AppState,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._wanted: MeasureRequest | None = None
        self._soon = Coalescer(self._look, self)
        self._worker = MeasureWorker(measure)
        self._start.connect(self._worker.run)
        replies = [(self._worker.measured, self._on_measured), (self._worker.failed, self._on_failed)]
        self._thread = WorkerThread(name, self._worker, replies, self)

    @property
    def busy(self) -> bool:
        """Something is being measured."""
        return self._wanted is not None

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self._abandon()
        self._soon.stop()
        return self._thread.close(wait_ms)

    def _look_at(self, opened: Opened) -> None:
        raise NotImplementedError

    def _take(self, request: Any, found: Any) -> None:
        raise NotImplementedError

    def _give_up(self) -> None:
        raise NotImplementedError

    def _ask(self, request: MeasureRequest) -> None:
        """Measures this, and nothing that was asked for before."""
        self._abandon()
        self._wanted = request
        self._start.emit(request)

    def _abandon(self) -> None:
        """What was asked for last is not waited for any more."""
        if self._wanted is not None:
            self._wanted.stop.set()
            self._wanted = None

    @Slot()
    def _look(self) -> None:
        opened = self._state.document.opened
        if opened is not None and not self._thread.closed and not self._state.activity.run.active:
            self._look_at(opened)

    @Slot(object, object)
    def _on_measured(self, request: MeasureRequest, found: object) -> None:
        if request is self._wanted:
            self._wanted = None
            self._take(request, found)

    @Slot(object)
    def _on_failed(self, request: MeasureRequest) -> None:
        if request is self._wanted:
            self._wanted = None
            self._give_up()

"""How both bodies lie in the rest pose and what corresponds, found out once for each pair in a thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.state import AppState
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread, pose_on_one_thread

if TYPE_CHECKING:
    from core.inspection.correspondence_report import CorrespondenceReport
    from core.inspection.rest_distance import SurfaceDistance
    from core.model.body_pair import BodyPair

log = logging.getLogger(__name__)

FAILED = "The bodies could not be compared in the rest pose; details are in the log"


class RestWorker(QObject):
    """Lives in the measuring thread."""

    looked = Signal(object, object)
    measured = Signal(object, object)

    @Slot(object)
    def run(self, bodies: BodyPair) -> None:
        """Measures, and says once how it went: None where it did not."""
        from core.inspection.correspondence_report import correspondence_report
        from core.inspection.rest_distance import surface_distance

        found: SurfaceDistance | None = None
        try:
            pose_on_one_thread()
            self.looked.emit(bodies, correspondence_report(bodies))
            found = surface_distance(bodies)
        except Exception:
            log.exception("Comparing %s in the rest pose stopped", bodies.label)
        self.measured.emit(bodies, found)


class RestDistance(QObject):
    """``report`` and ``found`` are there some time after ``want``; ``changed`` tells."""

    changed = Signal()
    _start = Signal(object)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._wanted: BodyPair | None = None
        self._found: tuple[BodyPair, SurfaceDistance] | None = None
        self._report: tuple[BodyPair, CorrespondenceReport] | None = None
        self._worker = RestWorker()
        self._start.connect(self._worker.run)
        replies = [(self._worker.looked, self._on_looked), (self._worker.measured, self._on_measured)]
        self._thread = WorkerThread("rest", self._worker, replies, self)

    @property
    def found(self) -> SurfaceDistance | None:
        """Of the bodies in use, None while it is not known."""
        opened = self._state.document.opened
        if opened is None or self._found is None or not _same(self._found[0], opened.bodies):
            return None
        return self._found[1]

    @property
    def report(self) -> CorrespondenceReport | None:
        """The rows of the correspondence in use, None while they are not looked through."""
        opened = self._state.document.opened
        if opened is None or self._report is None or self._report[0] is not opened.bodies:
            return None
        return self._report[1]

    def want(self) -> None:
        """Has it measured, once."""
        opened = self._state.document.opened
        if opened is None or self._thread.closed:
            return
        if self._wanted is None or not _same(self._wanted, opened.bodies):
            self._wanted = opened.bodies
            self._start.emit(opened.bodies)

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        return self._thread.close(wait_ms)

    @Slot(object, object)
    def _on_looked(self, bodies: BodyPair, report: CorrespondenceReport) -> None:
        if bodies is self._wanted:
            self._report = (bodies, report)
            self.changed.emit()

    @Slot(object, object)
    def _on_measured(self, bodies: BodyPair, found: SurfaceDistance | None) -> None:
        if bodies is not self._wanted:
            return
        if found is None:
            self._state.activity.fail(FAILED)
            return
        self._found = (bodies, found)
        self.changed.emit()


def _same(one: BodyPair, other: BodyPair) -> bool:
    # Another mask makes another pair, and the same distances.
    return one.correspondence.matrix is other.correspondence.matrix

"""How both bodies lie in the rest pose and what corresponds, found out once for each pair in a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui_app.document.state import AppState
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.inspection.correspondence_report import CorrespondenceReport
    from core.inspection.rest_distance import SurfaceDistance
    from core.model.body_pair import BodyPair

FAILED = "The bodies could not be compared in the rest pose; details are in the log"


def compare_in_rest_pose(
    bodies: BodyPair, tell_report: Callable[[CorrespondenceReport], None]
) -> SurfaceDistance:
    """How far the surfaces are apart; the rows of the correspondence are told before, which takes less."""
    from core.inspection.correspondence_report import correspondence_report
    from core.inspection.rest_distance import surface_distance

    tell_report(correspondence_report(bodies))
    return surface_distance(bodies)


class RestDistance(QObject):
    """``report`` and ``found`` are there some time after ``want``; ``changed`` tells."""

    changed = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._wanted: BodyPair | None = None
        self._found: tuple[BodyPair, SurfaceDistance] | None = None
        self._report: tuple[BodyPair, CorrespondenceReport] | None = None
        self._thread = JobThread("rest", self, state.activity.fail, unexpected=FAILED, one_torch_thread=True)

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
        if opened is None:
            return
        if self._wanted is None or not _same(self._wanted, opened.bodies):
            self._wanted = opened.bodies
            job = self._thread.job(self._keep_distance, latest=True)
            job.start(compare_in_rest_pose, opened.bodies, job.tells(self._keep_report))

    def _keep_report(self, report: CorrespondenceReport) -> None:
        assert self._wanted is not None
        self._report = (self._wanted, report)
        self.changed.emit()

    def _keep_distance(self, found: SurfaceDistance) -> None:
        assert self._wanted is not None
        self._found = (self._wanted, found)
        self.changed.emit()


def _same(one: BodyPair, other: BodyPair) -> bool:
    # Another mask makes another pair, and the same distances.
    return one.correspondence.matrix is other.correspondence.matrix

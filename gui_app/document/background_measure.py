"""Something about a fit, measured in a thread of its own whenever the fit has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from gui_app.document.opened import Opened
from gui_app.document.run_status import went_on
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.coalesce import Coalescer
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion


@dataclass(frozen=True, eq=False)
class MeasureRequest:
    """A fit of which something is to be measured.

    Attributes:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
    """

    motion: Motion
    bodies: BodyPair
    result: FitResult


class Measuring(QObject):
    """One thread, one request at a time, and none while the fit is still running.

    A class made from it asks in ``_measure_missing`` for what is to be measured now, by ``_measure``, keeps
    what was measured in ``_keep``, and connects the signals after which something may be missing to
    ``_soon.ask``.

    Args:
        name: of the thread.
        measure: runs there, with the request and its job.
        failed: a sentence for errors that nobody expected.
        state: of the window.
        parent: owns this object.
    """

    def __init__(
        self,
        name: str,
        measure: Callable[[Any, BackgroundJob[Any]], Any],
        failed: str,
        state: AppState,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._measuring_call = measure
        self._wanted: MeasureRequest | None = None
        self._left_device = ""
        self._soon = Coalescer(self._measure_if_idle, self)
        self._thread = JobThread(name, self, self._tell_failed, unexpected=failed, one_torch_thread=True)
        self._thread.closing.connect(self._soon.stop)

    @property
    def busy(self) -> bool:
        """Something is being measured."""
        return self._wanted is not None

    def _measure_missing(self, opened: Opened) -> None:
        raise NotImplementedError

    def _keep(self, request: Any, found: Any) -> None:
        raise NotImplementedError

    def _tell_failed(self, sentence: str) -> None:
        self._state.activity.fail(sentence)

    def _tell_left(self, what: str, note: str) -> None:
        """Why a fit that was made to measure something left its device; each reason once, for there may be
        many such fits, one after another."""
        if note and note != self._left_device:
            self._left_device = note
            self._state.activity.fail(f"{what}: {went_on(note)}")

    def _measure(self, request: MeasureRequest) -> None:
        """Measures this, and nothing that was asked for before."""
        self._wanted = request
        job: BackgroundJob[Any] = self._thread.job(self._on_measured, failed=self._on_failed, latest=True)
        job.start(self._measuring_call, request, job)

    def _drop_measuring(self) -> None:
        """What was asked for last is not waited for any more."""
        self._wanted = None
        self._thread.drop_jobs()

    @Slot()
    def _measure_if_idle(self) -> None:
        opened = self._state.document.opened
        if opened is not None and not self._thread.closed and not self._state.activity.run.active:
            self._measure_missing(opened)

    def _on_measured(self, found: object) -> None:
        request, self._wanted = self._wanted, None
        self._keep(request, found)

    def _on_failed(self, sentence: str) -> None:
        self._wanted = None
        self._tell_failed(sentence)

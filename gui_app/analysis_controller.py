"""Has every finished fit measured in the background; replies that nobody waits for any more are dropped."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui_app.analysis_worker import AnalysisRequest, AnalysisWorker
from gui_app.state import AppState
from gui_app.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from gui_app.analysis import Analysis

FAILED = "This fit could not be measured, so its problem frames are not known; details are in the log"


class AnalysisController(QObject):
    """One thread; one fit at a time, and none while the fit is still running."""

    _start = Signal(object)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._wanted: AnalysisRequest | None = None
        self._after_run = False
        self._another = False
        self._worker = AnalysisWorker()
        self._start.connect(self._worker.run)
        # What changes together is looked at once, after all of it has changed.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._look)
        replies = [(self._worker.analysed, self._on_analysed), (self._worker.failed, self._on_failed)]
        self._thread = WorkerThread("analysis", self._worker, replies, self)
        state.motion_changed.connect(self._on_motion)
        state.result_changed.connect(self._on_result)
        state.rate_changed.connect(self._soon.start)
        state.run_changed.connect(self._on_run)

    @property
    def busy(self) -> bool:
        """A fit is being measured."""
        return self._wanted is not None

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
    def _on_motion(self) -> None:
        self._abandon()
        self._after_run = False
        self._soon.start()

    @Slot(object)
    def _on_result(self, changed: object) -> None:
        # Where only some frames have changed, what is known still holds for the others.
        self._another = self._another or changed is None
        self._soon.start()

    @Slot()
    def _on_run(self) -> None:
        if self._state.run.active:
            # The fit gets the processor; what is being measured is about to be replaced.
            self._after_run = True
            self._abandon()
        else:
            self._soon.start()

    @Slot()
    def _look(self) -> None:
        state = self._state
        if self._thread.closed or state.run.active or state.opened is None:
            return
        result, known = state.result, state.analysis
        if self._wanted is not None and self._wanted.result is result:
            return
        self._abandon()
        if known is not None and known.result is result:
            self._after_run = self._another = False
            return
        if known is not None and not self._after_run and self._another:
            state.set_analysis(None)
        self._after_run = self._another = False
        if result is None or not result.fitted.any():
            state.set_analysis(None)
            return
        motion = state.opened.motion
        if state.given_rate is not None:
            motion = replace(motion, frame_rate=state.given_rate)
        self._wanted = AnalysisRequest(motion, state.opened.bodies, result, threading.Event())
        self._start.emit(self._wanted)

    @Slot(object, object)
    def _on_analysed(self, request: AnalysisRequest, analysis: Analysis) -> None:
        if request is self._wanted:
            self._wanted = None
            self._state.set_analysis(analysis)

    @Slot(object)
    def _on_failed(self, request: AnalysisRequest) -> None:
        if request is self._wanted:
            self._wanted = None
            self._state.set_analysis(None)
            self._state.fail(FAILED)

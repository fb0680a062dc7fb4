"""Starts and cancels fits, and drops what comes back from runs nobody waits for any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui_app.fit_worker import FitWorker, RunReply, RunRequest
from gui_app.state import AppState, RunStatus
from gui_app.words import frames_words
from gui_app.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from core.fitting.result import FitResult


@dataclass(frozen=True, eq=False)
class EarlierFit:
    """What was there when a run began."""

    result: FitResult
    saved: bool

    def covers_more_than(self, result: FitResult | None) -> bool:
        """It holds more fitted frames than ``result``."""
        return result is None or int(self.result.fitted.sum()) > int(result.fitted.sum())


class FitController(QObject):
    """One fitting thread; one run at a time."""

    _start = Signal(object)

    def __init__(
        self, state: AppState, device: str, threads: int | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._device = device
        self._threads = threads
        self._run_id = 0
        self._cancel = threading.Event()
        self._newest: RunReply | None = None
        self._pending: list[np.ndarray] = []
        self._worker = FitWorker()
        self._earlier: EarlierFit | None = None
        self._start.connect(self._worker.run)
        self._show_newest = QTimer(self)
        self._show_newest.setSingleShot(True)
        self._show_newest.setInterval(0)
        self._show_newest.timeout.connect(self._apply_newest)
        replies = [
            (self._worker.progressed, self._on_progress),
            (self._worker.previewed, self._on_preview),
            (self._worker.finished, self._on_finished),
            (self._worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("fit", self._worker, replies, self)

    @Slot()
    def start(self) -> None:
        """Fits the open motion, the frame on the screen first."""
        state = self._state
        if state.opened is None or self._thread.closed:
            return
        self._abandon()
        self._earlier = EarlierFit(state.result, state.saved) if state.result is not None else None
        self._cancel = threading.Event()
        motion = state.opened.motion
        if state.given_rate is not None:
            motion = replace(motion, frame_rate=state.given_rate)
        state.set_run(RunStatus("running", "", 0, len(motion)))
        self._start.emit(
            RunRequest(
                self._run_id,
                motion,
                state.opened.bodies,
                state.frame,
                self._device,
                self._threads,
                self._cancel,
            )
        )

    @Slot()
    def cancel(self) -> None:
        """Stops the run after its current step; what is fitted so far is kept, or a fuller earlier fit."""
        if self._state.run.phase == "running":
            self._cancel.set()
            self._state.set_run(replace(self._state.run, phase="cancelling"))

    @Slot()
    def drop(self) -> None:
        """Stops the run and forgets it, for example because another motion was opened."""
        self._abandon()
        self._state.set_run(RunStatus())

    def _abandon(self) -> None:
        self._cancel.set()
        self._run_id += 1
        self._newest = None
        self._pending = []
        self._earlier = None

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self._abandon()
        return self._thread.close(wait_ms)

    @Slot(int, object)
    def _on_progress(self, run_id: int, status: RunStatus) -> None:
        if run_id == self._run_id and self._state.run.phase == "running":
            self._state.set_run(status)

    @Slot(object)
    def _on_preview(self, reply: RunReply) -> None:
        if reply.run_id == self._run_id:
            self._newest = reply
            self._pending.append(reply.changed)
            self._show_newest.start()

    @Slot()
    def _apply_newest(self) -> None:
        if self._newest is not None:
            changed = np.concatenate(self._pending)
            result = self._newest.result
            self._newest, self._pending = None, []
            self._state.set_result(result, changed)

    @Slot(object)
    def _on_finished(self, reply: RunReply) -> None:
        if reply.run_id != self._run_id:
            return
        self._newest, self._pending = None, []
        self._state.set_run(RunStatus())
        if reply.result.partial and self._restore_over(reply.result):
            self._state.say("Cancelled: the earlier fit is kept")
            return
        if reply.result.fitted.any():
            self._state.set_result(reply.result, None)
        self._state.say(finished_words(reply.result))

    def _restore_over(self, result: FitResult | None) -> bool:
        """Shows the fit from before the run again if it covers more frames than ``result``; True if so."""
        earlier, self._earlier = self._earlier, None
        if earlier is None or not earlier.covers_more_than(result):
            return False
        self._state.set_result(earlier.result, None)
        if earlier.saved and self._state.result is earlier.result:
            self._state.set_saved()
        return True

    @Slot(int, str)
    def _on_failed(self, run_id: int, sentence: str) -> None:
        if run_id != self._run_id:
            return
        self._apply_newest()
        self._state.set_run(RunStatus())
        if self._restore_over(self._state.result):
            self._state.say("The earlier fit is kept")
        self._state.fail(sentence)


def finished_words(result: FitResult) -> str:
    """The line that a run leaves behind."""
    total, done = len(result), int(result.fitted.sum())
    if done == 0:
        return "Cancelled before the first frame was fitted"
    figures = result.summary()
    words = f"{result.seconds:.1f} s · mean {figures['mean']:.1f} mm"
    if result.partial:
        return f"Cancelled: {done:,} of {frames_words(total)} kept, marked partial · {words}"
    return f"Fitted {frames_words(done)} in {words}"

"""Starts and cancels fits, and drops what comes back from runs nobody waits for any more."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from gui_app.fit_worker import FitWorker, RunReply, RunRequest
from gui_app.state import AppState, RunStatus


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
        self._thread = QThread(self)
        self._thread.setObjectName("fit")
        self._worker.moveToThread(self._thread)
        self._start.connect(self._worker.run)
        self._worker.progressed.connect(self._on_progress)
        self._worker.previewed.connect(self._on_preview)
        self._worker.finished.connect(self._on_finished)
        self._worker.failed.connect(self._on_failed)
        self._show_newest = QTimer(self)
        self._show_newest.setSingleShot(True)
        self._show_newest.setInterval(0)
        self._show_newest.timeout.connect(self._apply_newest)
        self._thread.start()

    @Slot()
    def start(self) -> None:
        """Fits the open motion, the frame on the screen first."""
        state = self._state
        if state.opened is None:
            return
        self._abandon()
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
        """Stops the run after its current step; what is fitted so far is kept."""
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

    def close(self, wait_ms: int = 10_000) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self._abandon()
        self._worker.blockSignals(True)
        self._thread.quit()
        return self._thread.wait(wait_ms)

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
        if reply.result.fitted.any():
            self._state.set_result(reply.result, None)
        self._state.say(finished_words(reply))

    @Slot(int, str)
    def _on_failed(self, run_id: int, sentence: str) -> None:
        if run_id != self._run_id:
            return
        self._apply_newest()
        self._state.set_run(RunStatus())
        self._state.fail(sentence)


def finished_words(reply: RunReply) -> str:
    """The line that a run leaves behind."""
    result = reply.result
    total, done = len(result), int(result.fitted.sum())
    if done == 0:
        return "Cancelled before the first frame was fitted"
    figures = result.summary()
    words = f"{result.seconds:.1f} s · mean {figures['mean']:.1f} mm"
    if reply.cancelled:
        return f"Cancelled: {done:,} of {total:,} frames kept, marked partial · {words}"
    return f"Fitted {done:,} frames in {words}"

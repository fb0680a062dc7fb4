"""A thread that makes one call after another beside the window, and the order in which threads end."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QThread, Signal, Slot

from gui_app.tasks.background_job import BackgroundJob, R, tell_nobody
from gui_app.tasks.left_behind import leave_behind

WAIT_MS = 250
# How much less a call, and every thread that it starts, may claim of a busy processor than the window.
NICENESS = 10
UNEXPECTED = "This stopped because of an unexpected error; details are in the log"


class JobThread(QThread):
    """Makes the calls of its jobs in the order in which they were started, and begins with the first of them.

    It is closed with all the others of a window (`close_threads`); what it belongs to need do nothing for
    that, but may listen to ``closing`` to stop its timers.

    Args:
        name: of the thread.
        parent: owns it.
        failed: takes the one sentence about an error of a job that names nobody else for it.
        unexpected: that sentence where the error is not a `RefitError`, for jobs that bring none.
        writes: its jobs are not dropped when the window closes, but finished and told.
        reads: its calls leave nothing to put away, so that a window that closes waits for none of them.
        one_torch_thread: for calls that pose frames to show: chunks are so small that a second thread only
            costs time, and the fit is to keep the other cores. Torch is imported before the first call.
    """

    closing = Signal()
    told = Signal(object)
    """From this thread to the GUI thread: what is to be called there."""

    def __init__(
        self,
        name: str,
        parent: QObject,
        failed: Callable[[str], object],
        *,
        unexpected: str = UNEXPECTED,
        writes: bool = False,
        reads: bool = False,
        one_torch_thread: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.closed = False
        self.writes, self.reads = writes, reads
        self._failed, self._unexpected = failed, unexpected
        self._one_torch_thread = one_torch_thread
        self._queue: queue.SimpleQueue[BackgroundJob[Any] | None] = queue.SimpleQueue()
        self._jobs: list[BackgroundJob[Any]] = []
        self.told.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Somebody waits for an answer."""
        return bool(self._jobs)

    def job(
        self,
        done: Callable[[R], object],
        *,
        failed: Callable[[str], object] | None = None,
        cancelled: Callable[[], object] | None = None,
        unexpected: str = "",
        latest: bool = False,
    ) -> BackgroundJob[R]:
        """A job to be started. It is the ``latest`` if those that were started before are dropped for it."""
        if latest:
            self.drop_jobs()
        return BackgroundJob(self, done, failed or self._failed, cancelled, unexpected or self._unexpected)

    def drop_jobs(self) -> None:
        """Nobody waits any more for the answer to anything."""
        for job in list(self._jobs):
            job.drop()

    def close(self) -> None:
        """Takes no more jobs, drops those there are, and ends as soon as the call under way lets it. One that
        ``writes`` finishes them first, and ends when it is closed once more."""
        if not self.closed:
            self.closed = True
            self.closing.emit()
        if not (self.writes and self.busy):
            self.drop_jobs()
            self._queue.put(None)

    def leave(self) -> None:
        """Closes it and waits for it no more (`left_behind`): what was to be written may be lost."""
        self.closed = True
        self.drop_jobs()
        self._failed = tell_nobody
        self._queue.put(None)
        leave_behind(self)

    def take(self, job: BackgroundJob[Any]) -> None:
        """Makes the call of a job once it has made those before; for the job."""
        if self.closed:
            job.drop()
            return
        self._jobs.append(job)
        self._queue.put(job)
        self.start()

    def prepare(self) -> None:
        """What the thread needs before a call, once; for the job, which tells what goes wrong."""
        if self._one_torch_thread:
            pose_on_one_thread()
            self._one_torch_thread = False

    def forget(self, job: BackgroundJob[Any]) -> None:
        """It is over; for the job."""
        if job in self._jobs:
            self._jobs.remove(job)

    def run(self) -> None:
        """Makes the calls, behind the window where both want the same processor."""
        if sys.platform.startswith("linux"):
            # Qt's own priorities do nothing there; and there alone a thread has a niceness of its own.
            own = os.PRIO_PROCESS, threading.get_native_id()
            with suppress(OSError):
                os.setpriority(*own, os.getpriority(*own) + NICENESS)
        while (job := self._queue.get()) is not None:
            job.make_call()
            del job

    @Slot(object)
    def _call(self, what: Callable[[], object]) -> None:
        what()


def close_threads(owner: QObject, wait_ms: int = WAIT_MS) -> list[JobThread]:
    """Closes every thread of an owner and of all that it owns, and waits once for all of them; those that
    only read are left then.

    Returns:
        those that are still busy.
    """
    threads = owner.findChildren(JobThread)
    for thread in threads:
        thread.close()
    deadline = QDeadlineTimer(wait_ms)
    busy = [thread for thread in threads if not thread.wait(deadline)]
    for thread in busy:
        if thread.reads:
            thread.leave()
    return [thread for thread in busy if not thread.reads]


def leave_threads(owner: QObject) -> None:
    """Leaves every thread behind that still runs of an owner and of all that it owns."""
    for thread in owner.findChildren(JobThread):
        thread.leave()


def pose_on_one_thread() -> None:
    """For a thread that poses frames to show."""
    import torch

    torch.set_num_threads(1)

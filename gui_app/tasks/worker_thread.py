"""A thread with one worker in it, and the order in which both end."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QThread, SignalInstance

from gui_app.tasks.job_thread import NICENESS, WAIT_MS, pose_on_one_thread
from gui_app.tasks.left_behind import leave_behind

__all__ = ["WAIT_MS", "WorkerThread", "leave_all", "pose_on_one_thread"]


class WorkerThread(QThread):
    """Runs the slots of ``worker``; its replies go to slots of QObjects that live in the GUI thread."""

    def __init__(
        self,
        name: str,
        worker: QObject,
        replies: Sequence[tuple[SignalInstance, Any]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._worker = worker
        self._replies = replies
        self.closed = False
        worker.moveToThread(self)
        for signal, slot in replies:
            signal.connect(slot)
        self.start()

    def run(self) -> None:
        """Serves the worker, behind the window where both want the same processor."""
        if sys.platform.startswith("linux"):
            # Qt's own priorities do nothing there; and there alone a thread has a niceness of its own.
            own = os.PRIO_PROCESS, threading.get_native_id()
            with suppress(OSError):
                os.setpriority(*own, os.getpriority(*own) + NICENESS)
        self.exec()

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Disconnects the worker and ends the thread; False if it is still busy after ``wait_ms``, for which
        only the first one waits."""
        wait_ms = 0 if self.closed else wait_ms
        self._disconnect()
        self.quit()
        return self.wait(wait_ms)

    def leave(self) -> None:
        """Ends the thread as soon as its worker lets it, if ever, and waits for it no more.

        Until then it outlives whatever owned it: Qt aborts when a running thread is destroyed. A process that
        leaves one behind ends with `end_process`.
        """
        self._disconnect()
        self.quit()
        leave_behind(self)

    def _disconnect(self) -> None:
        if not self.closed:
            self.closed = True
            for signal, slot in self._replies:
                signal.disconnect(slot)


def leave_all(owner: QObject) -> None:
    """Leaves every thread that still runs of an owner and of all that it owns."""
    for thread in owner.findChildren(WorkerThread):
        thread.leave()

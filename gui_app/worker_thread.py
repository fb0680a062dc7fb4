"""A thread with one worker in it, and the order in which both end."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QThread, SignalInstance

WAIT_MS = 2_000
# How much less a worker, and every thread that it starts, may claim of a busy processor than the window.
NICENESS = 10


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
        """Disconnects the worker and ends the thread; False if it is still busy after ``wait_ms``."""
        if not self.closed:
            self.closed = True
            for signal, slot in self._replies:
                signal.disconnect(slot)
        self.quit()
        return self.wait(wait_ms)

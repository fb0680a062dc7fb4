"""A thread with one worker in it, and the order in which both end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QThread, SignalInstance

WAIT_MS = 2_000


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

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Disconnects the worker and ends the thread; False if it is still busy after ``wait_ms``."""
        if not self.closed:
            self.closed = True
            for signal, slot in self._replies:
                signal.disconnect(slot)
        self.quit()
        return self.wait(wait_ms)

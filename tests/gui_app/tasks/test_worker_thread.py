"""Workers give way to the window."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.tasks.worker_thread import WorkerThread


class Asked(QObject):
    """Tells how nice it is, and a thread that it starts."""

    told = Signal(int, int)

    @Slot()
    def answer(self) -> None:
        """Tells it."""
        started: list[int] = []
        thread = threading.Thread(target=lambda: started.append(_niceness()))
        thread.start()
        thread.join()
        self.told.emit(_niceness(), started[0])


class Asking(QObject):
    """Lives in the window's thread."""

    ask = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heard: tuple[int, int] | None = None

    @Slot(int, int)
    def hear(self, own: int, of_started: int) -> None:
        """Takes the answer."""
        self.heard = own, of_started


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads have no niceness of their own")
def test_a_worker_and_the_threads_it_starts_give_way_to_the_window(qtbot):
    worker, asking = Asked(), Asking()
    thread = WorkerThread("asked", worker, [(worker.told, asking.hear)], asking)
    asking.ask.connect(worker.answer)
    asking.ask.emit()
    qtbot.waitUntil(lambda: asking.heard is not None)
    own, of_started = asking.heard
    assert own == of_started == min(_niceness() + 10, 19)
    assert thread.close()

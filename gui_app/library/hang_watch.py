"""Notices that a process, asked for something, hangs: it works without end, or does nothing at all."""

from __future__ import annotations

import psutil
from PySide6.QtCore import QObject, QTimer, Signal, Slot

LOOK_MS = 10_000
BUSY_SECONDS = 60.0
"""Of a processor, for one answer: a picture takes a second or two, the first one with all imports a few."""
STILL_LOOKS = 6
"""So many looks in a row without `STILL_SECONDS` of a processor. On a machine that is busy a process of the
lowest priority still has more, however long it takes for an answer."""
STILL_SECONDS = 0.05


class HangWatch(QObject):
    """Looks every `LOOK_MS` from when something is asked until it is answered. ``hangs`` tells once."""

    hangs = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pid, self._still = 0, 0
        self._began = self._used = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def begin(self, pid: int) -> None:
        """Something was asked of a process."""
        self._pid, self._still = pid, 0
        self._began = self._used = processor_seconds(pid) or 0.0
        self._timer.start(LOOK_MS)

    def end(self) -> None:
        """It was answered, or nobody waits any more."""
        self._timer.stop()

    @Slot()
    def _look(self) -> None:
        used = processor_seconds(self._pid)
        if used is None:
            self.end()  # it has ended, which is told by itself
            return
        self._still = 0 if used - self._used >= STILL_SECONDS else self._still + 1
        self._used = used
        if self._still >= STILL_LOOKS or used - self._began > BUSY_SECONDS:
            self.end()
            self.hangs.emit()


def processor_seconds(pid: int) -> float | None:
    """What a process has used so far; None where there is none."""
    try:
        times = psutil.Process(pid).cpu_times()
    except (psutil.Error, ValueError):
        return None
    return float(times.user + times.system)

"""Doing once, a moment later, what is asked for many times in a row."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot


class Coalescer(QObject):
    """Calls ``what`` once, when all that has changed together has changed, and before the next paint.

    A timer of 0 ms would come after that paint and cause another one, of the whole window.
    """

    _asked = Signal()
    _due = Signal()

    def __init__(self, what: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._waiting = False
        # A signal does not keep alive whose method it calls.
        self._due.connect(what)
        # Qt paints at a lower priority than it delivers this.
        self._asked.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def ask(self, *_: object) -> None:
        """Has it called; for signals, whatever they carry."""
        if not self._waiting:
            self._waiting = True
            self._asked.emit()

    @property
    def waiting(self) -> bool:
        """It was asked for, and is still to come."""
        return self._waiting

    def stop(self) -> None:
        """What was asked for is not done."""
        self._waiting = False

    @Slot()
    def _call(self) -> None:
        if self._waiting:
            self._waiting = False
            self._due.emit()


class Later(QTimer):
    """Calls ``what`` once, ``after_ms`` milliseconds after it was last asked to."""

    def __init__(self, what: Callable[[], object], parent: QObject, after_ms: int) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(after_ms)
        self.timeout.connect(what)

    @Slot()
    def ask(self, *_: object) -> None:
        """Has it called; for signals, whatever they carry."""
        self.start()


class Paced(QObject):
    """Calls ``what`` soon, no more often than every ``every_ms``; the last one asked for is never lost."""

    def __init__(self, what: Callable[[], object], parent: QObject, every_ms: int) -> None:
        super().__init__(parent)
        self._every = every_ms / 1000
        self._last = 0.0
        self._soon = Coalescer(what, self)
        self._later = Later(what, self, every_ms)

    @Slot()
    def ask(self, *_: object) -> None:
        """Has it called; for signals, whatever they carry."""
        if self._later.isActive():
            return
        wait = self._last + self._every - time.monotonic()
        if wait <= 0:
            self._soon.ask()
        else:
            self._later.start(max(1, round(1000 * wait)))

    def done(self) -> None:
        """It has just been done, whoever asked."""
        self._last = time.monotonic()

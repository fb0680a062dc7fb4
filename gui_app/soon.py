"""Doing once, a moment later, what is asked for many times in a row."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot


class Soon(QTimer):
    """Calls ``what`` once, ``after_ms`` milliseconds after it was last asked to.

    With 0 that is when all that has changed together has changed, and before the next paint.
    """

    def __init__(self, what: Callable[[], object], parent: QObject, after_ms: int = 0) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(after_ms)
        self.timeout.connect(what)

    @Slot()
    def ask(self, *_: object) -> None:
        """Has it called; for signals, whatever they carry."""
        self.start()

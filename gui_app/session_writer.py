"""Writes sessions in a thread of its own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from core.session import Session

log = logging.getLogger(__name__)


class WriteWorker(QObject):
    """Lives in the writing thread."""

    written = Signal(object, object)
    failed = Signal(object, str)

    @Slot(object, object, bool)
    def write(self, path: Path, session: Session, overwrite: bool) -> None:
        """Writes, and says once how it went."""
        from core.files.sessions import save_session

        try:
            save_session(path, session, overwrite=overwrite)
        except RefitError as error:
            self.failed.emit(path, str(error))
        except Exception:
            log.exception("Writing %s stopped", path)
            self.failed.emit(path, f"{path}: cannot be written because of an unexpected error, see the log")
        else:
            self.written.emit(path, session)


class SessionWriter(QObject):
    """One writing thread; files are written one after another, each whole or not at all."""

    written = Signal(object, object)
    """The path, and the session that is there now."""
    failed = Signal(object, str)
    _start = Signal(object, object, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.waiting = 0
        self._worker = WriteWorker()
        self._start.connect(self._worker.write)
        replies = [(self._worker.written, self._on_written), (self._worker.failed, self._on_failed)]
        self._thread = WorkerThread("sessions", self._worker, replies, self)

    def write(self, path: Path, session: Session, *, overwrite: bool = False) -> None:
        """Writes soon; `written` or `failed` follows, unless the window closes before."""
        if not self._thread.closed:
            self.waiting += 1
            self._start.emit(path, session, overwrite)

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread once it has written what it was given; False if that is not over yet."""
        return not self.waiting and self._thread.close(wait_ms)

    @Slot(object, object)
    def _on_written(self, path: Path, session: Session) -> None:
        self.waiting -= 1
        self.written.emit(path, session)

    @Slot(object, str)
    def _on_failed(self, path: Path, sentence: str) -> None:
        self.waiting -= 1
        self.failed.emit(path, sentence)

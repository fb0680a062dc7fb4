"""What is open is kept every minute and before each run, in case Refit ends unexpectedly."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLockFile, QObject, QTimer, Slot

from gui_app.preferences import Preferences
from gui_app.session_now import SessionNow
from gui_app.session_writer import SessionWriter
from gui_app.state import AppState

if TYPE_CHECKING:
    from core.session import Session

EVERY_MS = 60_000
QUICK_SECONDS = 5.0
"""A session that takes longer to write is not written only because it is looked at in another way."""
MOST_BYTES = 300_000_000
"""Older steps are not kept beyond this, so that a minute is always enough to write."""


class Autosave(QObject):
    """Keeps one file, which goes when the window is closed in order.

    A lock beside the file tells later starts whether its process is still alive.
    """

    def __init__(
        self,
        state: AppState,
        now: SessionNow,
        writer: SessionWriter,
        preferences: Preferences,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._now, self._writer = state, now, writer
        self._was_active = False
        self._kept: tuple[object, ...] = ()
        self._kept_view: dict[str, Any] = {}
        self._began = self._seconds = 0.0
        self._file = free_name(preferences.kept)
        self._lock = QLockFile(str(lock_of(self._file)))
        self._lock.setStaleLockTime(0)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.keep)
        if self._lock.tryLock(0):
            self._timer.start()
            state.run_changed.connect(self._on_run)
            writer.written.connect(self._on_written)

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self._file

    @Slot()
    def keep(self) -> None:
        """Writes what has changed since the last time."""
        if self._writer.waiting or not self._lock.isLocked():
            return
        session = self._now.take(most_bytes=MOST_BYTES)
        if session is None or all(step.result is None for step in session.steps):
            return
        marks = _marks(session)
        looks_other = session.view != self._kept_view and self._seconds < QUICK_SECONDS
        if marks != self._kept or looks_other:
            self._kept, self._kept_view = marks, session.view
            self._began = time.monotonic()
            self._writer.write(self._file, session, overwrite=True)

    @Slot(object, object)
    def _on_written(self, path: Path, _session: Session) -> None:
        if path == self._file:
            self._seconds = time.monotonic() - self._began

    @Slot()
    def _on_run(self) -> None:
        active = self._state.run.active
        if active and not self._was_active:
            self.keep()
        self._was_active = active

    def take_over(self, file: Path) -> None:
        """What another process had kept is from now on what this one keeps."""
        with suppress(OSError):
            os.replace(file, self._file)

    def close(self) -> None:
        """Nothing need be kept any more."""
        self._timer.stop()
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
        self._lock.unlock()


def kept_files(folder: Path) -> list[Path]:
    """What is kept in the folder, the newest first."""
    found: list[tuple[float, Path]] = []
    with suppress(OSError):
        found = [(file.stat().st_mtime, file) for file in folder.glob("kept-*.refit")]
    return [file for _, file in sorted(found, reverse=True)]


def lock_of(file: Path) -> Path:
    """The lock of a kept file."""
    return file.with_suffix(".lock")


def drop_locks(folder: Path) -> None:
    """Deletes the locks of processes that were killed before they had kept anything."""
    for path in folder.glob("kept-*.lock"):
        lock = QLockFile(str(path))
        lock.setStaleLockTime(0)
        if not path.with_suffix(".refit").exists() and lock.tryLock(0):
            lock.unlock()


def free_name(folder: Path) -> Path:
    """A name in the folder that no window uses, in this process or another."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    for number in range(1000):
        file = folder / f"kept-{os.getpid()}-{number}.refit"
        if not file.exists() and not lock_of(file).exists():
            break
    return file


def _marks(session: Session) -> tuple[object, ...]:
    """Differs where the session differs in more than how it is looked at."""
    # The objects themselves, so that no other one can have their address.
    return (session.source, session.at, *((step.result, step.accepted) for step in session.steps))

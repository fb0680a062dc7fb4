"""The session's file that is open: where it is, which other windows have it, and whether it is as it was."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QLockFile, QObject, Signal, Slot

from gui_app.document.preferences import Preferences

Stamp = tuple[int, int, int]


class SessionFile(QObject):
    """Knows of the other windows of this user on this machine, by a lock that each keeps beside the settings,
    and of whoever else writes the file, by its time and size.

    ``changed``: another file is open, or none. ``met``: another window has the same one open.
    """

    changed = Signal()
    met = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = preferences.kept
        self.path: Path | None = None
        self._stamp: Stamp | None = None
        self._lock: QLockFile | None = None
        self._shared = False
        self._watcher: QFileSystemWatcher | None = None

    def set_path(self, path: Path | None) -> None:
        """This file has what is open, as it is now; None for no file."""
        if path != self.path:
            self._let_go()
            self.path = path
            if path is not None:
                self._hold(path)
            self.changed.emit()
        self._stamp = None if path is None else _stamp(path)
        self._look()

    @property
    def is_shared(self) -> bool:
        """Another window has it open."""
        if self.path is None or self._lock is None:
            return False
        own = Path(self._lock.fileName())
        return any(
            _is_held(other) for other in self._folder.glob(f"{_name(self.path)}-*.lock") if other != own
        )

    @property
    def written_by_others(self) -> bool:
        """It is not what was opened or saved here."""
        if self.path is None:
            return False
        now = _stamp(self.path)
        return now is not None and now != self._stamp

    def close(self) -> None:
        """Nobody need know of this window any more."""
        self._let_go()
        self.path = None

    def _hold(self, path: Path) -> None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(100):
            lock = QLockFile(str(self._folder / f"{_name(path)}-{os.getpid()}-{number}.lock"))
            lock.setStaleLockTime(0)
            if lock.tryLock(0):
                self._lock = lock
                break
        self._watcher = QFileSystemWatcher([str(self._folder)], self)
        self._watcher.directoryChanged.connect(self._look)

    def _let_go(self) -> None:
        self._shared = False
        if self._watcher is not None:
            self._watcher.deleteLater()
            self._watcher = None
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    @Slot()
    def _look(self, *_: object) -> None:
        shared = self.is_shared
        if shared != self._shared:
            self._shared = shared
            if shared:
                self.met.emit()


def _name(path: Path) -> str:
    """What the locks of a file are called, whichever way one came to it."""
    real = os.path.normcase(os.path.realpath(path))
    return "open-" + hashlib.sha256(os.fsencode(real)).hexdigest()[:16]


def _is_held(lock: Path) -> bool:
    other = QLockFile(str(lock))
    other.setStaleLockTime(0)
    # That of a process that was killed can be had, and goes.
    if other.tryLock(0):
        other.unlock()
        return False
    return True


def _stamp(path: Path) -> Stamp | None:
    """Differs once the file is written anew; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

"""Who is still there, where processes and machines share a folder: who goes on touches its files."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from core.files.containers.atomic import temporary_beside

TOUCHED_SECONDS = 30.0
"""So often a process touches what says that it is there."""
UNTOUCHED_SECONDS = 300.0
"""Who is elsewhere, and has touched nothing for so long, is taken to be gone."""


class Heartbeat:
    """Touches files every `TOUCHED_SECONDS`, in a thread of its own that ends with the process.

    Args:
        name: of the thread.
        files: which files, asked for each time.
    """

    def __init__(self, name: str, files: Callable[[], Iterable[Path]]) -> None:
        self._name, self._files = name, files
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Beats from now on; once it does, that changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name=self._name, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Beats no more."""
        self._over.set()

    @property
    def over(self) -> bool:
        """It was ended."""
        return self._over.is_set()

    def _beat(self) -> None:
        while not self._over.wait(TOUCHED_SECONDS):
            for path in self._files():
                with suppress(OSError):
                    os.utime(path)


def is_running(pid: int) -> bool:
    """Whether a process of this machine has this number."""
    if pid <= 0:
        return False
    try:
        return bool(psutil.pid_exists(pid))
    except (OSError, OverflowError):
        return True


def now_at(folder: Path) -> float:
    """The time by the clock of the disk that a folder lies on, which may be another machine's."""
    probe = temporary_beside(folder / "now")
    try:
        with suppress(OSError):
            probe.write_bytes(b" ")
            return probe.stat().st_mtime
    finally:
        with suppress(OSError):
            probe.unlink()
    return time.time()

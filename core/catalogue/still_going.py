"""Whether a run that has begun still goes on."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

UNTOUCHED_SECONDS = 300.0
"""A run elsewhere is taken to be over once its journal was not touched for so long."""


def is_going(host: str, pid: int, touched: float, now: float) -> bool:
    """Whether the run of a journal without an end goes on.

    Args:
        host: its machine; '' where that is not told.
        pid: its process.
        touched: when its journal was touched last, by the clock of the disk.
        now: by the same clock.
    """
    if now - touched > UNTOUCHED_SECONDS:
        return False
    return host != socket.gethostname() or _is_there(pid)


def _is_there(pid: int) -> bool:
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _is_there_on_windows(pid)
    try:
        os.kill(pid, 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _is_there_on_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(0x1000, False, pid)
    if handle:
        kernel.CloseHandle(handle)
    return bool(handle)


def now_at(folder: Path) -> float:
    """The time by the clock of the disk that a folder lies on, which may be another machine's."""
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, prefix=".refit-", suffix=".tmp") as file:
        file.write(b" ")
        file.flush()
        return os.stat(file.name).st_mtime
    return time.time()

"""Whether a run that has begun still goes on."""

from __future__ import annotations

import socket

from core.batch.heartbeat import UNTOUCHED_SECONDS, is_running


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
    return host != socket.gethostname() or is_running(pid)

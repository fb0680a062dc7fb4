"""Threads that hang and are waited for no more, and how a process ends that has any."""

from __future__ import annotations

import logging
import os
import sys
import threading
import weakref
from contextlib import suppress
from typing import NoReturn

from PySide6.QtCore import QThread

LAST_SECONDS = 1.0

_left: list[QThread] = []


def leave_behind(thread: QThread) -> None:
    """The thread outlives whatever owned it: Qt aborts when a running thread is destroyed."""
    if thread.isRunning():
        thread.setParent(None)
        _left[:] = [*left_behind(), thread]


def left_behind() -> list[QThread]:
    """Threads that nobody waits for and that still run."""
    return [thread for thread in _left if thread.isRunning()]


def end_process(code: int) -> int:
    """The exit code; but where a thread was left behind, the process ends here.

    Qt, and Python for the threads of its pools, would wait for it at the end, perhaps for ever.
    """
    if left_behind():
        end_at_once(code)
    return code


def end_at_once(code: int) -> NoReturn:
    """Ends the process without taking apart what it holds, which takes seconds where torch and VTK are in it.

    Temporary folders go, and the log and what was printed are written; nothing else may be left to do. What
    libraries registered with `atexit` is not: they take themselves apart.
    """
    # A thread that hangs may hold a lock of the log or of a stream.
    last = threading.Thread(target=_leave_in_order, daemon=True)
    last.start()
    last.join(LAST_SECONDS)
    os._exit(code)


def _leave_in_order() -> None:
    with suppress(Exception):  # of folders that somebody keeps from going nobody is told
        weakref.finalize._exitfunc()  # type: ignore[attr-defined]
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            stream.flush()

"""Ctrl+C in a terminal: the first ends in order, the second at once, whatever hangs. Cheap to import."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.commands.telling.exit_codes import INTERRUPTED

NOTICE_SECONDS = 2.0
"""So long it may take to end before that is worth a line."""
NOTICE = b"\nrefit: ending after the step under way; Ctrl+C again ends at once.\n"
SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def second_ends_at_once() -> Iterator[None]:
    """Within, and after an interrupt until the process is over, a second Ctrl+C ends the process.

    The first raises KeyboardInterrupt as always. That may wait for workers, here or when Python ends, and
    those may hang; so another thread listens, which is told by Python's C code and not by its main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not callable(signal.getsignal(signal.SIGINT)):  # Python is told of no interrupt
        yield
        return
    hears, tells = socket.socketpair()
    tells.setblocking(False)
    before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(hears, tells), name="refit-interrupts", daemon=True).start()
    interrupted = False
    try:
        yield
    except KeyboardInterrupt:
        interrupted = True
        raise
    finally:
        if not interrupted:
            signal.set_wakeup_fd(before)
            with suppress(OSError):
                tells.shutdown(socket.SHUT_RDWR)


def left(code: int) -> int:
    """The exit code of this process; one that was interrupted ends here, with all that was said.

    Python would first take apart what it has imported, which takes longer than people wait.
    """
    if code == INTERRUPTED:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        with suppress(Exception):  # what processes shared is let go of, or they say that it was left behind
            sys.modules["multiprocessing.util"]._run_finalizers(0)  # type: ignore[attr-defined]
        os._exit(code)
    return code


def _listen(hears: socket.socket, tells: socket.socket) -> None:
    """Counts interrupts; it holds both ends, and closes them when nobody tells any more."""
    with hears, tells:
        asked = False
        while True:
            try:
                received = hears.recv(1)
            except TimeoutError:
                hears.settimeout(None)
                os.write(2, NOTICE)
                continue
            if not received:
                return
            if received[0] != signal.SIGINT:
                continue
            if asked:
                if sys.platform != "win32" and os.isatty(1):
                    os.write(1, SHOW_CURSOR)  # a progress bar has hidden it
                os._exit(INTERRUPTED)
            asked = True
            hears.settimeout(NOTICE_SECONDS)

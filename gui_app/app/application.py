"""Starts Qt and the window."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import pyqtgraph
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QWidget

from gui_app.app.log_buffer import keep_log
from gui_app.app.main_window import MainWindow, Options
from gui_app.style.theme import apply_theme, icon
from gui_app.tasks.garbage import Garbage
from gui_app.tasks.left_behind import end_process

SWITCH_SECONDS = 0.0005
PULSE_MS = 200
# Of glibc's malloc.h.
M_ARENA_MAX = -8
HEAPS = 2


def _share_heaps() -> None:
    """Otherwise every thread has a heap of its own and, when it ends, keeps there what it no longer needs:
    some 60 MB for each window that was opened."""
    if sys.platform.startswith("linux"):
        # Other C libraries than glibc have no such setting, and no such heaps.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)


def make_application() -> QApplication:
    """The application with its name and look."""
    # Fitting threads hand over to the window this often; the default makes scrubbing jerk while a fit runs.
    sys.setswitchinterval(SWITCH_SECONDS)
    _share_heaps()
    keep_log()
    app = QApplication.instance() or QApplication(["refit"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Refit")
    app.setApplicationDisplayName("")
    pyqtgraph.setConfigOptions(antialias=False)
    apply_theme(app)
    app.setWindowIcon(icon("person-simple-run"))
    if app.findChild(Garbage) is None:
        Garbage(app)
    return app


def run(options: Options, begun: Callable[[MainWindow], object] | None = None) -> int:
    """Opens the window and stays until it is closed; returns the exit code. ``begun`` has it before it is
    shown."""
    app = make_application()
    window = MainWindow(options)
    if begun is not None:
        begun(window)
    window.show()
    interrupt = Interrupt(window)
    signal.signal(signal.SIGINT, interrupt.note)
    return end_process(app.exec())


class Interrupt(QObject):
    """Ctrl+C in the terminal closes the window in order.

    Python may run a signal handler in the middle of a paint event, so the handler only takes note; a timer,
    which also lets Python look at signals at all, closes the window between events.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._asked = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._close_when_asked)
        self._timer.start(PULSE_MS)

    def note(self, *_: object) -> None:
        """The signal handler."""
        self._asked = True

    @Slot()
    def _close_when_asked(self) -> None:
        if self._asked:
            self._asked = False
            self._window.close()

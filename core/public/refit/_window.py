"""A window in a process of its own: begun, told what to show, waited for.

What it shows lies in a private folder, which goes with the window. What it is told goes to its standard
input, a line of json each; `gui_app.from_python` is the other side.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import RefitError

NEEDED = ("PySide6", "pyvista", "pyvistaqt", "vtkmodules", "pyqtgraph", "qtawesome")
READY, LOG = "ready", "log.txt"
"""In its folder: the window stands; and what its process says."""

LONGEST_START = 120.0
"""Seconds after which a window that has not come up yet is left to come up by itself."""
LOOK_SECONDS = 0.05

PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from gui_app.from_python import main; main()"
)
"""With what the asking program imports from, whichever folder that was started in."""


@dataclass(frozen=True)
class Asked:
    """What a window is to show.

    Attributes:
        file: to open; or what writes it into the folder that it is given, for this window alone.
        models: a folder, or the word for the built-in bodies; None for the window's own choice.
        frame: to show first.
        joint: to look at.
    """

    file: Path | Callable[[Path], Path]
    models: str | None = None
    frame: int | None = None
    joint: str | None = None


class Window:
    """A window that `refit.view` has opened."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, name: str) -> None:
        self._process, self._folder, self._name = process, folder, name
        self._ended = threading.Event()
        self._reason = ""
        # Also where nobody keeps the window: its folder goes with it.
        threading.Thread(target=self._see_it_end, name="refit window", daemon=True).start()

    def __repr__(self) -> str:
        return f"<refit window of {self._name}, {'open' if self.is_open else 'closed'}>"

    @property
    def is_open(self) -> bool:
        """Nobody has closed it yet."""
        # Its folder goes with the window; the process has to end itself after that.
        return not self._ended.is_set() and self._folder.exists()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the window is closed.

        Args:
            timeout: seconds to wait at most; None for as long as it takes.

        Returns:
            Whether it is closed.

        Raises:
            RefitError: it ended unexpectedly.
        """
        if not self._ended.wait(timeout):
            return False
        if self._reason:
            raise RefitError(f"The window ended unexpectedly: {self._reason}.")
        return True

    def show(self, frame: int) -> None:
        """Goes to a frame, as near to it as there is one.

        Raises:
            RefitError: the window is closed, or ``frame`` is no number.
        """
        if isinstance(frame, bool) or not isinstance(frame, int | np.integer):
            raise RefitError(f"frame is {frame!r}, expected a number.")
        self._tell({"frame": int(frame)})

    def close(self) -> None:
        """Closes it, as its user would: work that is not saved is asked about first. `wait` tells when."""
        if self.is_open:
            with suppress(RefitError):
                self._tell({"close": True})

    def _tell(self, wish: dict[str, Any]) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            if not self.is_open:
                raise BrokenPipeError
            pipe.write(json.dumps(wish).encode() + b"\n")
            pipe.flush()
        except (OSError, ValueError):
            raise RefitError(f"The window of {self._name} is closed.") from None

    def _see_it_end(self) -> None:
        code = self._process.wait()
        if code:
            self._reason = _last_words(self._folder, code)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._ended.set()


def why_no_window() -> str:
    """Why no window can be shown here, in a sentence; nothing where one can."""
    for name in NEEDED:
        if find_spec(name) is None:
            return (
                f"The window needs {name}, which is not installed here; everything else of refit works "
                "without it."
            )
    from gui_app.tasks.display import has_display

    if not has_display():
        return (
            "There is no display for a window here: refit.export writes pictures and films without one "
            '(refit.export(fit, "fit.png", motion)).'
        )
    return "" if sys.executable else "Python does not say where its program is: no window can be started."


def begin(asked: Asked, name: str) -> Window:
    """Starts a window, and returns once it is on the screen.

    Args:
        asked: what it is to show.
        name: what to call it.

    Raises:
        RefitError: it does not come up, or what it is to show cannot be written.
    """
    folder = Path(tempfile.mkdtemp(prefix="refit-view-"))
    process = None
    try:
        process = _start(asked, folder)
        until = time.monotonic() + LONGEST_START
        while process.poll() is None and not (folder / READY).exists() and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        if process.poll():
            raise RefitError(f"The window does not start: {_last_words(folder, process.returncode)}.")
    except BaseException:
        if process is not None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Window(process, folder, name)


def _start(asked: Asked, folder: Path) -> subprocess.Popen[bytes]:
    own = not isinstance(asked.file, Path)
    file = asked.file if isinstance(asked.file, Path) else asked.file(folder)
    told = {"file": str(file), "own": own, "models": asked.models, "frame": asked.frame, "joint": asked.joint}
    with open(folder / LOG, "wb") as log:
        # In a session of its own: what interrupts a notebook's cell is not for the window.
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                PROGRAM,
                json.dumps([*map(os.fspath, sys.path)]),
                str(folder),
                json.dumps(told),
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            **apart,
        )


def _last_words(folder: Path, code: int) -> str:
    """What the process said last, or with what it ended."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        lines = []
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return said.removeprefix("refit: ").rstrip(".") or f"its process ended with {code}"

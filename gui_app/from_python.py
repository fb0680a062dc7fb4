"""A window that a program in Python has asked for: ``refit.view`` starts it, and tells it more later.

It is a process of its own. What it opens may lie in a folder that is there for it alone, which goes when the
window is closed; more comes by standard input, a line of json each. Where that ends, because the program
has ended, the window stays.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.commands import cli
from gui_app.app.application import run
from gui_app.app.main_window import MainWindow, Options
from gui_app.document.inspect_selection import JointKey
from gui_app.scene.picking import BodyName
from gui_app.tasks.left_behind import end_at_once

READY = "ready"
"""A file in the folder: the window is on the screen."""
STANDARD_INPUT, MOST_BYTES = 0, 65_536
WHERE_JOINTS_ARE: tuple[BodyName, BodyName] = ("fit", "source")


def main() -> None:
    """Shows what the arguments say, after the paths that modules come from, and ends the process."""
    folder, told = Path(sys.argv[2]), json.loads(sys.argv[3])
    try:
        code = cli.run_told(partial(_show, folder, told), None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    end_at_once(code)


def _show(folder: Path, told: dict[str, Any], threads: int | None) -> int:
    models = None if told["models"] is None else Path(told["models"])
    options = Options(
        Path(told["file"]), models, threads=threads, frame=told["frame"], handed_over=bool(told["own"])
    )
    return run(options, lambda window: Wishes(window, folder / READY, told["joint"]).listen())


class Wishes(QObject):
    """What the program wants of the window, done once something is open."""

    told = Signal(str)

    def __init__(self, window: MainWindow, ready: Path, joint: str | None = None) -> None:
        super().__init__(window)
        self._window, self._ready = window, ready
        self._joint = joint
        self._frame: int | None = None
        self.told.connect(self._on_told)
        window.files.shown.connect(self._on_shown)

    def listen(self) -> None:
        """From now on, in a thread that nobody waits for."""
        threading.Thread(target=self._read, name="wishes", daemon=True).start()
        QTimer.singleShot(0, self, self._say_ready)

    def _read(self) -> None:
        rest = b""
        # Not by way of sys.stdin, whose lock the process would want at its end.
        with suppress(OSError, RuntimeError):
            while read := os.read(STANDARD_INPUT, MOST_BYTES):
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    self.told.emit(line.decode())

    @Slot()
    def _say_ready(self) -> None:
        self._ready.touch()

    @Slot(str)
    def _on_told(self, line: str) -> None:
        wish = json.loads(line)
        if wish.get("close"):
            self._window.close()
            return
        self._frame = wish["frame"]
        if self._window.state.document.opened is not None:
            self._go()

    @Slot(object)
    def _on_shown(self, _opened: object) -> None:
        if self._joint is not None:
            self._look_at(self._joint)
            self._joint = None
        self._go()

    def _go(self) -> None:
        if self._frame is not None:
            self._window.state.playback.go_to(self._frame)
            self._frame = None

    def _look_at(self, name: str) -> None:
        inspection = self._window.inspection
        for body in WHERE_JOINTS_ARE:
            found = next((joint for joint in inspection.joints(body) if joint.name == name), None)
            if found is not None:
                self._window.actions_.joints.setChecked(True)
                inspection.set_body(body)
                inspection.go_to_joint(JointKey(found.name, found.kind))
                return
        self._window.state.activity.fail(f"These bodies have no joint {name}")

"""A window of `refit.view` that tells what it shows: each change is a line of json in the file that ``TOLD``
names."""

from __future__ import annotations

import json
import os
from typing import Any

from gui_app import from_python
from gui_app.app.main_window import MainWindow

PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from tests.gui_app.telling_window import main; main()"
)
TOLD = "REFIT_TEST_TOLD"


def told_of(window: MainWindow) -> dict[str, Any]:
    """What a window shows."""
    document, joint = window.state.document, window.inspection.joint
    assert document.opened is not None
    assert document.valid is not None
    return {
        "name": document.opened.name,
        "frame": window.state.playback.frame,
        "frames": document.frames,
        "joint": None if joint is None else joint.name,
        "joints": window.actions_.joints.isChecked(),
        "fit": None if document.result is None else document.result.mean_mm.tolist(),
        "valid": int(document.valid.sum()),
        "target": document.opened.bodies.target.family,
        "builtin": document.opened.bodies.builtin,
        "unsaved": document.loses_work,
        "session": None if window.sessions.file.path is None else str(window.sessions.file.path),
        "recent": [str(path) for path in window.preferences.recent],
    }


class Telling(from_python.Wishes):
    """Tells once something is open, and whenever the frame is another."""

    def listen(self) -> None:
        super().listen()
        self._window.files.shown.connect(self.tell)
        self._window.state.playback.frame_changed.connect(self.tell)

    def tell(self, *_: object) -> None:
        with open(os.environ[TOLD], "a", encoding="utf-8") as file:
            file.write(json.dumps(told_of(self._window)) + "\n")


def main() -> None:
    from_python.Wishes = Telling  # type: ignore[misc]
    from_python.main()

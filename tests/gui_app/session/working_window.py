"""A window that works until it is killed: ``python -m tests.gui_app.session.working_window FOLDER SEED
[end]``.

What is left over is restored first. Then it edits, fits, saves and exports in turn, and says what it does;
with ``end`` it does each once and closes in order.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from gui_app.session import crash_recovery
from gui_app.session import save as session_actions
from gui_app.widgets.save_dialog import Place
from tests.show import drive

if TYPE_CHECKING:
    from core.session.session import Session

MOTION, SESSION, RESULT = "walk_poses.npz", "kept.refit", "fit.npz"
EVERY_SECONDS = 1.0
"""In place of a minute."""
WORK = "work "


def say(*words: object) -> None:
    """One line, at once."""
    print(*words, flush=True)


def last_work(steps: list[str]) -> int:
    """The number of the last edit among some steps, 0 where there is none."""
    return max((int(step.removeprefix(WORK)) for step in steps if step.startswith(WORK)), default=0)


class Working:
    """Edits are numbered, and so are the steps of the history that they become."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.done = folder, 0
        self.window = MainWindow(Options(folder / MOTION, threads=1, device="cpu"))
        self.window.actions_.autofit.setChecked(False)
        self.window.writer.written.connect(self.on_written)
        session_actions.ask_where = lambda *_: Place(folder / SESSION, True)  # type: ignore[assignment]
        self.window.resize(1000, 640)
        self.window.show()
        drive.wait(lambda: self.window.state.document.opened is not None)
        drive.rest(0.1)

    def on_written(self, path: Path, session: Session) -> None:
        """A session is on the disk."""
        steps = [step.name for step in session.steps[: session.at + 1]]
        say("kept" if path == self.window.autosave.file else "saved", last_work(steps))

    def restore(self) -> None:
        """Takes what was left over, if anything was."""
        window = self.window
        if not window.left_over.isVisible():
            say("nothing")
            return
        assert "cannot be read" not in window.left_over.words.text(), window.left_over.words.text()
        window.left_over.restore.click()
        drive.wait(lambda: not window.left_over.isVisible())
        history = window.history
        self.done = last_work([step.name for step in history.steps[: history.at + 1]])
        assert window.state.document.result is not None
        say("restored", self.done)

    def fit(self) -> None:
        """All frames."""
        self.window.fitting.start()
        drive.wait(lambda: not self.window.state.activity.run.active)

    def edit(self) -> None:
        """One frame, one step."""
        window, state = self.window, self.window.state
        if state.document.result is None:
            self.fit()
        assert state.document.result is not None
        self.done += 1
        poses = state.document.result.poses.copy()
        poses[self.done % len(poses), 3, 0] += 0.01
        state.document.set_result(replace(state.document.result, poses=poses), None)
        window.history.add(f"{WORK}{self.done}")
        say("work", self.done, time.monotonic())

    def save(self) -> None:
        """The session."""
        self.window.actions_.save_session_as.trigger()
        drive.wait(lambda: not self.window.writer.waiting)

    def export(self) -> None:
        """The fit."""
        window = self.window
        if window.state.document.has_fit:
            window.export_dialog.open_for("npz")
            window.exporting.start(window.export_dialog.form.choice(), self.folder / RESULT, True)
            drive.wait(lambda: not window.exporting.status.active)
            window.export_dialog.hide()
            say("exported")

    def go(self, seed: int) -> None:
        """Without end."""
        chance = random.Random(seed)
        doings: dict[str, Callable[[], None]] = {"fit": self.fit, "save": self.save, "export": self.export}
        while True:
            for _ in range(chance.randint(1, 3)):
                self.edit()
                drive.rest(chance.uniform(0.0, 0.2))
            name = chance.choice(list(doings))
            say("doing", name)
            doings[name]()

    def end(self) -> None:
        """Each once, and out."""
        for do in (self.edit, self.fit, self.save, self.export, self.window.autosave.keep):
            do()
        drive.wait(lambda: not self.window.writer.waiting)
        self.window.state.document.set_saved()
        self.window.close()
        drive.wait(lambda: not self.window.isVisible())


if __name__ == "__main__":
    crash_recovery.EVERY_MS = round(1000 * EVERY_SECONDS)
    make_application()
    working = Working(Path(sys.argv[1]))
    working.restore()
    say("ready")
    working.end() if sys.argv[3:] == ["end"] else working.go(int(sys.argv[2]))

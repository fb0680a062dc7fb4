"""The two windows of `mending`: one that is killed in the middle of a fit, and the next start.

Each is a process of its own: ``python -m tests.show.mending_walk mend|reopen FOLDER``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.outputs.sessions import load_session
from core.problems.blend_frames import seam_jump
from core.problems.fix_strategies import SEAM_SLACK_MM
from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from gui_app.problems.rows import Row
from gui_app.scene.subject import upright
from gui_app.session import save as session_actions
from gui_app.session.snapshot import UNFINISHED, view_of
from gui_app.widgets.save_dialog import Place
from tests.show import drive
from tests.show.faults import FAILED, FAULTS, FEET, FILE, HAND, SOURCE, STANDS_OFF, Fault, spoilt
from tests.show.recording import click, point_at
from tests.show.walking import CONTROL, HEIGHT, WIDTH, Walk

SESSION, RESULT, LEFT, FIGURES = "dance.refit", "dance_stageii.npz", "left", "figures.json"
READY, DYING, WAITED = "ready", "dying", "waited"
# So much of a wait is shown at its beginning, and at its end.
SEEN_SECONDS = 0.25
NOTE = "in the recording itself"
# A clip of this length may have no more frames that are found beside those planted.
MOST_FALSE = 2
# A mended frame is as near as it was before it was spoilt, but for this.
SLACK_MM = 0.25


def distance(fit: FitResult, fault: Fault) -> float:
    """Mean distance of a fault's part in its frames, millimetres."""
    values = fit.part_mm[fault.frames, PARTS.index(fault.part)] if fault.part else fit.mean_mm[fault.frames]
    return float(values.mean())


def wait(done: Callable[[], bool]) -> None:
    """Waits, and says from when to when nothing is to be seen that is worth the time in a film."""
    start = time.monotonic() + SEEN_SECONDS
    drive.wait(done)
    end = time.monotonic() - SEEN_SECONDS
    if end > start:
        print(f"{WAITED} {start} {end}", flush=True)


def as_left(window: MainWindow) -> dict[str, Any]:
    """What is to be the same after the next start, but for the fit itself."""
    history, state = window.history, window.state
    return {
        "view": view_of(state, window.viewport),
        "steps": [step.name for step in history.steps[: history.at + 1]],
        "at": history.at,
        "accepted": sorted(
            (known.part, known.first, known.last, known.note) for known in state.document.accepted
        ),
        "recipe": window.recipes.name,
    }


def fit_of(window: MainWindow) -> FitResult:
    """The fit that there is."""
    assert window.state.document.result is not None
    return window.state.document.result


class Mending(Walk):
    """From the faults to the middle of a fit, where the process is killed."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        super().__init__(window, folder)
        self.panel = window.panels.problems.panel
        self.clean = self.bad = fit_of(window)
        self.figures: dict[str, Any] = {"seconds": {}}

    def parts(self) -> Sequence[Callable[[], None]]:
        """In their order."""
        return (
            self.plant, self.find, self.explain, self.refit, self.hold, self.fix, self.accept,
            self.compare, self.save, self.die,
        )  # fmt: skip

    def rows(self, fault: Fault) -> list[Row]:
        """The open rows that overlap a fault."""
        touching = set(fault.frames.tolist())
        return [
            row
            for row in self.panel.table.model_.rows
            if row.status == "open" and touching.intersection(row.problem.frames)
        ]

    def choose(self, row: Row, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Clicks on a row."""
        table = self.panel.table
        index = table.model_.index(table.model_.rows.index(row), 0)
        table.scrollTo(index)
        place = point_at(table.viewport(), table.visualRect(index).center())
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, keys, place)

    def judged(self) -> bool:
        """Every row says whose fault it is."""
        rows = self.panel.table.model_.rows
        return rows != [] and all(row.kind for row in rows if row.status == "open")

    def plant(self) -> None:
        """The file has two faults of its own; three are put into its fit."""
        state = self.state
        assert state.document.opened is not None
        self.caption.say("A capture with a wild hand and a jump, fitted. Into the fit go three faults more")
        drive.rest(1.0)
        self.bad = spoilt(self.clean, state.document.opened.bodies)
        drive.put(
            self.window, self.bad, np.concatenate([HAND.frames, STANDS_OFF.frames, FEET.frames]), "planting"
        )
        self.bad = fit_of(self.window)
        for fault in (HAND, STANDS_OFF, FEET):
            assert distance(self.bad, fault) > 2 * distance(self.clean, fault)
        drive.rest(0.3)

    def find(self) -> None:
        """All faults are in the table, each with whose fault it is."""
        state = self.state
        began = time.monotonic()
        self.press(Qt.Key.Key_T)
        drive.rest(0.3)
        self.caption.say("T: every fault is found, and told: a failed fit, or the source's own")
        wait(self.judged)
        self.figures["judged"] = time.monotonic() - began
        assert state.document.analysis is not None
        found, planted = set(state.document.analysis.frames.tolist()), set[int]()
        for fault in FAULTS:
            frames = set(fault.frames.tolist())
            planted |= frames
            assert frames <= found, f"{fault.name} is not found in {sorted(frames - found)}"
            kinds = {row.kind for row in self.rows(fault)}
            assert fault.kind in kinds, f"{fault.name} is told as {kinds}"
            assert fault.kind == FAILED or FAILED not in kinds, f"{fault.name} is told as {kinds}"
        self.figures["false"] = sorted(found - planted)
        assert len(found - planted) <= MOST_FALSE, sorted(found - planted)
        bar = self.panel.table.verticalScrollBar()
        # On the rows themselves the pointer would bring their tips.
        point_at(bar)
        for share in (*np.linspace(0, 1, 24), *np.linspace(1, 0, 6)):
            bar.setValue(round(share * bar.maximum()))
            drive.rest(0.07)

    def explain(self) -> None:
        """A click goes to the frame and near the part; the line under the bodies says why."""
        state, why, view = self.state, self.window.timeline.why, self.window.viewport
        row = next(row for row in self.rows(HAND) if row.problem.metric == "hand_mm")
        far = view.scene.camera.pose
        self.caption.say("A click goes there, near the part, and says why")
        self.choose(row)
        wait(lambda: state.playback.frame == row.problem.frame and why.part == "hands")
        drive.rest(1.5)
        spot, near = why.place(), view.scene.camera.pose
        assert spot is not None
        assert state.document.opened is not None
        aim = upright(spot[0], state.document.opened.subject.up_axis)
        assert np.linalg.norm(near.focal_point - aim) < 0.1, "the camera looks elsewhere"
        away = [np.linalg.norm(pose.position - pose.focal_point) for pose in (near, far)]
        assert away[0] < 0.5 * away[1], "the camera is not near"
        told = [row.problem.reason[1:] for row in self.rows(HAND)]
        assert any(words in why.words.reason for words in told), why.words.reason

    def refit(self) -> None:
        """The frames of the row are fitted again."""
        self.caption.say("R fits these ten frames again")
        wait(self.window.actions_.refit_rows.isEnabled)
        self.timed(HAND, lambda: self.press(Qt.Key.Key_R))
        assert any(row.status == "mended" for row in self.panel.table.model_.rows)
        drive.rest(0.8)

    def hold(self) -> None:
        """As it was before, for as long as A is held."""
        self.caption.say("Hold A: before. Let go: now")
        QTest.keyPress(self.window, Qt.Key.Key_A)
        assert self.state.view.peeked is not None
        assert np.array_equal(self.state.view.peeked.poses, self.bad.poses)
        drive.rest(0.9)
        QTest.keyRelease(self.window, Qt.Key.Key_A)
        assert self.state.view.peeked is None
        drive.rest(0.7)

    def fix(self) -> None:
        """Strategies are tried on two problems at once; the best is taken."""
        fixing = self.window.fixing
        wait(self.judged)
        self.caption.say("X tries nine strategies on two problems at once")
        self.choose(max(self.rows(FEET), key=lambda row: len(row.problem.frames)))
        drive.rest(0.5)
        self.choose(max(self.rows(STANDS_OFF), key=lambda row: row.problem.severity), CONTROL)
        wait(self.window.actions_.fix_rows.isEnabled)
        drive.rest(0.4)
        began = time.monotonic()
        self.press(Qt.Key.Key_X)
        wait(lambda: fixing.open and not fixing.running)
        tried = time.monotonic() - began
        best = fixing.best()
        assert best is not None
        assert fixing.before is not None
        assert fixing.fixes[best].mean_mm < fixing.before.mean_mm
        assert fixing.fixes[best].smooth
        self.caption.say("The star: nearest, with a smooth seam. Apply")
        drive.rest(1.4)
        self.timed(FEET, lambda: click(self.panel.fixes.apply))
        wait(lambda: not self.rows(STANDS_OFF))
        for fault in (FEET, STANDS_OFF):
            self.figures["seconds"][fault.name] = tried
        drive.rest(0.8)

    def timed(self, fault: Fault, start: Callable[[], None]) -> None:
        """Until the fit is another one, and looked through."""
        before, began = self.state.document.result, time.monotonic()
        start()
        wait(lambda: self.state.document.result is not before and not self.state.activity.run.active)
        self.figures["seconds"][fault.name] = time.monotonic() - began
        wait(self.idle)
        wait(lambda: not self.rows(fault))
        now, clean = distance(fit_of(self.window), fault), distance(self.clean, fault)
        assert now < clean + SLACK_MM, f"{fault.name}: {now:.2f} mm, {clean:.2f} mm before it was spoilt"

    def accept(self) -> None:
        """What is the source's own fault may stay, with a note."""
        table, state = self.panel.table, self.state
        wait(self.judged)
        self.caption.say("What is left is the source's: accept it with a note")
        rows = [row for row in table.model_.rows if row.status == "open"]
        assert {row.kind for row in rows if row.problem.metric.startswith("source")} == {SOURCE}
        self.choose(rows[0])
        drive.rest(0.4)
        for row in rows[1:]:
            self.choose(row, CONTROL)
        field = self.panel.note.text
        click(field)
        for letter in NOTE:
            QTest.keyClick(field, letter)
            drive.rest(0.02)
        QTest.keyClick(field, Qt.Key.Key_Return)
        wait(lambda: state.document.analysis is not None and not len(state.document.analysis.frames))
        assert all(known.note == NOTE for known in state.document.accepted)
        drive.rest(1.0)

    def compare(self) -> None:
        """The fit as it is now beside the first one: equally near where it was spoilt."""
        window = self.window
        self.press(Qt.Key.Key_T)
        self.press(Qt.Key.Key_H)
        drive.rest(0.3)
        panel = window.panels.runs.panel
        wait(lambda: panel.isVisible() and panel.table.topLevelItemCount() == len(window.history.steps))
        self.press(Qt.Key.Key_0)
        for place, other, words in (
            (2, self.bad, "H: every step. Compare with any: with the faulty fit"),
            (1, self.clean, "… and with the first one: as near as before the faults"),
        ):
            self.caption.say(words)
            item = panel.table.topLevelItem(place)
            assert item is not None
            click(panel.table.viewport(), panel.table.visualItemRect(item).center())
            wait(panel.compare.isEnabled)
            click(panel.compare)
            wait(lambda: window.before.earlier is not None)
            assert window.before.earlier is not None
            assert np.array_equal(window.before.earlier.poses, other.poses)
            drive.rest(0.9)
        off = np.abs(fit_of(window).mean_mm - self.clean.mean_mm)
        assert off.max() < SLACK_MM, f"frame {off.argmax()} is {off.max():.2f} mm off"
        self.press(Qt.Key.Key_H)
        drive.rest(0.3)

    def save(self) -> None:
        """Everything goes into one file."""
        target = self.folder / SESSION
        # Nobody is there to answer the dialog.
        session_actions.ask_where = lambda *_: Place(target, False)  # type: ignore[assignment]
        self.caption.say("Ctrl+S: one file with everything")
        self.press(Qt.Key.Key_S, CONTROL)
        wait(lambda: target.is_file() and self.state.document.saved)
        session = load_session(target)
        assert [step.name for step in session.steps] == [step.name for step in self.window.history.steps]
        assert session.now.result is not None
        assert np.array_equal(session.now.result.poses, fit_of(self.window).poses)
        drive.rest(1.0)

    def die(self) -> None:
        """A fit is begun in a view of its own, and the other process is told."""
        window, state = self.window, self.state
        self.caption.say("Overlaid, near the hand; all frames are fitted once more …")
        state.playback.set_selection((HAND.first, HAND.last))
        state.playback.go_to(HAND.first + 4)
        click(self.button("layout_overlay"))
        drive.rest(0.3)
        spot = window.timeline.why.place("hands")
        assert spot is not None
        window.viewport.focus_on(*spot)
        drive.rest(1.2)
        self.tell()
        click(self.button("fit"))
        wait(lambda: state.activity.run.frames_done > 0)
        wait(lambda: not window.writer.waiting)
        assert state.activity.run.active, "the fit was over before anybody could be killed"
        print(DYING, flush=True)
        drive.rest(60)

    def tell(self) -> None:
        """Writes down what the next start is to bring back, and the figures."""
        window, now = self.window, fit_of(self.window)
        opened = self.state.document.opened
        assert opened is not None
        (self.folder / f"{LEFT}.json").write_text(json.dumps(as_left(window)))
        np.savez(self.folder / f"{LEFT}.npz", poses=now.poses, transl=now.transl)
        self.figures["faults"] = [
            {
                "name": fault.name,
                "kind": fault.kind,
                "frames": len(fault.frames),
                "first": distance(self.clean, fault),
                "before": distance(self.bad, fault),
                "after": distance(now, fault),
                "seam": seam_jump(opened.motion, opened.bodies, now, fault.frames),
            }
            for fault in FAULTS
        ]
        for fault, told in zip(FAULTS, self.figures["faults"], strict=True):
            assert fault.kind == SOURCE or told["seam"] <= SEAM_SLACK_MM, told
        (self.folder / FIGURES).write_text(json.dumps(self.figures))


class Reopening(Walk):
    """The next start: what was there is offered, restored, and exported."""

    def parts(self) -> Sequence[Callable[[], None]]:
        """In their order."""
        return self.offer, self.restore, self.undo, self.export

    def offer(self) -> None:
        """The bar over the bodies says what was there."""
        bar = self.window.left_over
        self.caption.say("The next start offers what was there")
        wait(bar.isVisible)
        assert FILE in bar.words.text()
        words = bar.words.text()
        # A minute may have ended while the run went on, and what it had shown is kept then.
        assert "after acceptance" in words or UNFINISHED in words, words
        drive.rest(1.6)

    def restore(self) -> None:
        """Everything is as it was left."""
        window, state = self.window, self.state
        self.caption.say("Restore: as it was left, to the frame and the view")
        began = time.monotonic()
        click(window.left_over.restore)
        wait(
            lambda: (
                state.document.opened is not None and "faults" in state.document.opened.name and self.idle()
            )
        )
        seconds = time.monotonic() - began
        drive.rest(0.6)
        if window.history.undo_name == UNFINISHED:
            self.press(Qt.Key.Key_Z, CONTROL)
            wait(self.idle)
        wanted, found = json.loads((self.folder / f"{LEFT}.json").read_text()), as_left(window)
        found = json.loads(json.dumps(found))
        cameras = [told["view"].pop("camera") for told in (wanted, found)]
        assert found == wanted, (found, wanted)
        for name, values in cameras[0].items():
            assert np.allclose(cameras[1][name], values, atol=1e-4), name
        with np.load(self.folder / f"{LEFT}.npz") as left:
            assert np.array_equal(fit_of(window).poses, left["poses"])
            assert np.array_equal(fit_of(window).transl, left["transl"])
        assert state.document.analysis is not None
        assert not len(state.document.analysis.frames)
        figures = json.loads((self.folder / FIGURES).read_text())
        (self.folder / FIGURES).write_text(json.dumps({**figures, "restored": seconds}))
        drive.rest(1.6)

    def undo(self) -> None:
        """The steps of the other process can be undone and redone."""
        state, now = self.state, self.state.document.result
        self.caption.say("Even undo knows what was done before")
        for _ in range(2):
            self.press(Qt.Key.Key_Z, CONTROL)
            drive.rest(0.5)
        assert state.document.result is not now
        assert self.window.history.redo_name.startswith("fix of 2 problems")
        for _ in range(2):
            self.press(Qt.Key.Key_Y, CONTROL)
            drive.rest(0.3)
        assert state.document.result is now

    def export(self) -> None:
        """The mended fit goes out as a file that AMASS readers open."""
        dialog, target = self.window.export_dialog, self.folder / RESULT
        self.caption.say("Ctrl+E: export")
        self.press(Qt.Key.Key_E, CONTROL)
        dialog.open_for("npz")
        dialog.place.selectAll()
        QTest.keyClicks(dialog.place, str(target))
        drive.rest(0.7)
        click(dialog.export)
        wait(lambda: not self.window.exporting.status.active and target.is_file())
        drive.rest(1.4)
        # The film ends here.
        print(WAITED, time.monotonic(), time.monotonic() + drive.MOST_SECONDS, flush=True)
        dialog.hide()


ACTS: dict[str, type[Walk]] = {"mend": Mending, "reopen": Reopening}


def act(name: str, folder: Path) -> None:
    """One of the two processes with a window."""
    make_application()
    file = folder / FILE if name == "mend" else None
    window = MainWindow(Options(file, threads=2, device="cpu"))
    window.move(0, 0)
    window.resize(WIDTH, HEIGHT)
    window.show()
    window.activateWindow()
    drive.wait(window.isActiveWindow)
    drive.wait(lambda: window.state.document.opened is not None)
    if name == "mend":
        drive.wait(lambda: window.state.document.result is not None and not window.state.activity.run.active)
        drive.wait(lambda: window.state.document.analysis is not None)
        point_at(window)
    walk = ACTS[name](window, folder)
    print(READY, flush=True)
    if name == "mend":
        sys.stdin.readline()
    try:
        walk.go()
    finally:
        walk.caption.hide()
        window.state.document.set_saved()
        window.close()
        drive.wait(lambda: not window.isVisible())


if __name__ == "__main__":
    act(sys.argv[1], Path(sys.argv[2]))

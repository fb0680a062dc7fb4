"""A file of several people: one of them is looked at and fitted, and each keeps what was done for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.problems.accepted import Accepted
from gui_app.app.main_window import MainWindow
from gui_app.files import open_question
from tests.gui_app.conftest import FIT_MS
from tests.gui_app.people.scene_files import bedlam_file, interhuman_file, wham_file

MakeWindow = Callable[..., MainWindow]
NOTE = Accepted("max", "", 2, 3, 9.0, "as it was filmed")


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object) -> None:
        raise AssertionError("somebody was asked something")

    monkeypatch.setattr(open_question, "ask", ask)
    monkeypatch.setattr(QMessageBox, "exec", ask)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Two people of a video; the second comes two frames later, and stays longer."""
    return wham_file(tmp_path / "street.pkl", ("walk", slice(6), 10), ("dance", slice(8), 12))


def settled(window: MainWindow, qtbot: QtBot, person: str) -> None:
    """Waits until a person is shown, everybody is known and nothing goes on."""
    state, desk = window.state, window.people.desk
    qtbot.waitUntil(lambda: desk.shown is not None and desk.shown.name == person, timeout=FIT_MS)
    qtbot.waitUntil(lambda: not (state.activity.opening or state.activity.run.active), timeout=FIT_MS)


def opened(make_window: MakeWindow, qtbot: QtBot, path: Path, person: str, **more: bool) -> MainWindow:
    window = make_window(path, **more)
    settled(window, qtbot, person)
    return window


def rows(window: MainWindow) -> list[str]:
    choice = window.people.row.choice
    return [choice.itemText(row) for row in range(choice.count())]


def test_opens_without_a_question_and_says_who_is_shown(
    make_window: MakeWindow, street: Path, qtbot: QtBot
) -> None:
    window = opened(make_window, qtbot, street, "1")
    assert window.windowTitle() == "street.pkl · person 1 — Refit"
    assert window.people.row.isVisible()
    assert rows(window) == ["Person 0 · 6 frames", "Person 1 · 8 frames"]
    assert window.people.row.choice.currentIndex() == 1
    assert window.statusBar().motion.text() == "Person 1 · 8 frames · no frame rate"
    assert window.actions_.next_person.isEnabled()


@pytest.mark.parametrize("write", ["interhuman", "bedlam"])
def test_others_of_the_same_kind(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot, write: str) -> None:
    if write == "interhuman":
        path = interhuman_file(tmp_path / "1.pkl", ("walk", slice(5)), ("dance", slice(5)))
        names, words = ("person1", "person2"), ["person1 · 5 frames", "person2 · 5 frames"]
    else:
        people = (("walk", slice(4), "seq_0", range(0, 20, 5)), ("dance", slice(3), "seq_0", range(5, 20, 5)))
        path = bedlam_file(tmp_path / "labels.npz", *people)
        names = ("seq_0/rp_0", "seq_0/rp_1")
        words = ["seq_0/rp_0 · 4 frames", "seq_0/rp_1 · 3 frames"]
    window = opened(make_window, qtbot, path, names[0])
    assert rows(window) == words
    window.actions_.next_person.trigger()
    settled(window, qtbot, names[1])
    window.actions_.next_person.trigger()
    settled(window, qtbot, names[0])


def test_a_file_of_one_person_has_none_of_it(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.people.row.isVisible()
    assert not window.actions_.next_person.isEnabled()
    for action in (window.actions_.next_person, window.actions_.other_people, window.actions_.fit_people):
        assert not action.isVisible()
    assert not window.people.menu.menuAction().isVisible()
    assert window.statusBar().motion.text().startswith("24 frames")


def test_each_keeps_fit_history_mask_and_notes(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "1", autofit=True)
    document, history = window.state.document, window.history
    first = document.result
    assert first is not None
    assert first.fitted.all()
    valid = document.valid.copy()
    valid[:500] = False
    document.set_mask(valid)
    history.add("mask")
    document.set_accepted((NOTE,))
    history.add("accepted")
    window.state.playback.set_selection((1, 4))
    window.state.playback.set_frame(3)
    steps = [step.name for step in history.steps]

    window.people.row.choice.activated.emit(0)
    settled(window, qtbot, "0")
    # The same moment: frame 15 of the video.
    assert window.state.playback.frame == 5
    assert document.result is not first
    assert document.result.fitted.all()
    assert document.accepted == ()
    assert len(history) == 1
    assert document.valid[:500].any()
    assert window.state.playback.selection is None
    assert document.lost == ("street.pkl · person 1",)
    assert "unsaved" in window.windowTitle()
    own = document.result

    window.state.playback.set_frame(4)
    window.actions_.previous_person.trigger()
    settled(window, qtbot, "1")
    assert document.result.poses is first.poses
    assert [step.name for step in history.steps] == steps
    assert document.accepted == (NOTE,)
    assert not document.valid[:500].any()
    assert window.state.playback.selection == (1, 4)
    assert window.state.playback.frame == 2
    assert document.lost == ("street.pkl · person 1",)
    history.undo()
    history.undo()
    assert document.valid[:500].any()
    assert document.accepted == ()

    window.actions_.next_person.trigger()
    settled(window, qtbot, "0")
    assert document.result.poses is own.poses


def test_what_is_in_a_file_stays_in_it(
    make_window: MakeWindow, street: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    window = opened(make_window, qtbot, street, "1", autofit=True)
    document = window.state.document
    document.set_accepted((NOTE,))
    window.history.add("accepted")
    assert document.loses_work
    document.set_saved()
    assert not document.loses_work
    window.actions_.next_person.trigger()
    settled(window, qtbot, "0")
    assert not document.loses_work
    window.actions_.next_person.trigger()
    settled(window, qtbot, "1")
    assert not document.loses_work
    document.set_accepted((NOTE, NOTE))
    assert document.loses_work


def test_work_on_another_person_is_asked_about(
    make_window: MakeWindow, street: Path, motion_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "1")
    valid = window.state.document.valid.copy()
    valid[:500] = False
    window.state.document.set_mask(valid)
    window.history.add("mask")
    window.actions_.next_person.trigger()
    settled(window, qtbot, "0")
    asked: list[str] = []

    def cancel(box: QMessageBox) -> int:
        asked.append(box.informativeText())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", cancel)
    window.files.open_path(motion_file)
    assert asked == ["The work on street.pkl · person 1 is not in a file yet."]
    assert window.people.desk.shown is not None
    window.people.desk.forget()
    window.files.open_path(motion_file)
    qtbot.waitUntil(lambda: window.state.document.frames == 24, timeout=FIT_MS)
    assert window.people.desk.shown is None
    assert not window.people.row.isVisible()
    assert len(asked) == 1


def test_a_fit_nobody_asked_for_begins_anew(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = wham_file(tmp_path / "long.pkl", ("walk", slice(300), 0), ("dance", slice(200), 0))
    window = opened_running(make_window, qtbot, path)
    state = window.state
    window.actions_.next_person.trigger()
    settled(window, qtbot, "1")
    window.actions_.next_person.trigger()
    settled(window, qtbot, "0")
    assert state.document.result is not None
    assert state.document.result.fitted.all()
    assert [step.name for step in window.history.steps] == ["", "fit of all frames"]


def opened_running(make_window: MakeWindow, qtbot: QtBot, path: Path) -> MainWindow:
    """A window in which the automatic fit is under way and shows something."""
    window = make_window(path, autofit=True)
    state = window.state
    qtbot.waitUntil(lambda: window.people.desk.shown is not None, timeout=FIT_MS)
    assert state.activity.run.active
    return window


def test_the_camera_goes_over(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = wham_file(tmp_path / "row.pkl", ("walk", slice(6), 0), ("walk", slice(6), 0))
    window = opened(make_window, qtbot, path, "0")
    scene = window.viewport.scene
    window.viewport.show_view("front")
    qtbot.waitUntil(lambda: not window.viewport._fresh, timeout=FIT_MS)
    before = scene.camera.pose
    window.actions_.next_person.trigger()
    settled(window, qtbot, "1")
    qtbot.wait(50)
    after = window.viewport.scene.camera.pose
    went = np.array(after.focal_point) - before.focal_point
    assert np.allclose(went, np.array(after.position) - before.position, atol=1e-3)
    assert np.hypot(*went[:2]) == pytest.approx(1.2, abs=0.05)

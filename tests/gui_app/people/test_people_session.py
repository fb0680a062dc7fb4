"""A session of a file of several people has what was done for each of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.errors import FileError
from core.outputs import sessions
from core.outputs.sessions import load_session, save_session
from gui_app.app.main_window import MainWindow
from gui_app.document.view import Ruler, SecondFit
from gui_app.scene.skin_colours import DIFFERENCE
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS
from tests.gui_app.people.scene_files import wham_file
from tests.gui_app.people.test_people import NOTE, rows, settled

MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    people = ("walk", slice(6), 10), ("dance", slice(5), 10), ("walk", slice(20, 24), 10)
    return wham_file(tmp_path / "street.pkl", *people)


@pytest.fixture
def two(make_window: MakeWindow, street: Path, qtbot: QtBot) -> MainWindow:
    """A window in which two of three people are fitted, and something is accepted of each."""
    window = make_window(street, autofit=True)
    settled(window, qtbot, "0")
    for person in ("1", "0"):
        window.state.document.set_accepted((NOTE,))
        window.history.add("accepted")
        window.people.desk.go_to(person)
        settled(window, qtbot, person)
    return window


def saved(window: MainWindow, path: Path, qtbot: QtBot) -> Path:
    window.sessions._write(Place(path, replace=True), None)
    qtbot.waitUntil(lambda: not window.writer.waiting, timeout=FIT_MS)
    qtbot.waitUntil(lambda: window.sessions.file.path == path, timeout=FIT_MS)
    return path


@pytest.mark.parametrize("source_is_there", [True, False])
def test_each_comes_back(
    two: MainWindow,
    make_window: MakeWindow,
    street: Path,
    tmp_path: Path,
    qtbot: QtBot,
    source_is_there: bool,
) -> None:
    assert len(two.state.document.lost) == 2
    path = saved(two, tmp_path / "street.refit", qtbot)
    assert two.state.document.lost == ()
    mine = two.state.document.result
    if not source_is_there:
        street.unlink()
    window = make_window(path)
    settled(window, qtbot, "0")
    qtbot.waitUntil(lambda: not window.people.desk._thread.busy, timeout=FIT_MS)
    assert len(rows(window)) == (3 if source_is_there else 2)
    document = window.state.document
    np.testing.assert_array_equal(document.result.poses, mine.poses)
    assert document.lost == ()
    window.people.desk.go_to("1")
    settled(window, qtbot, "1")
    assert len(document.result) == 5
    assert document.accepted == (NOTE,)
    assert [step.name for step in window.history.steps] == ["", "fit of all frames", "accepted"]
    assert document.lost == ()
    assert window.sessions.file.path == path
    # Saved in its place, by whom nobody has gone back to as well.
    saved(window, path, qtbot)
    again = load_session(path)
    assert again.source.reading.person == "1"
    assert [one.source.reading.person for one in again.people] == ["0"]


def test_who_was_not_gone_to_stays_in_it(
    two: MainWindow, make_window: MakeWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = saved(two, tmp_path / "street.refit", qtbot)
    window = make_window(path)
    settled(window, qtbot, "0")
    before = load_session(path)
    saved(window, tmp_path / "other.refit", qtbot)
    after = load_session(tmp_path / "other.refit")
    assert [one.source for one in after.people] == [one.source for one in before.people]
    for one, other in zip(before.people[0].steps, after.people[0].steps, strict=True):
        assert (one.name, one.accepted) == (other.name, other.accepted)
        assert (one.result is None) == (other.result is None)


def test_the_question_saves_all(
    two: MainWindow, motion_file: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(two, tmp_path / "street.refit", qtbot)
    two.state.document.set_accepted((NOTE, NOTE))
    two.history.add("accepted twice")
    two.people.desk.go_to("1")
    settled(two, qtbot, "1")
    assert two.state.document.lost == ("street.pkl · person 0",)
    asked: list[list[str]] = []

    def save(box: QMessageBox) -> int:
        asked.append([button.text() for button in box.buttons()])
        next(button for button in box.buttons() if button.text() == "Save session").click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", save)
    two.files.open_path(motion_file)
    qtbot.waitUntil(lambda: two.state.document.frames == 24, timeout=FIT_MS)
    assert len(asked) == 1
    assert "Save fit…" not in asked[0]
    people = {one.source.reading.person: one.now for one in load_session(path).people}
    assert people["0"].accepted == (NOTE, NOTE)


def test_saving_while_going_to_another_person_asks_no_second_time(
    two: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, may_write, real = tmp_path / "street.refit", threading.Event(), save.write_session
    monkeypatch.setattr(save, "ask_where", lambda *_: pytest.fail("where to save was asked"))

    def once_allowed(*asked: Any) -> None:
        may_write.wait(FIT_MS / 1000)
        real(*asked)

    monkeypatch.setattr(save, "write_session", once_allowed)
    document, sessions = two.state.document, two.sessions
    sessions._write(Place(path, replace=False), None)
    two.people.desk.go_to("1")
    settled(two, qtbot, "1")
    assert len(document.lost) == 2
    may_write.set()
    qtbot.waitUntil(lambda: sessions.file.path == path, timeout=FIT_MS)
    # Both are in it as they were: the one who was shown, and the one who is.
    assert document.lost == ()
    document.set_accepted((NOTE, NOTE))
    two.history.add("accepted twice")
    may_write.clear()
    two.actions_.save_session.trigger()
    document.set_accepted((NOTE, NOTE, NOTE))
    two.history.add("accepted again")
    two.people.desk.go_to("0")
    settled(two, qtbot, "0")
    may_write.set()
    qtbot.waitUntil(lambda: not two.writer.waiting, timeout=FIT_MS)
    qtbot.waitUntil(lambda: not sessions._asked, timeout=FIT_MS)
    assert document.lost == ("street.pkl · person 1",), "what was done since is in no file"
    assert load_session(path).now.accepted == (NOTE, NOTE)


def test_where_to_save_is_asked_once_while_it_is_being_written(
    two: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "street.refit"
    two.sessions._write(Place(path, replace=False), None)
    monkeypatch.setattr(save, "ask_where", lambda *_: pytest.fail("where to save was asked"))
    two.actions_.save_session.trigger()
    assert len(two.sessions._asked) == 2
    qtbot.waitUntil(lambda: not two.sessions._asked, timeout=FIT_MS)
    assert two.sessions.file.path == path
    assert not two.message.isVisible()


def test_what_is_kept_in_case_of_a_crash_has_all(two: MainWindow, qtbot: QtBot) -> None:
    two.autosave.keep()
    qtbot.waitUntil(lambda: not two.writer.waiting, timeout=FIT_MS)
    [one] = load_session(two.autosave.file).people
    assert one.now.result is not None
    assert one.now.accepted == (NOTE,)


def test_what_was_measured_on_somebody_stays_theirs(
    two: MainWindow, make_window: MakeWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    ruler = Ruler(("source", 100), ("fit", 200))
    two.state.view.set_rulers((ruler,))
    two.people.desk.go_to("1")
    settled(two, qtbot, "1")
    assert two.state.view.rulers == ()
    path = saved(two, tmp_path / "street.refit", qtbot)
    two.people.desk.go_to("0")
    settled(two, qtbot, "0")
    assert two.state.view.rulers == (ruler,)
    window = make_window(path)
    settled(window, qtbot, "1")
    window.people.desk.go_to("0")
    settled(window, qtbot, "0")
    assert window.state.view.rulers == (ruler,)


def test_what_is_compared_of_somebody_is_compared_again(two: MainWindow, qtbot: QtBot) -> None:
    view, document = two.state.view, two.state.document
    fit = document.result
    moved = replace(fit, transl=fit.transl + np.float32(0.01), poses=fit.poses.copy())
    two.beside.begin(SecondFit(moved, "Made"))
    two.people.desk.go_to("1")
    settled(two, qtbot, "1")
    assert (view.second, view.colouring) == (None, "error")
    own = document.result
    document.set_result(replace(own, poses=own.poses.copy()), None)
    two.history.add("edit")
    two.beside.begin_with(two.history.steps[1])
    view.change(colouring="plain")
    for person, second, colouring in (
        ("0", moved, DIFFERENCE.name),
        ("1", own, "plain"),
        ("0", moved, "plain"),
    ):
        two.people.desk.go_to(person)
        settled(two, qtbot, person)
        assert view.second.result.poses is second.poses
        assert view.colouring == colouring
        two.state.view.change(colouring="plain")
    # At its end there is the colour that was chosen while somebody else was shown.
    two.beside.end()
    two.beside.begin(SecondFit(moved, "Made"))
    assert view.colouring == DIFFERENCE.name
    two.people.desk.go_to("1")
    settled(two, qtbot, "1")
    two.beside.end()
    view.change(colouring="parts")
    two.people.desk.go_to("0")
    settled(two, qtbot, "0")
    assert view.colouring == DIFFERENCE.name
    two.beside.end()
    assert view.colouring == "parts"


def test_people_within_people_are_refused(two: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = saved(two, tmp_path / "street.refit", qtbot)
    contents, arrays = json.loads(sessions._contents(path)), sessions.read_npz(path)
    [person] = contents["people"]
    for people in ([3], [{**person, "people": [person]}]):
        damaged = json.dumps({**contents, "people": people})
        with pytest.raises(FileError, match=r"people\[0\] is not a json object of a person"):
            sessions._Reader(path, damaged, arrays).session()


def test_a_session_of_an_earlier_version_has_one_person(
    two: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    session = load_session(saved(two, tmp_path / "street.refit", qtbot))
    alone = tmp_path / "alone.refit"
    save_session(alone, replace(session, people=()))
    assert "people" not in json.loads(sessions._contents(alone))
    two.files.open_path(alone)
    qtbot.waitUntil(lambda: not two.state.activity.opening, timeout=FIT_MS)
    settled(two, qtbot, "0")
    assert two.people.desk.sessions() == []
    two.people.desk.go_to("1")
    settled(two, qtbot, "1")
    assert two.state.document.accepted == ()

"""All people of a file fitted in turn, most of them behind the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.errors import RefitError
from core.fitting.run import FitRun
from gui_app.app.main_window import MainWindow
from gui_app.files import open_controller
from gui_app.files.open import open_file
from gui_app.people import fit_all, person_fit
from tests.gui_app.conftest import FIT_MS
from tests.gui_app.people.scene_files import bedlam_file, wham_file
from tests.gui_app.people.test_people import NOTE, rows, settled

MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    people = ("walk", slice(6), 10), ("dance", slice(5), 12), ("walk", slice(20, 24), 10)
    return wham_file(tmp_path / "street.pkl", *people)


def opened(make_window: MakeWindow, qtbot: QtBot, path: Path, person: str, **more: bool) -> MainWindow:
    window = make_window(path, **more)
    settled(window, qtbot, person)
    return window


def over(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.people.fits.going, timeout=FIT_MS)


def names(window: MainWindow) -> list[str]:
    return [step.name for step in window.history.steps]


def test_each_has_a_fit_of_their_own(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "0")
    window.actions_.fit_people.trigger()
    assert window.people.row.words.isVisible()
    assert window.people.row.words.words == "Fitting 1 of 3 people"
    over(window, qtbot)
    assert not window.people.row.words.isVisible()
    assert window.people.desk.shown.name == "0"
    assert set(window.people.desk.means()) == {"0", "1", "2"}
    assert all(words.endswith(" mm") for words in rows(window))
    assert "Fitted 3 of 3 people" in window.statusBar().words.text()
    assert set(window.state.document.lost) == {f"street.pkl · person {one}" for one in "012"}
    for person, frames in (("1", 5), ("2", 4), ("0", 6)):
        window.people.desk.go_to(person)
        settled(window, qtbot, person)
        assert len(window.state.document.result) == frames
        assert window.state.document.result.fitted.all()
        assert names(window) == ["", "fit of all frames"]
    window.history.undo()
    assert window.state.document.result is None


def test_what_was_done_for_somebody_stays_below_it(
    make_window: MakeWindow, street: Path, qtbot: QtBot
) -> None:
    window = opened(make_window, qtbot, street, "0")
    window.people.desk.go_to("1")
    settled(window, qtbot, "1")
    document = window.state.document
    valid = document.valid.copy()
    valid[:500] = False
    document.set_mask(valid)
    window.history.add("mask")
    document.set_accepted((NOTE,))
    window.history.add("accepted")
    window.people.desk.go_to("0")
    settled(window, qtbot, "0")
    window.actions_.fit_people.trigger()
    over(window, qtbot)
    window.people.desk.go_to("1")
    settled(window, qtbot, "1")
    assert names(window) == ["", "mask", "accepted", "fit of all frames"]
    assert document.accepted == (NOTE,)
    assert not document.valid[:500].any()
    window.history.undo()
    assert document.result is None
    assert document.accepted == (NOTE,)


def test_the_row_tells_the_mean_of_the_fit_there_is(
    make_window: MakeWindow, street: Path, qtbot: QtBot
) -> None:
    window = opened(make_window, qtbot, street, "0", autofit=True)
    qtbot.waitUntil(lambda: rows(window)[0].endswith(" mm"), timeout=FIT_MS)
    window.state.document.set_result(None, None)
    window.history.add("removal of the fit")
    qtbot.waitUntil(lambda: not rows(window)[0].endswith(" mm"), timeout=FIT_MS)
    window.history.undo()
    qtbot.waitUntil(lambda: rows(window)[0].endswith(" mm"), timeout=FIT_MS)


def test_a_fit_that_is_over_while_its_person_is_read_is_not_lost(
    make_window: MakeWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "0", autofit=True)
    window.actions_.autofit.setChecked(False)
    desk, fits, real = window.people.desk, window.people.fits, fit_all.fit_person
    read_on, fitted = threading.Event(), threading.Event()

    def once_asked_for(asked: person_fit.PersonRequest, progress: object) -> object:
        fitted.wait(FIT_MS / 1000)
        return real(asked, progress)  # type: ignore[arg-type]

    def slowly(*told: Any, **more: Any) -> object:
        read_on.wait(FIT_MS / 1000)
        return open_file(*told, **more)

    monkeypatch.setattr(fit_all, "fit_person", once_asked_for)
    monkeypatch.setattr(open_controller, "open_file", slowly)
    window.actions_.fit_people.trigger()
    qtbot.waitUntil(lambda: fits._behind == "1", timeout=FIT_MS)
    desk.go_to("1")
    fitted.set()
    # It is over before they are there.
    qtbot.waitUntil(lambda: "1" in desk.means() or fits._behind != "1", timeout=FIT_MS)
    read_on.set()
    settled(window, qtbot, "1")
    over(window, qtbot)
    assert window.state.document.has_fit
    assert set(desk.means()) == {"0", "1", "2"}


def test_a_device_that_is_left_behind_the_window_is_told(
    make_window: MakeWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "0", autofit=True)
    told: list[str] = []
    monkeypatch.setattr(window.state.activity, "fail", told.append)
    monkeypatch.setattr(FitRun, "left_device", property(lambda _: "cuda:0 failed; it goes on elsewhere"))
    window.actions_.fit_people.trigger()
    over(window, qtbot)
    sentence = "cuda:0 failed; it went on elsewhere"
    assert {f"Person 1: {sentence}", f"Person 2: {sentence}"} <= set(told)
    told.clear()
    window.actions_.compare_recipe.trigger()
    qtbot.waitUntil(lambda: window.beside.second is not None, timeout=FIT_MS)
    assert told == [sentence]


def test_only_those_of_the_scene(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot) -> None:
    people = [("walk", slice(3), scene, range(3)) for scene in "aba"]
    path = bedlam_file(tmp_path / "labels.npz", *people)
    window = opened(make_window, qtbot, path, "a/rp_0")
    window.actions_.fit_people.trigger()
    over(window, qtbot)
    assert set(window.people.desk.means()) == {"a/rp_0", "a/rp_2"}


def test_cancelled(
    make_window: MakeWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "0", autofit=True)
    real = fit_all.fit_person

    def until_cancelled(asked: person_fit.PersonRequest, progress: object) -> object:
        if asked.request is not None and asked.request.answer.reading.person == "2":
            asked.stop.wait(FIT_MS / 1000)
        return real(asked, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(fit_all, "fit_person", until_cancelled)
    window.actions_.fit_people.trigger()
    qtbot.waitUntil(lambda: window.people.fits.words.startswith("Fitting 3 of 3"), timeout=FIT_MS)
    assert not window.actions_.fit_people.isEnabled()
    window.people.row.cancel.click()
    assert not window.people.fits.going
    assert window.actions_.fit_people.isEnabled()
    assert set(window.people.desk.means()) == {"0", "1"}


def test_who_is_gone_to_is_fitted_in_the_window(
    make_window: MakeWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "0", autofit=True)
    real = fit_all.fit_person
    behind: list[str | None] = []

    def slow(asked: person_fit.PersonRequest, progress: object) -> object:
        behind.append(asked.request.answer.reading.person)
        if behind == ["1"]:
            asked.stop.wait(FIT_MS / 1000)
        return real(asked, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(fit_all, "fit_person", slow)
    window.actions_.fit_people.trigger()
    qtbot.waitUntil(lambda: behind == ["1"], timeout=FIT_MS)
    window.people.desk.go_to("1")
    settled(window, qtbot, "1")
    over(window, qtbot)
    assert behind == ["1", "2"]
    assert set(window.people.desk.means()) == {"0", "1", "2"}
    assert names(window) == ["", "fit of all frames"]


def test_one_who_cannot_be_fitted_is_told_and_the_others_are(
    make_window: MakeWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "0")
    real = person_fit.open_motion

    def fails(path: Path, models: object, answer: object, *more: object) -> object:
        if answer.reading.person == "1":  # type: ignore[attr-defined]
            raise RefitError("there is no such body")
        return real(path, models, answer, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(person_fit, "open_motion", fails)
    window.actions_.fit_people.trigger()
    over(window, qtbot)
    assert set(window.people.desk.means()) == {"0", "2"}
    assert window.message.words.text() == "Person 1: there is no such body"
    assert "Fitted 2 of 3 people" in window.statusBar().words.text()


def test_another_file_ends_it(
    make_window: MakeWindow, street: Path, motion_file: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(make_window, qtbot, street, "0", autofit=True)
    monkeypatch.setattr(fit_all, "fit_person", lambda asked, _: asked.stop.wait(FIT_MS / 1000))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: 0)
    window.actions_.fit_people.trigger()
    qtbot.waitUntil(lambda: window.people.fits.words.startswith("Fitting 2 of 3"), timeout=FIT_MS)
    window.state.document.set_saved()
    window.files.open_path(motion_file)
    qtbot.waitUntil(lambda: window.state.document.frames == 24, timeout=FIT_MS)
    assert not window.people.fits.going
    assert not window.actions_.fit_people.isVisible()

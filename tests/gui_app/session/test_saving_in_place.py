"""A session is saved where it is, two windows on one know of each other, and only the user's own work is
asked about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core.fitting.run import FitRun
from core.outputs.results import RESULT
from core.outputs.sessions import load_session
from gui_app.app.main_window import MainWindow
from gui_app.document.actions import SPECS
from gui_app.export.kinds import KINDS
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS, cut_file, end
from tests.gui_app.session.test_sessions import edit_a_row, saved_as

Make = Callable[..., MainWindow]


class Asked(list[str]):
    """What was asked; ``answer`` is the button that is pressed, '' for the one of Escape."""

    answer = ""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    questions = Asked()

    def answer(box: QMessageBox) -> int:
        questions.append(box.text())
        pressed = next((button for button in box.buttons() if button.text() == questions.answer), None)
        monkeypatch.setattr(QMessageBox, "clickedButton", lambda _: pressed)
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    return questions


@pytest.fixture
def browsed(make_window: Make, motion_file: Path, stroll_again: type[FitRun], qtbot: QtBot) -> MainWindow:
    """A window whose motion was fitted as it was opened, without anybody's doing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.fitting.run.FitRun", stroll_again)
        window = make_window(motion_file, autofit=True)
        settled(window, qtbot)
    return window


def settled(window: MainWindow, qtbot: QtBot) -> None:
    document, activity = window.state.document, window.state.activity
    qtbot.waitUntil(lambda: document.result is not None and not activity.run.active, timeout=FIT_MS)


def written(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.writer.waiting, timeout=FIT_MS)


def test_after_the_automatic_fit_alone_nothing_is_asked(
    browsed: MainWindow, asked: Asked, walk: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window = browsed
    window.actions_.autofit.setChecked(False)
    assert window.state.document.saved
    assert "unsaved" not in window.windowTitle()
    with qtbot.waitSignal(window.files.shown, timeout=FIT_MS):
        window.actions_.builtin.trigger()
    window.actions_.autofit.setChecked(True)
    with qtbot.waitSignal(window.files.shown, timeout=FIT_MS):
        window.files.open_path(cut_file(walk, tmp_path / "next_poses.npz", 10))
    # While it is being fitted, too.
    qtbot.waitUntil(lambda: window.state.document.result is not None, timeout=FIT_MS)
    window.actions_.autofit.setChecked(False)
    with qtbot.waitSignal(window.files.shown, timeout=FIT_MS):
        window.files.open_path(cut_file(walk, tmp_path / "last_poses.npz", 10))
    window.close()
    # A thread that is still at work is waited for.
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=FIT_MS)
    assert asked == []


def test_after_work_of_ones_own_leaving_asks_until_it_is_taken_back(
    browsed: MainWindow, asked: Asked, qtbot: QtBot
) -> None:
    window = browsed
    edit_a_row(window)
    window.state.document.settle()
    qtbot.waitUntil(lambda: len(window.history) == 2, timeout=FIT_MS)
    assert "unsaved" in window.windowTitle()
    window.close()
    assert window.isVisible()
    assert asked == ["Close without saving this work?"]
    window.actions_.undo.trigger()
    window.painting.use_part("hands")
    window.close()
    assert len(asked) == 2
    window.actions_.undo.trigger()
    window.close()
    # A thread that is still at work is waited for.
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=FIT_MS)
    assert len(asked) == 2


def test_a_mask_made_before_there_is_a_fit_is_work(
    make_window: Make, motion_file: Path, asked: Asked, qtbot: QtBot, own_settings: Path, tmp_path: Path
) -> None:
    window = make_window(motion_file, autofit=False)
    document = window.state.document
    assert document.saved
    window.painting.use_part("hands")
    assert "unsaved" in window.windowTitle()
    window.close()
    assert window.isVisible()
    assert asked == ["Close without saving this work?"]
    # It is kept for the case that Refit ends, and is in no file of the user's then.
    window.autosave.keep()
    written(window, qtbot)
    kept = load_session(window.autosave.file)
    np.testing.assert_array_equal(kept.now.valid, document.valid)
    left = shutil.copy(window.autosave.file, own_settings / "kept" / "kept-1-0.refit")
    other = make_window(None, wait=False)
    qtbot.waitUntil(other.left_over.isVisible, timeout=FIT_MS)
    with qtbot.waitSignal(other.files.shown, timeout=FIT_MS):
        other.left_over.restore.click()
    assert not left.exists()
    np.testing.assert_array_equal(other.state.document.valid, document.valid)
    assert other.state.document.loses_work
    # In a file of its own it is not lost, until that goes.
    mask = tmp_path / "hands.npy"
    assert window.painting.save(mask, False)
    assert document.saved
    mask.unlink()
    assert document.loses_work
    window.actions_.undo.trigger()
    assert "unsaved" not in window.windowTitle()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=FIT_MS)
    assert len(asked) == 1


def test_a_session_without_a_fit_has_the_mask(
    make_window: Make, motion_file: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(motion_file, autofit=False)
    window.painting.use_part("hands")
    assert window.state.document.loses_work
    saved_as(window, tmp_path / "masked.refit", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: window.state.document.saved, timeout=FIT_MS)
    other = make_window(tmp_path / "masked.refit")
    assert other.state.document.saved
    np.testing.assert_array_equal(other.state.document.valid, window.state.document.valid)


def test_a_session_that_somebody_deleted_has_nothing(
    fitted: MainWindow, asked: Asked, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.refit"
    saved_as(fitted, path, monkeypatch, qtbot)
    qtbot.waitUntil(lambda: fitted.state.document.saved, timeout=FIT_MS)
    assert "unsaved" not in fitted.windowTitle()
    path.unlink()
    QApplication.sendEvent(fitted, QEvent(QEvent.Type.WindowActivate))
    assert "unsaved" in fitted.windowTitle()
    fitted.close()
    assert fitted.isVisible()
    assert asked == ["Close without saving this work?"]
    fitted.actions_.save_session.trigger()
    written(fitted, qtbot)
    qtbot.waitUntil(lambda: fitted.state.document.saved, timeout=FIT_MS)
    assert path.exists()


def test_work_on_a_motion_that_comes_with_refit_is_work_too(
    make_window: Make,
    walk: Path,
    asked: Asked,
    qtbot: QtBot,
    stroll_again: type[FitRun],
    motion_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.files.builtin_files.builtin_motions", lambda: [motion_file])
    monkeypatch.setattr("core.fitting.run.FitRun", stroll_again)
    window = make_window(motion_file)
    assert window.state.document.opened is not None
    assert window.state.document.opened.builtin_motion
    window.actions_.fit.trigger()
    settled(window, qtbot)
    assert not window.state.document.loses_work
    edit_a_row(window)
    window.state.document.settle()
    qtbot.waitUntil(lambda: len(window.history) == 2, timeout=FIT_MS)
    window.close()
    assert asked == ["Close without saving this work?"]


def test_a_session_is_saved_where_it_is_and_named_in_the_title(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "day one.refit"
    assert "refit" not in fitted.windowTitle()
    saved_as(fitted, place, monkeypatch, qtbot)
    qtbot.waitUntil(lambda: fitted.state.document.saved, timeout=FIT_MS)
    assert fitted.windowTitle() == "day one.refit · stroll_poses.npz — Refit"
    monkeypatch.setattr(save, "ask_where", lambda *_: pytest.fail("it has a place"))
    edit_a_row(fitted)
    fitted.state.document.settle()
    qtbot.waitUntil(lambda: len(fitted.history) == 2, timeout=FIT_MS)
    assert fitted.windowTitle().startswith("day one.refit · stroll_poses.npz ● unsaved")
    assert fitted.actions_.save_session.shortcut().toString() == "Ctrl+S"
    for _ in range(2):
        fitted.actions_.save_session.trigger()
    written(fitted, qtbot)
    qtbot.waitUntil(lambda: fitted.state.document.saved, timeout=FIT_MS)
    assert len(load_session(place).steps) == 3
    assert not fitted.sessions.file.written_by_others
    fitted.actions_.undo.trigger()
    fitted.actions_.redo.trigger()
    assert fitted.state.document.saved


def test_saving_in_the_question_does_what_was_asked_about_once_it_is_written(
    fitted: MainWindow, asked: Asked, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a.refit"
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(tmp_path / "no folder" / "a.refit"))
    asked.answer = "Save session"
    fitted.close()
    qtbot.waitUntil(fitted.message.isVisible, timeout=FIT_MS)
    assert "there is no folder" in fitted.message.words.text()
    assert fitted.isVisible(), "what could not be saved stays"
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(place))
    fitted.close()
    qtbot.waitUntil(lambda: not fitted.isVisible(), timeout=FIT_MS)
    assert len(asked) == 2
    assert load_session(place).now.name == "fit of all frames"


def test_two_windows_on_one_session_know_of_each_other(
    fitted: MainWindow,
    make_window: Make,
    asked: Asked,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own_settings: Path,
) -> None:
    place = tmp_path / "a.refit"
    saved_as(fitted, place, monkeypatch, qtbot)
    qtbot.waitUntil(lambda: fitted.sessions.file.path == place, timeout=FIT_MS)
    assert not fitted.message.isVisible()
    (tmp_path / "other way").symlink_to(tmp_path, target_is_directory=True)
    other = make_window(tmp_path / "other way" / "a.refit")
    for window in (fitted, other):
        qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
        assert "a.refit is open in another window too" in window.message.words.text()
    edit_a_row(other)
    other.actions_.save_session.trigger()
    written(other, qtbot)
    qtbot.waitUntil(lambda: other.state.document.saved, timeout=FIT_MS)
    assert asked == []
    theirs = place.read_bytes()

    fitted.actions_.save_session.trigger()
    written(fitted, qtbot)
    assert asked == ["Replace what a.refit holds now?"]
    assert place.read_bytes() == theirs
    asked.answer = "Replace"
    fitted.actions_.save_session.trigger()
    written(fitted, qtbot)
    qtbot.waitUntil(lambda: place.read_bytes() != theirs, timeout=FIT_MS)
    qtbot.waitUntil(lambda: not fitted.sessions.file.written_by_others, timeout=FIT_MS)
    end(other, qtbot)
    assert not fitted.sessions.file.is_shared
    assert len(list((own_settings / "kept").glob("open-*.lock"))) == 1
    end(fitted, qtbot)
    assert list((own_settings / "kept").glob("open-*.lock")) == []


def test_what_is_saved_of_a_motion_that_is_left_is_not_the_place_of_the_next(
    fitted: MainWindow, walk: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_as(fitted, tmp_path / "a.refit", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: fitted.state.document.saved, timeout=FIT_MS)
    with qtbot.waitSignal(fitted.files.shown, timeout=FIT_MS):
        fitted.files.open_path(cut_file(walk, tmp_path / "next_poses.npz", 10))
    assert fitted.sessions.file.path is None
    assert fitted.windowTitle() == "next_poses.npz — Refit"
    os.utime(tmp_path / "a.refit")
    places: list[Path] = []
    monkeypatch.setattr(save, "ask_where", lambda _window, start, _kind: places.append(start))
    fitted.actions_.save_session.trigger()
    assert [place.name for place in places] == ["next.refit"]


def test_weights_of_vertices_are_work_that_a_session_has(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = fitted.state.document
    saved_as(fitted, tmp_path / "a.refit", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: document.saved, timeout=FIT_MS)
    weights = np.ones(len(document.snapshot.valid), np.float32)
    weights[:9] = 2.0
    document.set_weights(weights)
    assert not document.saved
    assert document.loses_work
    assert "unsaved" in fitted.windowTitle()
    document.set_weights(None)
    assert document.saved
    document.set_weights(weights)
    fitted.history.add("weights of vertices")
    fitted.actions_.save_session.trigger()
    written(fitted, qtbot)
    qtbot.waitUntil(lambda: document.saved, timeout=FIT_MS)
    assert not document.loses_work


def test_the_fit_is_what_an_export_offers_first() -> None:
    assert KINDS[0] is RESULT
    assert SPECS["export"].keys == ("Ctrl+E",)

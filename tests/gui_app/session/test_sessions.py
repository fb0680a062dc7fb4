"""Sessions: saved and opened as they were left, and what is left over when the process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from core.errors import FileError
from core.outputs.sessions import load_session, save_session
from core.session.session import Session
from gui_app.app.main_window import MainWindow
from gui_app.document.run_status import RunStatus
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS, end

Make = Callable[..., MainWindow]


def saved_as(window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Session:
    """Saves the session from the menu."""
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(path, replace=True))
    window.actions_.save_session_as.trigger()
    qtbot.waitUntil(lambda: not window.writer.waiting, timeout=FIT_MS)
    return load_session(path)


def edit_a_row(window: MainWindow) -> None:
    """One more step: a joint of the frame shown is turned by hand."""
    window.actions_.parameters.setChecked(True)
    rows = window.panels.parameters.panel.pose.rows
    rows.fields[0].setValue(12.0)
    rows.finished.emit()


def test_a_session_opens_as_it_was_left(
    fitted: MainWindow, make_window: Make, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = fitted.state
    state.playback.set_frame(7)
    edit_a_row(fitted)
    state.document.settle()
    qtbot.waitUntil(lambda: len(fitted.history) == 2, timeout=FIT_MS)
    fitted.actions_.layout_overlay.trigger()
    fitted.actions_.layer_skeleton.trigger()
    state.playback.set_selection((3, 9))
    fitted.viewport.show_view("side")
    fitted.recipes.choose("fast")
    qtbot.waitUntil(lambda: not fitted.viewport._redraw._waiting, timeout=FIT_MS)
    camera = fitted.viewport.scene.camera.pose
    saved_as(fitted, tmp_path / "a.refit", monkeypatch, qtbot)
    assert state.document.saved

    fitted.recipes.choose("accurate")
    other = make_window(tmp_path / "a.refit")
    assert other.state.playback.frame == 7
    assert other.state.playback.selection == (3, 9)
    assert (other.state.view.layout, other.state.view.layers.skeleton) == ("overlay", True)
    assert other.state.document.saved
    assert other.recipes.name == "fast"
    assert state.document.result is not None
    assert other.state.document.result is not None
    assert np.array_equal(other.state.document.result.poses, state.document.result.poses)
    qtbot.waitUntil(
        lambda: np.allclose(other.viewport.scene.camera.pose.position, camera.position), timeout=FIT_MS
    )
    assert other.history.undo_name == fitted.history.undo_name
    other.actions_.undo.trigger()
    fitted.actions_.undo.trigger()
    assert np.array_equal(other.state.document.result.poses, state.document.result.poses)
    assert other.state.document.result.edited.sum() == 0
    other.actions_.undo.trigger()
    assert other.state.document.result is None


def test_what_is_kept_of_a_long_history_is_its_newest_steps(fitted: MainWindow, qtbot: QtBot) -> None:
    edit_a_row(fitted)
    fitted.state.document.settle()
    qtbot.waitUntil(lambda: len(fitted.history) == 2, timeout=FIT_MS)
    now, last = fitted.autosave._now, fitted.history.now.snapshot
    size = sum({id(array): array.nbytes for array in last.arrays()}.values())
    for most_bytes, count in ((None, 3), (10 * size, 3), (size, 1), (1, 1)):
        session = now.take(most_bytes=most_bytes)
        assert session is not None
        assert len(session.steps) == count
        assert session.now.result is last.result


def test_a_mask_painted_before_any_fit_comes_back(
    window: MainWindow, make_window: Make, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.state.document.valid is not None
    before = window.state.document.valid.copy()
    window.actions_.mask.trigger()
    window.painting.use_part("hands")
    painted = window.state.document.valid.copy()
    assert 0 < painted.sum() < before.sum()
    saved_as(window, tmp_path / "a.refit", monkeypatch, qtbot)
    other = make_window(tmp_path / "a.refit")
    assert other.state.document.result is None
    assert other.state.document.valid is not None
    assert np.array_equal(other.state.document.valid, painted)
    other.actions_.undo.trigger()
    assert np.array_equal(other.state.document.valid, before)


def test_what_cannot_be_read_is_told_what_is_elsewhere_asked_for_and_neither_is_needed(
    fitted: MainWindow,
    make_window: Make,
    motion_file: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = saved_as(fitted, tmp_path / "a.refit", monkeypatch, qtbot)
    data = (tmp_path / "a.refit").read_bytes()
    (tmp_path / "half.refit").write_bytes(data[: len(data) // 2])
    before = fitted.state.document.result
    with qtbot.waitSignal(fitted.state.activity.failed, timeout=FIT_MS) as failed:
        fitted.files.open_path(tmp_path / "half.refit")
    assert str(tmp_path / "half.refit") in failed.args[0]
    assert fitted.state.document.result is before

    save_session(tmp_path / "b.refit", replace(session, motion=None))
    elsewhere = tmp_path / "moved" / "other_name.npz"
    elsewhere.parent.mkdir()
    motion_file.rename(elsewhere)
    asked: list[str] = []

    def answer(box: QMessageBox) -> int:
        asked.append(box.text())
        monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.defaultButton())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(elsewhere), ""))
    with qtbot.waitSignal(fitted.files.shown, timeout=FIT_MS):
        fitted.files.open_path(tmp_path / "b.refit")
    assert asked == ["b.refit belongs to stroll_poses.npz, which is not where it was."]
    assert fitted.state.document.opened is not None
    assert fitted.state.document.opened.motion.path == elsewhere

    # A session that holds its motion needs no file of it.
    assert not motion_file.exists()
    other = make_window(tmp_path / "a.refit")
    assert other.state.document.frames == fitted.state.document.frames
    assert other.state.document.opened is not None
    assert other.state.document.opened.name == motion_file.name


KILLED = """
import os, signal, sys
from pathlib import Path
from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from tests.show import drive
app = make_application()
window = MainWindow(Options(Path(sys.argv[1]), threads=1, device="cpu"))
window.show()
drive.wait(lambda: window.state.document.result is not None and not window.state.activity.run.active)
window.state.playback.set_frame(5)
window.autosave.keep()
drive.wait(lambda: not window.writer.waiting)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_the_next_start_offers_what_was_there(
    make_window: Make, motion_file: Path, own_settings: Path, qtbot: QtBot
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(motion_file)], env={**os.environ}, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL
    window = make_window(None, wait=False)
    bar = window.left_over
    qtbot.waitUntil(bar.isVisible, timeout=FIT_MS)
    assert "stroll_poses.npz" in bar.words.text()
    assert "after fit of all frames" in bar.words.text()
    with qtbot.waitSignal(window.files.shown, timeout=FIT_MS):
        bar.restore.click()
    assert not bar.isVisible()
    assert window.state.playback.frame == 5
    assert window.state.document.result is not None
    assert window.state.document.result.fitted.all()
    assert not window.state.document.saved
    # It is safe still: this window keeps it from now on.
    assert [file.name for file in (own_settings / "kept").glob("*.refit")] == [window.autosave.file.name]
    assert load_session(window.autosave.file).now.name == "fit of all frames"


def test_what_cannot_be_kept_is_told_once_and_tried_again(
    fitted: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FileError(fitted.autosave.file, "cannot be written: there is no space left on the disk")

    told: list[str] = []
    fitted.state.activity.failed.connect(told.append)
    with monkeypatch.context() as patch:
        patch.setattr(save, "write_session", full)
        for _ in range(2):
            fitted.autosave.keep()
            qtbot.waitUntil(lambda: not fitted.writer.waiting, timeout=FIT_MS)
    qtbot.waitUntil(lambda: len(told) > 0, timeout=FIT_MS)
    assert len(told) == 1
    assert "cannot be kept" in told[0]
    assert "no space left" in told[0]
    fitted.autosave.keep()
    qtbot.waitUntil(fitted.autosave.file.exists, timeout=FIT_MS)
    assert fitted.autosave.file.parent.stat().st_mode & 0o077 == 0


def test_one_save_does_not_hide_that_another_failed(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    fitted.state.activity.failed.connect(told.append)
    for path in (tmp_path / "nowhere" / "a.refit", tmp_path / "b.refit"):
        monkeypatch.setattr(save, "ask_where", lambda *_, path=path: Place(path))
        fitted.sessions.ask_save()
    qtbot.waitUntil(lambda: not fitted.writer.waiting, timeout=FIT_MS)
    qtbot.waitUntil(lambda: len(told) > 0, timeout=FIT_MS)
    assert "there is no folder" in told[0]
    assert (tmp_path / "b.refit").exists()


def test_discarding_what_was_kept_asks(
    make_window: Make, fitted: MainWindow, own_settings: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = fitted.autosave._now.take()
    assert session is not None
    left = own_settings / "kept" / "kept-1-0.refit"
    save_session(left, session)
    bar = make_window(None, wait=False).left_over
    qtbot.waitUntil(bar.isVisible, timeout=FIT_MS)
    asked: list[str] = []

    def answer(box: QMessageBox) -> int:
        asked.append(box.text())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    bar.discard.click()
    assert asked == ["Discard what was kept?"]
    assert left.exists()
    monkeypatch.setattr(
        QMessageBox,
        "clickedButton",
        lambda box: next(button for button in box.buttons() if button.text() == "Discard"),
    )
    bar.discard.click()
    assert not left.exists()
    assert not bar.isVisible()


def test_how_it_is_looked_at_is_kept_and_an_earlier_fit_of_more_frames_stays_shown(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    fitted.autosave.keep()
    qtbot.waitUntil(lambda: not fitted.writer.waiting, timeout=FIT_MS)
    first = fitted.autosave.file.stat().st_mtime_ns
    fitted.autosave.keep()
    assert not fitted.writer.waiting, "nothing has changed"
    fitted.actions_.layout_overlay.trigger()
    fitted.state.playback.set_frame(11)
    fitted.autosave.keep()
    qtbot.waitUntil(lambda: not fitted.writer.waiting, timeout=FIT_MS)
    assert fitted.autosave.file.stat().st_mtime_ns > first
    view = load_session(fitted.autosave.file).view
    assert (view["layout"], view["frame"]) == ("overlay", 11)

    state = fitted.state
    assert state.document.result is not None
    begun = replace(state.document.result, fitted=np.arange(state.document.frames) == 3)
    state.activity.set_run(RunStatus("running"))
    qtbot.waitUntil(lambda: not fitted.writer.waiting, timeout=FIT_MS)
    state.document.set_result(begun, None)
    fitted.autosave.keep()
    qtbot.waitUntil(lambda: not fitted.writer.waiting, timeout=FIT_MS)
    state.activity.set_run(RunStatus())
    kept = load_session(fitted.autosave.file)
    assert [step.name for step in kept.steps[1:]] == ["fit of all frames", "unfinished fit"]
    assert kept.now.name == "fit of all frames"
    assert kept.now.result is not None
    assert kept.now.result.fitted.all()


LOCKED = """
import os, signal, sys
from PySide6.QtCore import QLockFile
lock = QLockFile(sys.argv[1])
lock.lock()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_before_it_kept_anything_leaves_nothing_for_ever(
    make_window: Make, own_settings: Path, qtbot: QtBot
) -> None:
    lock = own_settings / "kept" / "kept-1-0.lock"
    lock.parent.mkdir()
    subprocess.run([sys.executable, "-c", LOCKED, str(lock)], timeout=60, check=False)
    assert lock.exists()
    window = make_window(None, wait=False)
    qtbot.waitUntil(lambda: not lock.exists(), timeout=FIT_MS)
    assert not window.left_over.isVisible()


def test_nothing_is_left_over_after_closing_in_order(
    make_window: Make, motion_file: Path, own_settings: Path, qtbot: QtBot
) -> None:
    window = make_window(motion_file, autofit=True)
    qtbot.waitUntil(
        lambda: window.state.document.result is not None and not window.state.activity.run.active,
        timeout=FIT_MS,
    )
    window.autosave.keep()
    qtbot.waitUntil(window.autosave.file.exists, timeout=FIT_MS)
    second = make_window(None, wait=False)
    qtbot.wait(50)
    assert not second.left_over.isVisible()
    end(window, qtbot)
    assert not window.autosave.file.exists()


def test_what_a_run_has_shown_is_kept_while_it_goes_on(
    make_window: Make, long_walk: Path, qtbot: QtBot
) -> None:
    window = make_window(long_walk)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: window.state.document.result is not None, timeout=FIT_MS)
    assert window.state.activity.run.active
    window.autosave.keep()
    qtbot.waitUntil(window.autosave.file.exists, timeout=FIT_MS)
    kept = load_session(window.autosave.file).now
    assert kept.name == "unfinished fit"
    assert kept.result is not None
    assert kept.result.fitted.any()
    assert kept.result.partial

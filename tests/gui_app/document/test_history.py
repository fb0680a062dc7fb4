"""Undo and redo: every step has a name, and the window is as it was before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.history import History
from gui_app.document.saved_fits import FiledFits
from gui_app.files import save_actions
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS, cut_file

MakeWindow = Callable[..., MainWindow]


def fit(window: MainWindow, qtbot: QtBot, action: str = "fit") -> None:
    getattr(window.actions_, action).trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)


def test_fits_are_undone_and_redone_once_the_run_is_over_and_as_saved_as_their_files(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, actions = fitted, fitted.actions_
    result = window.state.document.result
    assert actions.undo.text() == "Undo fit of all frames"
    assert not actions.redo.isEnabled()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.state.document.result is None
    assert window.state.document.saved
    assert "unsaved" not in window.windowTitle()
    assert not actions.undo.isEnabled()
    assert not actions.save.isEnabled()
    assert window.timeline.transport._mean.text == "–"
    assert window.statusBar().words.text() == "Undid fit of all frames"
    qtbot.waitUntil(
        lambda: window.viewport.scene._fit_view.note.GetInput() == "not fitted yet", timeout=FIT_MS
    )
    assert actions.redo.text() == "Redo fit of all frames"
    qtbot.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.state.document.result is result
    assert "unsaved" in window.windowTitle()
    qtbot.waitUntil(lambda: bool(window.viewport.scene._fit.actor.GetVisibility()), timeout=FIT_MS)

    fitted.actions_.fit.trigger()
    assert not fitted.actions_.undo.isEnabled()
    assert "once the fit that runs is over" in fitted.actions_.undo.toolTip()
    result = fitted.state.document.result
    fitted.history.undo()
    assert fitted.state.document.result is result
    qtbot.waitUntil(lambda: not fitted.state.activity.run.active, timeout=FIT_MS)
    assert fitted.actions_.undo.isEnabled()

    target = tmp_path / "stroll_stageii.npz"
    monkeypatch.setattr(save_actions, "ask_where", lambda *_: Place(target, replace=True))
    fitted.actions_.save.trigger()
    fit(fitted, qtbot, "fit_frame")
    assert not fitted.state.document.saved
    fitted.actions_.undo.trigger()
    assert fitted.state.document.saved
    assert "unsaved" not in fitted.windowTitle()
    fitted.actions_.redo.trigger()
    assert not fitted.state.document.saved
    # The file holds another fit from now on.
    fitted.actions_.save.trigger()
    assert fitted.state.document.saved
    fitted.actions_.undo.trigger()
    assert not fitted.state.document.saved
    fitted.actions_.redo.trigger()
    assert fitted.state.document.saved


def test_a_cancelled_fit_is_taken_back_in_one_step(
    make_window: MakeWindow, qtbot: QtBot, long_walk: Path
) -> None:
    window = make_window(long_walk)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: window.state.document.result is not None, timeout=FIT_MS)
    window.actions_.cancel.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    done, total = int(window.state.document.result.fitted.sum()), len(window.state.document.result)
    assert window.actions_.undo.text() == f"Undo cancelled fit ({done:,} of {total:,} frames)"
    assert total > done > 0
    window.actions_.undo.trigger()
    assert window.state.document.result is None
    window.actions_.redo.trigger()
    assert int(window.state.document.result.fitted.sum()) == done


def test_a_given_frame_rate_is_a_step(
    make_window: MakeWindow, walk: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    without = cut_file(walk, tmp_path / "still_poses.npz", 12, mocap_framerate=None, mocap_frame_rate=None)
    window = make_window(without)
    fit(window, qtbot)
    window.state.document.give_rate(50.0)
    assert window.actions_.undo.text() == "Undo frame rate 50 fps"
    window.actions_.undo.trigger()
    assert window.state.document.given_rate is None
    assert window.state.document.result.frame_rate is None
    window.actions_.redo.trigger()
    assert window.state.document.result.frame_rate == 50.0
    assert window.timeline.transport._rate.value() == 50.0


def test_the_history_is_bounded_and_cleared_by_another_motion(
    fitted: MainWindow, qtbot: QtBot, walk: Path, tmp_path: Path
) -> None:
    state, first = fitted.state, fitted.state.document.result
    few = History(state.document, state.activity, fitted, most_steps=3)
    size = sum(value.nbytes for value in vars(first).values() if isinstance(value, np.ndarray))
    small = History(state.document, state.activity, fitted, most_bytes=int(2.5 * size))
    for number in range(6):
        copies = {k: v.copy() for k, v in vars(first).items() if isinstance(v, np.ndarray)}
        state.document.set_result(replace(first, **copies), None)
        few.add(f"step {number}")
        small.add(f"step {number}")
    assert len(few) == 3
    assert len(small) == 1
    last = state.document.result
    few.undo()
    assert few.redo_name == "step 5"
    few.redo()
    assert state.document.result is last

    fitted.state.document.set_saved()
    fitted.files.open_path(cut_file(walk, tmp_path / "other_poses.npz", 10))
    qtbot.waitUntil(lambda: fitted.state.document.frames == 10, timeout=FIT_MS)
    assert not fitted.actions_.undo.isEnabled()
    assert len(fitted.history) == 0


def test_a_file_holds_the_last_fit_written_to_it(fitted: MainWindow, tmp_path: Path) -> None:
    filed, result = FiledFits(), fitted.state.document.result
    other = replace(result, poses=result.poses.copy())
    one, two = tmp_path / "a.npz", tmp_path / "b.npz"
    one.touch()
    two.touch()
    filed.add(one, result)
    filed.add(two, other)
    assert filed.hold(result)
    assert filed.hold(replace(result, seconds=1.0))
    assert not filed.hold(replace(result, frame_rate=99.0))
    filed.add(one, other)
    assert not filed.hold(result)
    one.unlink()
    assert filed.hold(other)
    two.unlink()
    assert not filed.hold(other)

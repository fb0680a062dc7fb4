"""Frames whose source is not finite are never offered for fitting, and what changes nothing is no step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.fitting.run import FitRun
from gui_app.app.main_window import MainWindow
from gui_app.document.frame_scopes import Scope, fittable
from gui_app.fit.text import unchanged_words
from gui_app.problems.rows import Row
from tests.gui_app.conftest import FIT_MS, FRAMES, cut_file

GAP = np.arange(10, 13)
WHY = "3 frames have no finite numbers in the source"


@pytest.fixture
def gappy(make_window: Callable[..., MainWindow], walk: Path, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """A fitted motion of which three frames have no numbers."""
    with np.load(walk) as archive:
        poses = archive["poses"][:FRAMES].copy()
    poses[GAP] = np.nan
    window = make_window(cut_file(walk, tmp_path / "gappy_poses.npz", FRAMES, poses=poses))
    state = window.state
    window.actions_.fit.trigger()
    assert state.activity.run.frames_total == FRAMES - len(GAP)
    looked_through(window, qtbot)
    return window


def looked_through(window: MainWindow, qtbot: QtBot) -> None:
    state = window.state
    qtbot.waitUntil(
        lambda: (
            not state.activity.run.active
            and state.document.analysis is not None
            and state.document.analysis.result is state.document.result
        ),
        timeout=FIT_MS,
    )


def row_of(window: MainWindow, first: int) -> Row:
    return next(row for row in window.desk.rows if row.problem.first == first)


def test_frames_without_numbers_are_offered_nowhere(gappy: MainWindow, qtbot: QtBot) -> None:
    state, actions, panels = gappy.state, gappy.actions_, gappy.panels
    assert WHY in gappy.statusBar().words.text()
    said: list[str] = []
    state.activity.failed.connect(said.append)
    earlier, steps = state.document.result, len(gappy.history)

    actions.problems.setChecked(True)
    panel = panels.problems.panel
    qtbot.waitUntil(lambda: bool(panel.table.model_.rows) and not panel._soon.waiting, timeout=FIT_MS)
    state.playback.set_frame(int(GAP[0]))
    gappy.problem_choice.choose([row_of(gappy, int(GAP[0]))])
    assert not actions.refit_rows.isEnabled()
    assert actions.refit_rows.iconText() == "Re-fit"
    assert not actions.fix_rows.isEnabled()
    for action in (actions.refit_rows, actions.fix_rows, actions.fit_problems):
        assert WHY in action.toolTip()
        assert not action.isEnabled()
    qtbot.waitUntil(panel.refit.left_out.isVisible, timeout=FIT_MS)
    assert panel.refit.left_out.text() == WHY
    assert not actions.fit_frame.isEnabled()
    assert "Frame 10 has no finite numbers in the source" in actions.fit_frame.toolTip()
    assert gappy.editing.blocked("pose").startswith("Frame 10 has no finite numbers in the source")
    actions.stages.setChecked(True)
    stages = panels.stages.panel
    stages.scopes.button(0).click()
    assert stages.scope_name == "frame"
    assert not stages.run.isEnabled()
    assert "no finite numbers" in stages.run.toolTip()
    assert "no finite numbers" in stages.cards[0].alone.toolTip()
    assert "no finite numbers" in stages.stepping.why_not()

    # Whoever asks all the same is told, and nothing starts.
    only = Scope("frames 10–12", GAP)
    for start in (
        gappy.fitting.start_joined,
        gappy.fixing.start,
        lambda scope: gappy.fitting.start_stages(scope, gappy.recipes.recipe(), "vertex stage"),
    ):
        start(only)
        assert not state.activity.run.active
        assert said.pop().startswith(f"{WHY}: there is nothing to ")
    gappy.fitting.start_frame()
    assert not state.activity.run.active
    assert said.pop() == "Frame 10 has no finite numbers in the source: there is nothing to fit"
    assert state.document.result is earlier
    assert len(gappy.history) == steps

    state.playback.set_frame(3)
    assert actions.fit_frame.isEnabled()
    assert stages.run.isEnabled()


def test_of_a_selection_only_what_can_be_fitted_is_counted(gappy: MainWindow, qtbot: QtBot) -> None:
    state, actions = gappy.state, gappy.actions_
    state.playback.set_selection((9, 13))
    assert actions.fit_selection.isEnabled()
    assert WHY in actions.fit_selection.toolTip()
    scope = fittable(state.document, Scope("frames 9–13", np.arange(9, 14)))
    assert scope.frames is not None
    assert scope.frames.tolist() == [9, 13]
    assert scope.left_out.tolist() == GAP.tolist()
    result = state.document.result
    poses = result.poses.copy()
    poses[9] += 0.05
    state.document.set_result(replace(result, poses=poses), None)
    gappy.fitting.start_joined(scope)
    assert state.activity.run.frames_total == 2
    looked_through(gappy, qtbot)
    words = gappy.statusBar().words.text()
    # Frames on both sides fade into the new ones, and are told apart from these.
    assert words.startswith("Fitted 2 frames and 12 around in ")
    assert words.endswith(f" · {WHY}")


def test_a_run_that_changes_nothing_is_no_step(
    fitted: MainWindow, stroll_again: type[FitRun], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, steps, fit = fitted.state, len(fitted.history), fitted.state.document.result
    said: list[str] = []
    state.activity.said.connect(said.append)
    monkeypatch.setattr("core.fitting.run.FitRun", stroll_again)
    fitted.actions_.fit.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert said[-1] == unchanged_words("all frames")
    assert len(fitted.history) == steps
    assert state.document.result is fit
    assert fitted.actions_.undo.text() == "Undo fit of all frames"

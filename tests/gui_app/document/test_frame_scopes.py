"""Fits of some frames: the others and the shape stay, and a cancelled run goes on top of what there was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.fitting.no_progress import ProgressClock
from core.fitting.recipe.recipe import FAST
from core.problems.rules import plain
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.fit.fit_worker import RunReply, RunRequest, run_fit
from gui_app.fit.text import finished_words
from gui_app.tasks.background_job import tell_nobody
from tests.gui_app.conftest import FIT_MS, FRAMES

MakeWindow = Callable[..., MainWindow]


def wait(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)


def test_some_frames_are_fitted_and_the_others_stay_and_so_are_problems_once_known(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    window, actions = fitted, fitted.actions_
    before = window.state.document.result
    left = before.most_left
    assert left is not None
    optimum = "of its optimum"
    words = window.statusBar().words.text()
    assert f"{plain(left[2])} within {left[1]:.1f}° {optimum}" in words
    assert not actions.fit_selection.isEnabled()
    assert "Select frames" in actions.fit_selection.toolTip()
    moved = before.poses.copy()
    moved[5:9] += 0.05
    window.state.document.set_result(replace(before, poses=moved), None)
    window.state.playback.set_selection((8, 5))
    actions.fit_selection.trigger()
    assert window.state.activity.run.frames_total == 4
    wait(window, qtbot)
    after = window.state.document.result
    others = np.setdiff1d(np.arange(FRAMES), np.arange(5, 9))
    assert np.array_equal(after.poses[others], before.poses[others])
    assert np.allclose(after.poses[5:9], before.poses[5:9], atol=0.02)
    assert np.array_equal(after.betas, before.betas)
    assert actions.undo.text() == "Undo fit of frames 5–8"
    assert "Fitted 4 frames" in window.statusBar().words.text()
    assert optimum not in window.statusBar().words.text(), "where a comparison stands there is no room"

    action, state = fitted.actions_.fit_problems, fitted.state
    frames = np.array([3, 11])
    qtbot.waitUntil(
        lambda: (
            state.document.analysis is not None and state.document.analysis.result is state.document.result
        ),
        timeout=FIT_MS,
    )
    found = state.document.analysis
    state.document.set_analysis(None)
    assert not action.isEnabled()
    assert "looked through" in action.toolTip()
    state.document.set_analysis(replace(found, stretches=(), frames=frames[:0]))
    assert not action.isEnabled()
    assert "No frame" in action.toolTip()
    state.document.set_analysis(replace(found, stretches=(), frames=frames))
    assert action.isEnabled()
    assert "2 problem frames" in action.toolTip()
    action.trigger()
    wait(fitted, qtbot)
    assert fitted.actions_.undo.text() == "Undo fit of 2 problem frames"


def test_one_frame_alone_without_an_earlier_fit(window: MainWindow, qtbot: QtBot) -> None:
    window.state.playback.set_frame(7)
    window.actions_.fit_frame.trigger()
    wait(window, qtbot)
    assert np.flatnonzero(window.state.document.result.fitted).tolist() == [7]
    assert not window.state.document.result.partial
    assert window.actions_.undo.text() == "Undo fit of frame 7"


def test_the_preset_is_used_and_remembered(
    window: MainWindow, make_window: MakeWindow, motion_file: Path, qtbot: QtBot
) -> None:
    actions = window.actions_
    assert actions.preset_accurate.isChecked()
    actions.preset_fast.trigger()
    assert not actions.preset_accurate.isChecked()
    actions.fit.trigger()
    wait(window, qtbot)
    assert window.state.document.result.provenance["recipe"] == FAST.as_dict()
    assert Preferences().text("preset", "") == "fast"
    again = make_window(motion_file)
    assert again.actions_.preset_fast.isChecked()
    assert again.recipes.preset == "fast"


@pytest.fixture
def cancelled(fitted: MainWindow, walk: Path) -> Callable[..., RunReply]:
    """The reply to a run on the whole walk that is cancelled after its first frames."""
    from core.correspond.load_bodies import bodies_for
    from core.files.motions.load_motion import load_motion
    from core.fitting.recipe.recipe import ACCURATE

    motion = load_motion(walk)
    bodies = bodies_for(motion, None)

    def run(earlier: object) -> RunReply:
        cancel = threading.Event()
        request = RunRequest(motion, bodies, ACCURATE, "", None, earlier, 0, "cpu", 1, cancel)
        return run_fit(request, ProgressClock(), tell_nobody, lambda _: cancel.set())

    return run


def test_a_cancelled_run_goes_on_top_of_an_earlier_fit(cancelled: Callable[..., RunReply]) -> None:
    first = cancelled(None)
    assert first.result.partial
    assert 0 < first.result.fitted.sum() < len(first.result)
    assert "marked partial" in finished_words(first, None)

    # The same shape: what was not reached keeps the earlier fit.
    everywhere = np.ones(len(first.result), bool)
    same = replace(first.result, fitted=everywhere, partial=False)
    on_top = cancelled(same)
    assert on_top.result.fitted.all()
    assert not on_top.result.partial
    assert "the others are as they were" in finished_words(on_top, same)

    # Another shape: the fit with more frames is kept whole.
    larger = replace(same, betas=same.betas + 1)
    kept = cancelled(larger)
    assert kept.keeps_earlier
    assert kept.result is larger
    assert "another shape" in finished_words(kept, larger)
    assert "the new one leaves out other fingers" in finished_words(replace(kept, other_skin=True), larger)
    smaller = replace(larger, fitted=np.arange(len(everywhere)) == 0)
    new = cancelled(smaller)
    assert not new.keeps_earlier
    assert new.result.partial
    assert "the smaller earlier fit has another shape" in finished_words(new, smaller)

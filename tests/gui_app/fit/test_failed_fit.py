"""A fit that failed, in the window: one red line, and a step of the history that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.measure import fit_failure
from core.outputs.results import save_result
from gui_app.app.main_window import MainWindow
from gui_app.style import colours
from tests.gui_app.conftest import FIT_MS


def test_a_fit_that_failed_is_told_until_another_one_is_shown(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_failure, "MOST_MEAN_MM", 1.0)
    state, bar = window.state, window.message
    window.actions_.runs.trigger()
    window.actions_.fit.trigger()
    qtbot.waitUntil(
        lambda: state.document.result is not None and not state.activity.run.active, timeout=FIT_MS
    )
    assert state.document.result.failed
    assert bar.isVisible()
    assert bar.words.text() == f"This fit failed: {state.document.result.failure}."
    assert "more than 1 mm" in bar.words.text()
    assert window.statusBar().words.text().endswith("· failed")

    panel = window.panels.runs.panel
    qtbot.waitUntil(lambda: panel.table.topLevelItemCount() == 2 and panel.chosen == 1)
    row = panel.table.topLevelItem(1)
    assert row.text(0) == "Failed: fit of all frames"
    assert row.foreground(0).color().name() == colours.of("ERROR")
    assert state.document.result.failure in panel.words.words
    assert state.document.result.failure in row.toolTip(0)

    # Undone, it is no longer shown; done again, it is.
    window.history.undo()
    assert not bar.isVisible()
    window.history.redo()
    assert bar.isVisible()
    # Dismissed, it stays away, until it is another failure.
    bar._dismiss.click()
    assert not bar.isVisible()
    state.document.set_result(replace(state.document.result), None)
    assert not bar.isVisible()

    monkeypatch.undo()
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert not state.document.result.failed
    assert not bar.isVisible()
    qtbot.waitUntil(lambda: panel.table.topLevelItemCount() == 3)
    names = [panel.table.topLevelItem(place).text(0) for place in (1, 2)]
    assert names == ["Failed: fit of all frames", "Fit of all frames"]


def test_a_failed_fit_that_is_opened_is_told(
    fitted: MainWindow, make_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    bar = fitted.message
    assert not bar.isVisible()
    result = fitted.state.document.result
    bad = fit_failure.judged(replace(result, mean_mm=np.full_like(result.mean_mm, 437.0)))
    path = tmp_path / "stroll_stageii.npz"
    save_result(path, bad)
    fitted.state.document.set_saved()
    fitted.files.open_path(path)
    qtbot.waitUntil(lambda: fitted.state.document.result is not result, timeout=FIT_MS)
    qtbot.waitUntil(bar.isVisible, timeout=FIT_MS)
    assert bar.words.text() == "This fit failed: mean 437 mm, more than 40 mm."
    # Something else that goes wrong is told in its place, and its going does not bring the old one back.
    fitted.state.activity.fail("Something else")
    assert bar.words.text() == "Something else"
    fitted.state.document.set_result(replace(result, failure=""), None)
    assert bar.words.text() == "Something else"
    assert bar.isVisible()
    bar._dismiss.click()
    assert not bar.isVisible()


def test_a_failed_fit_is_told_again_after_a_complaint_and_for_another_fit(fitted: MainWindow) -> None:
    state, bar = fitted.state, fitted.message
    bad = replace(state.document.result, failure="mean 437 mm, more than 40 mm")
    told = "This fit failed: mean 437 mm, more than 40 mm."
    state.document.set_result(bad, None)
    state.activity.fail("Something else")
    bar._dismiss.click()
    assert bar.isVisible()
    assert bar.words.text() == told
    # Once it is dismissed itself, it comes back with no other complaint and no edit, but with another fit.
    bar._dismiss.click()
    assert not bar.isVisible()
    state.activity.fail("Something else")
    bar._dismiss.click()
    assert not bar.isVisible()
    state.document.set_result(replace(bad, poses=bad.poses.copy(), provenance=dict(bad.provenance)), None)
    assert not bar.isVisible()
    state.document.set_result(replace(bad, seconds=bad.seconds + 1), None)
    assert bar.isVisible()
    assert bar.words.text() == told

"""Panels beside the bodies: made when they are asked for, and then as if they had been there all along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.app.side_panels import ALSO_ASK
from gui_app.widgets.panels import PANELS
from tests.gui_app.conftest import FIT_MS

BAD = 9


def press(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> None:
    """A key of the window."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(window, key)


def test_none_is_made_before_it_is_asked_for(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.panels.made
    asked = {**{panel.shown_by: panel.name for panel in PANELS}, **ALSO_ASK}
    for count, (action, name) in enumerate(asked.items()):
        made = name in window.panels.made
        getattr(window.actions_, action).trigger()
        assert name in window.panels.made
        if not made:
            assert len(window.panels.made) == count + 1
            qtbot.waitUntil(window.panels.dock(name).widget().isVisible)


def test_steps_bring_the_stages_along(fitted: MainWindow, qtbot: QtBot) -> None:
    press(fitted, qtbot, Qt.Key.Key_I)
    card = fitted.panels.stages.panel.steps
    qtbot.waitUntil(lambda: card.isVisible() and card.stepping.found is not None, timeout=FIT_MS)
    assert fitted.actions_.stages.isChecked()


def test_the_last_run_stands_on_stages_that_open_after_it(fitted: MainWindow, qtbot: QtBot) -> None:
    assert not fitted.panels.made
    press(fitted, qtbot, Qt.Key.Key_S)
    panel = fitted.panels.stages.panel
    assert panel.outcome.text() == f"{fitted.state.document.result.mean_mm.mean():.2f} mm"
    assert panel.outcome_of.words == "All frames"
    assert panel.cards[0].millimetres.text().endswith(panel.outcome.text())


def test_keys_for_problems_work_without_their_panel(fitted: MainWindow, qtbot: QtBot) -> None:
    state, actions = fitted.state, fitted.actions_
    assert not actions.refit_rows.isEnabled()
    assert not actions.accept.isEnabled()
    poses, mean = state.document.result.poses.copy(), state.document.result.mean_mm.copy()
    poses[BAD, 18] += 0.6
    mean[BAD] = 30.0
    state.document.set_result(replace(state.document.result, poses=poses, mean_mm=mean), None)
    state.playback.go_to(BAD)
    qtbot.waitUntil(lambda: actions.accept.isEnabled() and actions.refit_rows.isEnabled())
    press(fitted, qtbot, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: bool(state.document.accepted) and actions.accept.text() == "Reopen")
    assert not fitted.panels.made
    qtbot.waitUntil(actions.fix_rows.isEnabled)
    press(fitted, qtbot, Qt.Key.Key_X)
    assert fitted.panels.problems.isVisible()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)


def test_what_was_open_is_there_again_as_wide_as_it_was(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot
) -> None:
    window = make_window(motion_file)
    window.actions_.problems.trigger()
    dock = window.panels.problems
    usual = dock.width()
    window.resizeDocks([dock], [usual + 70], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: dock.width() > usual + 50)
    width = dock.width()
    window.close()
    again = make_window(motion_file)
    assert again.panels.made == {"problems"}
    assert again.actions_.problems.isChecked()
    qtbot.waitUntil(lambda: abs(again.panels.problems.width() - width) <= 8)

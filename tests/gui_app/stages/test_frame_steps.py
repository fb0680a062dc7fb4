"""Stepping through the fit of one frame: seen, never made part of the fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.fitting.run import FitRun
from gui_app.app.main_window import MainWindow
from gui_app.stages.frame_steps import ALL_OFF, PUBLISHED, FrameStepping
from gui_app.stages.frame_steps_card import NOT_FITTED, STILL
from tests.gui_app.conftest import FIT_MS

FRAME = 7


def found(window: MainWindow, qtbot: QtBot) -> FrameStepping:
    """The steps are there, and shown."""
    stepping = window.panels.stages.panel.stepping
    qtbot.waitUntil(lambda: stepping.found is not None, timeout=FIT_MS)
    qtbot.waitUntil(lambda: len(window.panels.stages.panel.steps.track.values) == len(stepping.found))
    return stepping


def opened(window: MainWindow, qtbot: QtBot) -> FrameStepping:
    """The stages in two steps, and the steps of a frame."""
    window.recipes.edit(window.recipes.draft.added("edge").moved(1, -1))
    window.state.playback.set_frame(FRAME)
    window.actions_.steps.trigger()
    assert window.actions_.stages.isChecked()
    return found(window, qtbot)


def test_stepping_back_to_the_start_and_on_to_the_fit(fitted: MainWindow, qtbot: QtBot) -> None:
    state, card = fitted.state, fitted.panels.stages.panel.steps
    result, undoable = state.document.result, len(fitted.history)
    assert result is not None
    stepping = opened(fitted, qtbot)
    steps = stepping.found
    assert steps is not None
    assert [button.text() for button, _ in card._chips] == ["Start", "Edge", "Vertex"]
    assert state.view.peeked is None
    assert stepping.at == stepping.last

    fit = state.document.opened.posed.frame(FRAME).fit_vertices
    card._chips[0][0].click()
    assert stepping.at == 0
    assert state.view.peek_words == "Start"
    assert state.view.shown.mean_mm[FRAME] == pytest.approx(steps.steps[0].mean_mm)
    assert np.abs(state.document.opened.posed.frame(FRAME).fit_vertices - fit).max() > 2e-3
    qtbot.waitUntil(lambda: card.words.words == "Start")
    assert card.figures.text().startswith(f"{steps.steps[0].mean_mm:.2f} mm")
    assert not card.back.isEnabled()

    # Its keys step here, not from frame to frame.
    card.track.setFocus()
    for _ in range(len(steps) + 1):
        QTest.keyClick(card.track, Qt.Key.Key_Right)
    assert state.playback.frame == FRAME
    assert stepping.at == stepping.last
    assert state.view.peeked is None
    QTest.keyClick(card.track, Qt.Key.Key_Home)
    assert state.view.peeked is not None
    QTest.keyClick(card.track, Qt.Key.Key_Escape)
    assert state.view.peeked is None

    # Dragged along; after the edges the skin is in another place than after the vertices.
    places = card.track.places()
    QTest.mouseClick(card.track, Qt.MouseButton.LeftButton, pos=places[steps.ends[0]].toPoint())
    assert stepping.at == steps.ends[0]
    qtbot.waitUntil(lambda: card._chips[1][0].isChecked())
    assert state.view.peek_words.startswith("Edge · iteration")
    assert state.document.result is result
    assert len(fitted.history) == undoable

    # Another frame: the fit is shown again, and its own steps come.
    state.playback.set_frame(FRAME + 1)
    assert state.view.peeked is None
    assert found(fitted, qtbot).found.frame == FRAME + 1
    stepping.show(0)
    fitted.actions_.stages.setChecked(False)
    assert state.view.peeked is None
    assert stepping.found is None
    assert not fitted.actions_.steps.isChecked()


def test_a_device_that_is_left_is_told_once(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    with monkeypatch.context() as patch:
        patch.setattr(FitRun, "left_device", property(lambda _: "cuda:0 failed; it goes on elsewhere"))
        stepping = opened(window, qtbot)
        window.state.playback.set_frame(FRAME + 1)
        qtbot.waitUntil(
            lambda: stepping.found is not None and stepping.found.frame == FRAME + 1, timeout=FIT_MS
        )
    assert told == ["Iterations of this frame: cuda:0 failed; it went on elsewhere"]


def test_what_cannot_be_stepped_through_says_why(window: MainWindow, qtbot: QtBot) -> None:
    state, card = window.state, window.panels.stages.panel.steps
    stepping = opened(window, qtbot)
    qtbot.waitUntil(lambda: card.words.words == NOT_FITTED)
    stepping.show(0)
    assert state.document.result is None
    assert state.view.shown.fitted.tolist() == [index == FRAME for index in range(state.document.frames)]
    window.actions_.preset_published.trigger()
    assert state.view.peeked is None
    qtbot.waitUntil(lambda: card.words.words == PUBLISHED)
    window.actions_.preset_fast.trigger()
    found(window, qtbot)
    stepping.show(1)
    window.recipes.edit(window.recipes.draft.put(0, window.recipes.draft.entries[0].__class__(
        window.recipes.draft.entries[0].settings, on=False
    )))  # fmt: skip
    assert state.view.peeked is None
    qtbot.waitUntil(lambda: card.words.words == ALL_OFF)

    # A run takes the place of what is looked at; going on from its end nothing is left to do.
    window.actions_.preset_accurate.trigger()
    found(window, qtbot)
    stepping.show(0)
    window.actions_.fit.trigger()
    assert state.view.peeked is None
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    found(window, qtbot)
    assert not stepping.ends_apart
    window.recipes.edit(window.recipes.draft.__class__(window.recipes.draft.entries, start="current"))
    qtbot.waitUntil(lambda: card.words.words == STILL, timeout=FIT_MS)


def test_held_before_it_shows_the_fit(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot
) -> None:
    window = make_window(motion_file, autofit=True)
    state = window.state
    qtbot.waitUntil(
        lambda: state.document.result is not None and not state.activity.run.active, timeout=FIT_MS
    )
    stepping = opened(window, qtbot)
    stepping.show(0)
    shown = state.view.peeked
    window.actions_.hold_before.setChecked(True)
    assert state.view.peeked is None
    window.actions_.hold_before.setChecked(False)
    assert state.view.peeked is shown
    # Held over a change of frames it does not bring back what is gone.
    window.actions_.hold_before.setChecked(True)
    state.playback.set_frame(FRAME + 2)
    window.actions_.hold_before.setChecked(False)
    assert state.view.peeked is None

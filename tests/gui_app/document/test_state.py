"""The four parts of the state go together: whoever hears of one of them finds the others true to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gui_app.document.opened import Opened
from gui_app.document.state import AppState


@pytest.fixture
def fitted(shown: Opened) -> AppState:
    """A motion is open with its fit."""
    state = AppState()
    state.document.set_opened(replace(shown, result=shown.posed.result))
    return state


def test_another_motion_is_there_whole_when_it_is_told(fitted: AppState, shown: Opened) -> None:
    document, view, playback = fitted.document, fitted.view, fitted.playback
    result = document.result
    assert result is not None
    playback.set_frame(5)
    playback.set_selection((4, 2))
    view.set_peek(replace(result, seconds=1.0), "another")
    playback.set_playing(True)
    told: list[tuple[str, int, tuple[int, int] | None, bool, bool]] = []
    for name, signal in {
        "peek": view.peek_changed,
        "playback": playback.changed,
        "motion": document.motion_changed,
        "selection": playback.selection_changed,
        "frame": playback.frame_changed,
        "result": document.result_changed,
    }.items():
        signal.connect(
            lambda *_, name=name: told.append(
                (name, playback.frame, playback.selection, playback.playing, view.peeked is None)
            )
        )
    document.set_opened(replace(shown, result=result))
    assert [name for name, *_ in told] == ["peek", "playback", "motion", "selection", "frame", "result"]
    # The frame is the new motion's only once the old one is gone.
    assert [frame for _, frame, *_ in told] == [5, 5, 0, 0, 0, 0]
    assert {tuple(rest) for _, *rest in told[2:]} == {(0, None, False, True)}
    assert view.shown is document.result


def test_another_fit_ends_a_look_at_an_earlier_one_and_nothing_else(fitted: AppState, shown: Opened) -> None:
    document, view, playback = fitted.document, fitted.view, fitted.playback
    result = document.result
    assert result is not None
    playback.set_frame(3)
    playback.set_playing(True)
    view.set_peek(replace(result, seconds=1.0))
    document.set_result(replace(result, seconds=2.0), np.array([1]))
    assert view.peeked is None
    assert view.shown is document.result
    assert (playback.frame, playback.playing) == (3, True)
    document.set_opened(shown)
    assert (playback.frame, playback.playing, document.result) == (0, False, None)


def test_frames_asked_for_are_those_there_are(shown: Opened) -> None:
    playback = AppState().playback
    playback.set_frame(3)
    playback.set_playing(True)
    assert (playback.frame, playback.playing) == (0, False)
    state = AppState()
    state.document.set_opened(shown)
    last = state.document.frames - 1
    state.playback.set_frame(1000)
    assert state.playback.frame == last
    state.playback.set_selection((1000, -5))
    assert state.playback.selection == (0, last)
    # From the last frame it starts over.
    state.playback.set_playing(True)
    assert (state.playback.frame, state.playback.playing) == (0, True)
    state.playback.step(2)
    assert (state.playback.frame, state.playback.playing) == (2, False)

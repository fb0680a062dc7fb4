"""What a run brings in is drawn where it shows: each drawing holds the window up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.model.frame_parameters import ParameterChange
from gui_app.app.main_window import MainWindow


@pytest.fixture
def drawn(fitted: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Frames that were given to the scene since the window came to rest."""
    qtbot.waitUntil(lambda: fitted.state.document.analysis is not None)
    qtbot.wait(500)
    frames: list[int] = []
    show = fitted.viewport.scene.show

    def telling(frame: int, picture: object, *more: object) -> None:
        frames.append(frame)
        show(frame, picture, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(fitted.viewport.scene, "show", telling)
    return frames


def test_only_what_changes_the_frame_in_sight_is_drawn(
    fitted: MainWindow, drawn: list[int], qtbot: QtBot
) -> None:
    state = fitted.state
    assert state.document.result is not None
    state.playback.set_frame(1)
    qtbot.waitUntil(lambda: drawn == [1])
    moved = replace(state.document.result, transl=state.document.result.transl + np.float32(0.1))
    state.document.set_result(moved, np.array([3, 4]))
    qtbot.wait(200)
    assert drawn == [1]
    state.document.set_result(moved, np.array([0, 1]))
    qtbot.waitUntil(lambda: drawn == [1, 1])
    state.document.set_result(moved, None)
    qtbot.waitUntil(lambda: drawn == [1, 1, 1])


def test_what_was_tried_out_goes_whatever_frames_a_result_changes(
    fitted: MainWindow, drawn: list[int], qtbot: QtBot
) -> None:
    state = fitted.state
    assert state.document.opened is not None
    assert state.document.result is not None
    skin = fitted.viewport.scene._fit_view.body.mesh
    before = skin.points.copy()
    betas = state.document.result.betas + 1.0
    state.document.opened.posed.try_out(ParameterChange(betas=betas), state.playback.frame)
    state.document.trial_changed.emit()
    qtbot.waitUntil(lambda: len(drawn) == 1)
    assert not np.allclose(skin.points, before, atol=1e-3)
    state.document.set_result(state.document.result, np.array([state.playback.frame + 3]))
    qtbot.waitUntil(lambda: len(drawn) == 2)
    assert np.allclose(skin.points, before, atol=1e-6)


def test_the_pelvis_path_is_that_of_the_newest_fit_once_it_is_shown(
    fitted: MainWindow, drawn: list[int], qtbot: QtBot
) -> None:
    state = fitted.state
    assert state.document.result is not None
    moved = replace(state.document.result, transl=state.document.result.transl + np.float32([0, 0, 0.5]))
    state.document.set_result(moved, np.array([state.playback.frame + 3]))
    fitted.actions_.layer_trajectory.trigger()
    path = fitted.viewport.scene._fit_view.trajectory._mesh
    source = fitted.viewport.scene._source_view.trajectory._mesh
    assert np.median(np.abs(path.points - source.points).max(axis=1)) > 0.4
    qtbot.waitUntil(lambda: len(drawn) > 0)
    drawn.clear()
    state.document.set_result(state.document.result, np.array([state.playback.frame + 3]))
    qtbot.waitUntil(lambda: len(drawn) == 1)

"""The settings and the session that the window of Refit 0.1 kept: opened, everything is where it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import tests
from core.model.motion import Reading
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.files.folder_memory import FolderMemory
from gui_app.style.live_theme import switch_theme
from tests.gui_app.conftest import FIT_MS

FILES = Path(tests.__path__[0]) / "written_by_0_1"


@pytest.fixture(autouse=True)
def dark_afterwards(qapp: QApplication) -> Iterator[None]:
    """The theme belongs to the application."""
    yield
    switch_theme(qapp, "dark")


@pytest.fixture
def kept(own_settings: Path) -> Preferences:
    """The settings as they were kept."""
    shutil.copy(FILES / "refit.ini", own_settings)
    return Preferences()


def test_what_was_remembered_of_files(kept: Preferences) -> None:
    assert kept.models == Path("/models/licensed")
    answer = FolderMemory(kept).answer(Path("/motions/b.pkl"))
    assert (answer.reading, answer.rate) == (Reading(gender="female"), 25.0)


def test_the_window_is_as_it_was(
    kept: Preferences, make_window: Callable[..., MainWindow], motion_file: Path
) -> None:
    kept.models = None
    kept.sync()
    window = make_window(motion_file)
    state = window.state
    assert (state.view.layout, state.view.layers.skeleton, state.view.layers.skin) == ("overlay", True, True)
    assert state.document.thresholds.skate_mm == 4.5
    assert state.document.thresholds.max_most_mm == 6.0, "the line across the curves"
    assert window.actions_.themes[1].isChecked()
    assert {"parameters", "stages", "problems", "masks"} <= window.panels.made
    assert "joints" not in window.panels.made
    assert (window.recipes.name, window.recipes.is_changed) == ("hands first", True)
    draft = window.recipes.draft
    assert [entry.settings.iterations for entry in draft.entries] == [40, 7]
    assert draft.entries[1].settings.part_weights[3] == 3.0


def test_the_session_opens_as_it_was_left(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = make_window(FILES / "stroll.refit")
    state = window.state
    assert (state.playback.frame, state.playback.selection, state.view.layout, state.playback.loop) == (
        5,
        (3, 6),
        "overlay",
        False,
    )
    assert [one.note for one in state.document.accepted] == ["‘wild’ hand"]
    assert state.document.result is not None
    assert np.flatnonzero(state.document.result.edited).tolist() == [5]
    assert window.recipes.name == "hands first"
    weights = state.document.weights
    assert weights is not None
    assert set(np.unique(weights)) == {1.0, 2.5}
    qtbot.waitUntil(lambda: window.viewport.scene.camera.pose.position[0] > 3, timeout=FIT_MS)
    window.actions_.undo.trigger()
    assert not state.document.result.edited.any()
    window.actions_.undo.trigger()
    assert state.document.result is None

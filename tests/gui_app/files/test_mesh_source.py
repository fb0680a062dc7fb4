"""A window on meshes: opened by any of them, shown, fitted, measured, exported, and found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.files.motions.load_motion import load_motion
from core.model.posing import posed
from core.outputs.meshes import write_meshes
from core.outputs.sessions import load_session
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.export.kinds import Choice
from gui_app.files import open_question
from gui_app.files.open_question import Answer
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.core.clip_fits import bodies, clip
from tests.gui_app.conftest import FIT_MS

Make = Callable[..., MainWindow]
FRAMES = 12
RATE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of meshes of the built-in walk."""
    motion = clip("walk", 0, FRAMES)
    place = tmp_path / "clips" / "walk_ply"
    place.parent.mkdir()
    write_meshes(place, "walk", motion, bodies("built-in").source, np.arange(FRAMES), suffix=".ply")
    return place


@pytest.fixture(autouse=True)
def rate_is_known(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Somebody answers that the meshes are sixty a second; gives what was asked."""
    asked: list[object] = []

    def answer(question: object, *_: object) -> Answer:
        asked.append(question)
        return Answer(rate=RATE, final=True)

    monkeypatch.setattr(open_question, "ask", answer)
    return asked


def fit(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.fit.trigger()
    qtbot.waitUntil(
        lambda: window.state.document.has_fit and not window.state.activity.run.active, timeout=FIT_MS
    )


def test_a_folder_is_dropped_fitted_and_measured(
    make_window: Make, qtbot: QtBot, folder: Path, motion_file: Path, rate_is_known: list[object]
) -> None:
    window = make_window(motion_file)
    state = window.state
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    left, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, left, keys))
    qtbot.waitUntil(lambda: state.document.frames == FRAMES, timeout=FIT_MS)
    assert len(rate_is_known) == 1
    assert state.document.rate == RATE
    assert folder in Preferences().recent
    assert window.panels.stages.panel.start.text().startswith("from parts")
    vertices = load_motion(folder).vertices
    assert vertices is not None
    state.playback.set_frame(7)
    assert state.document.opened is not None
    np.testing.assert_allclose(state.document.opened.posed.frame(7).source_vertices, vertices[7], atol=1e-6)
    fit(window, qtbot)
    assert state.document.result is not None
    assert state.document.result.converged.all()
    assert state.document.result.mean_mm.max() < 3.5
    qtbot.waitUntil(lambda: state.document.analysis is not None, timeout=FIT_MS)
    for action in (window.actions_.parameters, window.actions_.joints, window.actions_.problems):
        action.setChecked(True)
    panel = window.panels.parameters.panel
    qtbot.waitUntil(lambda: panel.note.text() == "The source is meshes: it has no parameters", timeout=FIT_MS)
    assert not panel.pose.from_source.isEnabled()
    for tab in range(4):
        panel.tabs.button(tab).click()
    assert not window.message.isVisible()
    # Back to a motion with parameters, nothing is left of it.
    window.state.document.set_saved()
    window.files.open_path(motion_file)
    qtbot.waitUntil(lambda: state.document.frames != FRAMES, timeout=FIT_MS)
    assert window.panels.stages.panel.start.text().startswith("from source")


def test_one_of_the_meshes_opens_them_all(
    make_window: Make, qtbot: QtBot, folder: Path, motion_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(motion_file)
    chosen = str(folder / "walk_000003.ply")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (chosen, ""))
    window.actions_.open.trigger()
    qtbot.waitUntil(lambda: window.state.document.frames == FRAMES, timeout=FIT_MS)
    assert window.windowTitle().startswith("walk_ply")


def test_a_broken_folder_leaves_what_was_open(
    make_window: Make, qtbot: QtBot, folder: Path, motion_file: Path
) -> None:
    window = make_window(motion_file)
    before = window.state.document.opened
    (folder / "walk_000004.ply").write_bytes(b"ply\n")
    window.files.open_path(folder)
    qtbot.waitUntil(window.message.isVisible, timeout=FIT_MS)
    assert "walk_000004.ply" in window.message.words.text()
    assert window.state.document.opened is before
    shuffled = np.random.default_rng(0).permutation(6890)
    vertices = posed(clip("walk", 0, 2), bodies("built-in").source, slice(None))[0][:, shuffled]
    np.savez(folder.parent / "other.npz", vertices=vertices, mocap_framerate=RATE)
    window.files.open_path(folder.parent / "other.npz")
    qtbot.waitUntil(lambda: "not in the order" in window.message.words.text(), timeout=FIT_MS)
    assert window.state.document.opened is before


def test_a_session_finds_its_meshes(
    make_window: Make, qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(folder)
    fit(window, qtbot)
    result = window.state.document.result
    assert result is not None
    window.exporting.start(
        Choice("ply", (2, 2), single=True, body="source"), tmp_path / "a.ply", overwrite=False
    )
    qtbot.waitUntil(lambda: not window.exporting.status.active, timeout=FIT_MS)
    assert (tmp_path / "a.ply").stat().st_size > 200_000
    place = tmp_path / "walk.refit"
    monkeypatch.setattr(save, "ask_where", lambda *_: Place(place, replace=True))
    with qtbot.waitSignal(
        window.state.activity.said, timeout=FIT_MS, check_params_cb=lambda said: "holds no copy" in said
    ):
        window.actions_.save_session_as.trigger()
    qtbot.waitUntil(lambda: not window.writer.waiting, timeout=FIT_MS)
    assert load_session(place).motion is None
    other = make_window(place)
    assert other.state.document.opened is not None
    assert not other.state.document.opened.motion.has_poses
    assert other.state.document.result is not None
    np.testing.assert_array_equal(other.state.document.result.poses, result.poses)
    assert other.state.document.rate == RATE


def test_vertices_in_a_file_open_too(make_window: Make, qtbot: QtBot, tmp_path: Path) -> None:
    pair = bodies("built-in")
    vertices = posed(clip("walk", 0, 5), pair.source, slice(None))[0]
    np.savez(tmp_path / "walk.npz", vertices=vertices, mocap_framerate=RATE)
    window = make_window(tmp_path / "walk.npz")
    assert window.state.document.frames == 5
    assert window.state.document.opened is not None
    assert window.state.document.opened.subject.source.label == "source · meshes · SMPL-H neutral"
    assert any(
        "joints are found by the body's regressor" in note for note in window.state.document.opened.notes
    )  # type: ignore[union-attr]

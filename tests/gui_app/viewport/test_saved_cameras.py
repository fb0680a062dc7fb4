"""Cameras with names: told from the body, kept for every motion and start."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.actions import MOST_CAMERAS
from gui_app.document.preferences import Preferences
from gui_app.scene.cameras import CameraPose, Stance
from gui_app.viewport.saved_cameras import KEPT
from tests.gui_app.conftest import FIT_MS, cut_file

MakeWindow = Callable[..., MainWindow]


def test_a_camera_told_from_the_body_comes_back_where_the_body_looks_now() -> None:
    pose = CameraPose(np.array([1.0, -2.0, 1.5]), np.array([0.2, 0.1, 1.0]), np.array([0.0, 0.0, 1.0]))
    before = Stance.at(np.array([0.1, 0.4, 0.9]), 0.0, np.array([[0.2, 0.4, 0.9], [0.0, 0.4, 0.9]]))
    own = before.seen_from(pose)
    same = before.camera(own)
    for part in ("position", "focal_point", "up"):
        assert getattr(same, part) == pytest.approx(getattr(pose, part))
    # A quarter turn to the left, a metre on.
    assert before.facing == pytest.approx((0.0, -1.0, 0.0))
    after = Stance(before.centre + np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    moved = after.camera(own)
    away, then = pose.position - before.centre, moved.position - after.centre
    assert then == pytest.approx((-away[1], away[0], away[2]))
    unknown = Stance.at(np.zeros(3), 0.5, np.full((2, 3), np.nan))
    assert unknown.centre[2] == 0.5
    assert unknown.facing == pytest.approx((0.0, -1.0, 0.0))


def test_a_camera_is_saved_under_a_name_and_looked_from_by_key(
    window: MainWindow, make_window: MakeWindow, motion_file: Path, qtbot: QtBot
) -> None:
    actions, camera, cameras = window.actions_, window.viewport.scene.camera, window.cameras
    qtbot.waitUntil(lambda: not window.viewport._fresh, timeout=FIT_MS)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    assert not actions.cameras[0].isVisible()
    camera.turn(40.0, 25.0)
    saved = camera.pose
    qtbot.keyClick(window, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(cameras.field.hasFocus, timeout=FIT_MS)
    assert cameras.field.text() == "camera 1"
    qtbot.keyClicks(cameras.field, "left & low")
    qtbot.keyClick(cameras.field, Qt.Key.Key_Return)
    assert actions.cameras[0].text() == "left && low"
    (menu,) = [one for one in window.menuBar().findChildren(QMenu) if one.title() == "Camera"]
    assert actions.cameras[0] in menu.actions()
    actions.front.trigger()
    window.viewport._draw()
    assert np.linalg.norm(camera.pose.position - saved.position) > 0.2
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    window.viewport._draw()
    assert camera.pose.position == pytest.approx(saved.position, abs=1e-4)
    assert camera.pose.focal_point == pytest.approx(saved.focal_point, abs=1e-4)

    # In another frame it goes along with the body, and in another window it is still there.
    window.state.playback.set_frame(20)
    actions.top.trigger()
    (command,) = window.palette_._commands.matching("saved camera left")[:1]
    assert command.text == "Saved camera: left & low"
    command.run()
    window.viewport._draw()
    body = window.viewport.scene.stance()
    assert body is not None
    own = cameras.cameras[0].view
    assert camera.pose.position == pytest.approx(body.camera(own).position, abs=1e-4)
    again = make_window(motion_file)
    assert [one.name for one in again.cameras.cameras] == ["left & low"]
    assert again.actions_.cameras[0].isEnabled()
    again.actions_.forget_cameras.trigger()
    assert not again.actions_.cameras[0].isVisible()
    assert not again.actions_.forget_cameras.isEnabled()
    assert make_window(None, wait=False).cameras.cameras == []


def test_a_name_is_replaced_and_four_are_kept(window: MainWindow, qtbot: QtBot) -> None:
    cameras, camera = window.cameras, window.viewport.scene.camera
    qtbot.waitUntil(lambda: not window.viewport._fresh, timeout=FIT_MS)
    for number in range(MOST_CAMERAS):
        cameras.save(f"place {number}")
    before = cameras.cameras[1].view
    camera.turn(90.0, 0.0)
    cameras.save("place 1")
    assert [one.name for one in cameras.cameras] == [f"place {number}" for number in range(MOST_CAMERAS)]
    assert np.linalg.norm(cameras.cameras[1].view.position - before.position) > 0.2
    cameras.save("one more")
    assert len(cameras.cameras) == MOST_CAMERAS
    assert "place 3" in window.statusBar().words.text()
    cameras.save("  ")
    assert len(cameras.cameras) == MOST_CAMERAS


@pytest.mark.parametrize(
    "stored",
    [
        "nonsense", "3", "[[]]", '[{"name": 3}]', '[{"name": "a", "position": [1, 2]}]',
        '[{"name": "a", "position": [0, 0, 1], "focal_point": [0, 0, 0], "up": [0, 0, 1]}]',
        '[{"name": "a", "position": [NaN, 0, 1], "focal_point": [0, 0, 0], "up": [0, 0, 1]}]',
    ],
)  # fmt: skip
def test_nonsense_in_the_settings_is_no_camera(stored: str, make_window: MakeWindow) -> None:
    good = {"name": "b", "position": [0, -3, 1], "focal_point": [0, 0, 1], "up": [0, 0, 1]}
    try:
        text = json.dumps([*json.loads(stored), good])
    except (ValueError, TypeError):
        text = stored
    Preferences().store(KEPT, text)
    names = [one.name for one in make_window(None, wait=False).cameras.cameras]
    assert names == ([] if text == stored else ["b"])


def test_looking_at_another_motion(window: MainWindow, walk: Path, tmp_path: Path, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.viewport._fresh, timeout=FIT_MS)
    window.cameras.save("here")
    own = window.cameras.cameras[0].view
    window.files.open_path(cut_file(walk, tmp_path / "other.npz", 5))
    qtbot.waitUntil(lambda: window.state.document.frames == 5, timeout=FIT_MS)
    qtbot.waitUntil(lambda: not window.viewport._fresh, timeout=FIT_MS)
    window.actions_.cameras[0].trigger()
    window.viewport._draw()
    body = window.viewport.scene.stance()
    assert body is not None
    assert window.viewport.scene.camera.pose.position == pytest.approx(body.camera(own).position, abs=1e-4)

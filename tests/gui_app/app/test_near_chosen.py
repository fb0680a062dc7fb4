"""Going near what is chosen and back, and what the colours mean there."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from gui_app.scene.cameras import STEEPEST
from gui_app.scene.subject import upright
from gui_app.style import colours
from tests.gui_app.conftest import FIT_MS
from tests.gui_app.viewport.test_layouts import drag

WRIST = JointKey("left_wrist", "kinematic")


def drawn(window: MainWindow, qtbot: QtBot) -> None:
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not window.viewport._redraw._waiting, timeout=FIT_MS)


def in_scene(window: MainWindow, point: np.ndarray) -> np.ndarray:
    opened = window.state.document.opened
    assert opened is not None
    return upright(point, opened.subject.up_axis)


def test_a_joint_that_is_chosen_is_gone_to_and_a_key_goes_back(fitted: MainWindow, qtbot: QtBot) -> None:
    window, camera = fitted, fitted.viewport.scene.camera
    window.actions_.joints.setChecked(True)
    drawn(window, qtbot)
    home = camera.pose
    for name in ("left_wrist", "right_ankle"):
        window.panels.joints.panel.joints.tree.chosen.emit(JointKey(name, "kinematic"))
        drawn(window, qtbot)
        found = window.inspection.support("fit")
        assert found is not None
        assert np.allclose(camera.pose.focal_point, in_scene(window, found[1]), atol=1e-4)
        assert np.linalg.norm(camera.pose.position - camera.pose.focal_point) < 2.0
    near = camera.pose
    # Other vertices of the same joint leave the camera where it is.
    camera.turn(20.0, 5.0)
    window.inspection.joint_changed.emit()
    drawn(window, qtbot)
    assert not np.allclose(camera.pose.position, near.position)
    # Back is beside the body as it stands by then.
    before = window.state.document.opened.subject.path[window.state.playback.frame].copy()
    window.state.playback.set_frame(12)
    drawn(window, qtbot)
    moved = in_scene(window, window.state.document.opened.subject.path[12] - before)
    moved[2] = 0.0
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    drawn(window, qtbot)
    assert np.allclose(camera.pose.position, home.position + moved, atol=1e-3)
    qtbot.keyClick(window, Qt.Key.Key_G)
    drawn(window, qtbot)
    found = window.inspection.support("fit")
    assert found is not None
    assert np.allclose(camera.pose.focal_point, in_scene(window, found[1]), atol=1e-4)


def test_the_key_goes_to_a_vertex_a_problem_or_the_part_that_is_worst(
    fitted: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, camera = fitted, fitted.viewport.scene.camera
    window.actions_.joints.setChecked(True)
    window.inspection.set_page("vertices")
    window.inspection.hold("fit", 1234)
    window.actions_.go_near.trigger()
    drawn(window, qtbot)
    place = window.inspection.posed("fit")[0][1234]
    assert np.allclose(camera.pose.focal_point, in_scene(window, place), atol=1e-4)

    window.actions_.choose_none.trigger()
    qtbot.waitUntil(window.actions_.show_part.isEnabled, timeout=FIT_MS)
    window.actions_.go_near.trigger()
    drawn(window, qtbot)
    worst = window.timeline.why.place()
    assert worst is not None
    assert np.allclose(camera.pose.focal_point, in_scene(window, worst[0]), atol=1e-4)

    shown: list[object] = []
    row = type("Row", (), {"problem": "a problem"})()
    # For this moment alone: whatever looks at the rows later finds none that is no row.
    with monkeypatch.context() as patch:
        patch.setattr(window.problem_steps, "show", shown.append)
        patch.setattr(window.problem_choice, "_chosen", (row,))
        window.actions_.go_near.trigger()
    assert shown == ["a problem"]


def test_the_scale_beside_the_bodies_is_that_of_the_weights_on_both(fitted: MainWindow, qtbot: QtBot) -> None:
    window, scene = fitted, fitted.viewport.scene
    window.actions_.joints.setChecked(True)
    drawn(window, qtbot)
    scale = scene.scales.weights
    assert scene.scales.errors._bar.GetVisibility()
    assert not scale.bars[1]._bar.GetVisibility()
    window.inspection.go_to_joint(WRIST)
    drawn(window, qtbot)
    assert not scene.scales.errors._bar.GetVisibility(), "one scale at a time"
    assert scale.bars[1]._bar.GetVisibility()
    largest = max(window.inspection.support(body)[0].share.max() for body in ("source", "fit"))
    assert scale.bars[1]._ticks[-1].GetInput() == f"{largest:.2g}"
    assert scale.bars[1]._unit.GetInput() == "weight"
    # One scale for both: the same weight has the same colour.
    for body in ("source", "fit"):
        support, look = window.inspection.support(body)[0], scene.support(body).look
        assert look is not None
        assert look.most == largest
        part = support.share / largest
        low, high = np.array(colours.rgb(colours.WEIGHT_DIM)), np.array(colours.rgb(colours.WEIGHT))
        expected = low + part[:, None] * (high - low)
        assert np.abs(look.colours - expected)[support.valid if body == "fit" else slice(None)].max() <= 1
    # No colour of the skin is read by the wrong scale.
    assert np.ptp(np.asarray(scene._fit.colours()), axis=0).max() == 0
    window.actions_.layout_source.trigger()
    drawn(window, qtbot)
    assert scale.bars[0]._bar.GetVisibility()
    window.actions_.choose_none.trigger()
    drawn(window, qtbot)
    assert not any(bar._bar.GetVisibility() for bar in scale.bars)
    assert scene.scales.errors._bar.GetVisibility()


def test_a_dragged_camera_keeps_up_up(window: MainWindow, qtbot: QtBot) -> None:
    camera, plotter = window.viewport.scene.camera, window.viewport.plotter
    middle = QPoint(plotter.width() // 4, plotter.height() // 2)
    for view in ("home", "top"):
        window.viewport.show_view(view)
        drawn(window, qtbot)
        distance = np.linalg.norm(camera.pose.position - camera.pose.focal_point)
        for down in (1, -1):
            qtbot.mousePress(plotter, Qt.MouseButton.LeftButton, pos=middle)
            for step in range(1, 60):
                drag(plotter, middle + QPoint(step, 15 * down * step))
            qtbot.mouseRelease(plotter, Qt.MouseButton.LeftButton, pos=middle)
            pose = camera.pose
            away = pose.position - pose.focal_point
            assert np.allclose(pose.up, (0, 0, 1))
            height = np.degrees(np.arcsin(away[2] / np.linalg.norm(away)))
            assert height == pytest.approx(down * STEEPEST, abs=0.01), "it stops above and below"
            assert np.linalg.norm(away) == pytest.approx(distance)

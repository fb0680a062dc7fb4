"""Layouts, camera and picking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.scene.view_options import LAYOUTS
from tests.gui_app.conftest import FIT_MS
from tests.show import drive


def on_screen(window: MainWindow, right: bool, vertices: np.ndarray) -> QPoint:
    """Where the middle of some vertices lies, logical pixels of the 3D widget."""
    plotter = window.viewport.plotter
    renderer = plotter.renderers[int(right)]
    renderer.SetWorldPoint(*vertices.mean(axis=0).astype(float), 1.0)
    renderer.WorldToDisplay()
    x, y, _ = renderer.GetDisplayPoint()
    scale = plotter.devicePixelRatioF()
    return QPoint(round(x / scale), round(plotter.height() - 1 - y / scale))


def test_pointer_focus_and_double_click_find_the_body(fitted: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: fitted.viewport.scene._fit.actor.GetVisibility() == 1, timeout=FIT_MS)
    opened = fitted.state.document.opened
    picture = opened.posed.frame(fitted.state.playback.frame)
    for name, right, body, vertices in (
        ("source", False, opened.bodies.source, picture.source_vertices),
        ("fit", True, opened.bodies.target, picture.fit_vertices),
    ):
        head = body.vertex_part == 0
        spot = on_screen(fitted, right, vertices[head])
        found = fitted.viewport.vertex_at(spot.x(), spot.y())
        assert found is not None
        assert found[0] == name
        assert head[found[1]]
    assert fitted.viewport.vertex_at(5, 5) is None

    camera = fitted.viewport.plotter.renderers[0].camera
    before = camera.distance
    drive.focus_part(fitted, "head")
    vertices = fitted.state.document.opened.posed.frame(0).fit_vertices
    head = vertices[fitted.state.document.opened.bodies.target.vertex_part == 0]
    assert camera.focal_point == pytest.approx((head.min(axis=0) + head.max(axis=0)) / 2, abs=1e-5)
    assert camera.distance < before / 2

    spot = on_screen(fitted, True, head)
    qtbot.mouseDClick(fitted.viewport.plotter, Qt.MouseButton.LeftButton, pos=spot)
    assert np.linalg.norm(head - np.array(camera.focal_point), axis=1).min() < 1e-4


def drawn(window: MainWindow) -> tuple[bool, bool]:
    """Which of the two renderers are drawn."""
    left, right = window.viewport.plotter.renderers[:2]
    return bool(left.GetDraw()), bool(right.GetDraw())


def test_keys_change_the_layout_and_the_camera_stays_linked(fitted: MainWindow, qtbot: QtBot) -> None:
    fitted.activateWindow()
    qtbot.waitUntil(fitted.isActiveWindow, timeout=FIT_MS)
    scene = fitted.viewport.scene
    for key, layout, views in (
        (Qt.Key.Key_5, "overlay", (False, True)),
        (Qt.Key.Key_6, "source", (True, False)),
        (Qt.Key.Key_7, "fit", (False, True)),
        (Qt.Key.Key_4, "side", (True, True)),
    ):
        qtbot.keyClick(fitted, key)
        assert fitted.state.view.layout == layout
        assert drawn(fitted) == views
        assert bool(scene._fit_view.ghost.actor.GetVisibility()) == (layout == "overlay")
    qtbot.keyClick(fitted, Qt.Key.Key_O)
    assert fitted.state.view.parallel
    left, right = fitted.viewport.plotter.renderers[:2]
    assert left.camera is right.camera
    assert left.camera.parallel_projection


def wheel(window: MainWindow, place: QPoint) -> None:
    """Turns the wheel over a place of the 3D widget."""
    plotter = window.viewport.plotter
    event = QWheelEvent(
        QPointF(place),
        QPointF(plotter.mapToGlobal(place)),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(plotter, event)


def test_wheel_and_drag_move_the_camera_in_every_view(window: MainWindow, qtbot: QtBot) -> None:
    plotter = window.viewport.plotter
    camera = plotter.renderers[0].camera
    for layout in LAYOUTS:
        window.state.view.change(layout=layout)
        window.viewport.show_view("home")
        for across in (0.25, 0.75):
            place = QPoint(round(across * plotter.width()), plotter.height() // 2)
            before = camera.distance
            wheel(window, place)
            assert camera.distance < 0.98 * before
            direction = np.array(camera.direction)
            qtbot.mousePress(plotter, Qt.MouseButton.LeftButton, pos=place)
            for step in (10, 30):
                drag(plotter, place + QPoint(step, 0))
            qtbot.mouseRelease(plotter, Qt.MouseButton.LeftButton, pos=place + QPoint(30, 0))
            assert np.abs(np.array(camera.direction) - direction).max() > 0.01


def drag(plotter: QWidget, place: QPoint) -> None:
    """Moves the mouse with its left button held."""
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        QPointF(plotter.mapToGlobal(place)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QCoreApplication.sendEvent(plotter, event)


def test_how_it_looks_is_remembered(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot
) -> None:
    first = make_window(motion_file)
    first.state.view.change(layout="overlay", colouring="parts", parallel=True)
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible(), timeout=FIT_MS)
    second = make_window(motion_file)
    assert (second.state.view.layout, second.state.view.colouring, second.state.view.parallel) == (
        "overlay",
        "parts",
        True,
    )
    assert second.actions_.layout_overlay.isChecked()
    assert second.actions_.colour_parts.isChecked()
    assert not second.actions_.error.isChecked()
    second.actions_.error.trigger()
    assert second.state.view.colouring == "error"

"""Layouts, camera and picking."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from gui_app.main_window import MainWindow
from tests.gui_app.conftest import FIT_MS


def on_screen(window: MainWindow, right: bool, vertices: np.ndarray) -> QPoint:
    """Where the middle of some vertices lies, logical pixels of the 3D widget."""
    plotter = window.viewport.plotter
    renderer = plotter.renderers[int(right)]
    renderer.SetWorldPoint(*vertices.mean(axis=0).astype(float), 1.0)
    renderer.WorldToDisplay()
    x, y, _ = renderer.GetDisplayPoint()
    scale = plotter.devicePixelRatioF()
    return QPoint(round(x / scale), round(plotter.height() - 1 - y / scale))


def test_the_vertex_under_the_pointer(fitted: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: fitted.viewport.scene._fit.actor.GetVisibility() == 1, timeout=FIT_MS)
    opened = fitted.state.opened
    picture = opened.posed.frame(fitted.state.frame)
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


def test_focus_brings_a_part_near(fitted: MainWindow, qtbot: QtBot) -> None:
    camera = fitted.viewport.plotter.renderers[0].camera
    before = camera.distance
    fitted.viewport.focus_part("head")
    vertices = fitted.state.opened.posed.frame(0).fit_vertices
    head = vertices[fitted.state.opened.bodies.target.vertex_part == 0]
    assert camera.focal_point == pytest.approx(head.mean(axis=0), abs=1e-5)
    assert camera.distance < before / 3

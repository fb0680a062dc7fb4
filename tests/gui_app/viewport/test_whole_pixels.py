"""The bodies at scales at which a logical pixel is no whole number of device pixels."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.viewport.viewport import whole_pixels

EDGE = 3
SECONDS = 120


def on_screen(window: MainWindow, area: QRect) -> np.ndarray:
    """(h, w, 3) uint8 of part of a window in device pixels, as it is on the screen."""
    ratio = window.devicePixelRatioF()
    image = window.screen().grabWindow(0).toImage().convertToFormat(QImage.Format.Format_RGB888)
    whole = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    whole = whole[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    corner = window.mapToGlobal(area.topLeft())
    left, top = round(corner.x() * ratio), round(corner.y() * ratio)
    return whole[top : top + int(area.height() * ratio), left : left + int(area.width() * ratio)]


@pytest.mark.parametrize("more", [0, 1])
def test_no_black_line_stands_beside_the_bodies(window: MainWindow, qtbot: QtBot, more: int) -> None:
    window.actions_.theme_light.trigger()
    window.resize(1000 + more, 700 + more)
    view = window.viewport
    area = QRect(view.mapTo(window, view.rect().topLeft()), view.size())
    qtbot.waitUntil(lambda: int(on_screen(window, area)[area.height() // 2].min()) > 0)
    qtbot.wait(200)
    seen = on_screen(window, area).max(axis=2)
    for edge in (seen[:EDGE], seen[-EDGE:], seen[:, :EDGE], seen[:, -EDGE:]):
        assert (edge > 0).all()


def test_nor_at_one_and_a_half_times_the_size() -> None:
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "no_black_line"]
    environment = {**os.environ, "QT_SCALE_FACTOR": "1.5"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("ratio", "step"), [(1.0, 1), (2.0, 1), (1.5, 2), (1.25, 4), (1.75, 4), (4 / 3, 3), (1.2, 5), (1.07, 1)]
)
def test_the_step_is_the_least_whole_one(ratio: float, step: int) -> None:
    assert whole_pixels(ratio) == step

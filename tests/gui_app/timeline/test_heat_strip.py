"""The strip of body parts has the scale of the body, and says so."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.scene.colour_maps import error_colours, ramp
from gui_app.timeline.heat_strip import LEGEND_WIDTH
from tests.gui_app.conftest import FIT_MS


def test_one_colour_is_one_number_of_millimetres_on_body_strip_and_legend(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    window, strip = fitted, fitted.timeline.strip
    qtbot.waitUntil(lambda: window.state.document.analysis is not None, timeout=FIT_MS)
    for range_mm in (20.0, 7.0):
        window.state.view.change(range_mm=range_mm)
        millimetres = np.linspace(0.4, 1.3, 5) * range_mm
        body = np.zeros((len(millimetres), 3), np.uint8)
        error_colours(millimetres, range_mm, body)
        scale = window.timeline.curves.time_scale()
        for value, expected in zip(millimetres, body, strict=True):
            strip._image = None
            image, _, _ = strip._colours(scale, np.full((window.state.document.frames, 6), value))
            strip._image = None
            assert np.abs(np.array(image.pixelColor(3, 2).getRgb()[:3]) - expected).max() <= 1
        strip._image = None
        picture = strip.grab().toImage()
        density = picture.devicePixelRatio()
        end = QColor(*(int(x) for x in ramp()[-1]))
        line = [picture.pixelColor(x, round((strip.height() - 9) * density)) for x in range(picture.width())]
        near = [max(abs(a - b) for a, b in zip(one.getRgb(), end.getRgb(), strict=True)) < 12 for one in line]
        assert any(near), "the far end of the scale is on the legend"
        coloured = [one for one in line if one.hslSaturation() > 60]
        assert len(coloured) > LEGEND_WIDTH * density / 3

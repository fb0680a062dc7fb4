"""The lasso: a line around vertices takes those that are seen out of the mask, and puts them back."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from tests.gui_app.mask.test_mask import FIT_MS, LEFT, NONE, camera, front_of, on_screen, open_panel, valid
from tests.show import drive

EVENTS = QEvent.Type


def mouse(window: MainWindow, kind: QEvent.Type, at: QPointF, *, shift: bool = False) -> None:
    plotter = window.viewport.plotter
    button = NONE if kind == EVENTS.MouseMove else LEFT
    buttons = NONE if kind == EVENTS.MouseButtonRelease else LEFT
    keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, at, plotter.mapToGlobal(at), button, buttons, keys)
    QApplication.sendEvent(plotter, event)


def draw(window: MainWindow, corners: list[QPointF], *, shift: bool = False) -> None:
    mouse(window, EVENTS.MouseButtonPress, corners[0], shift=shift)
    for at in corners[1:]:
        mouse(window, EVENTS.MouseMove, at, shift=shift)
    assert window.panels.masks.lasso.line.isVisible()
    mouse(window, EVENTS.MouseButtonRelease, corners[-1], shift=shift)
    assert not window.panels.masks.lasso.line.isVisible()


def test_a_line_takes_what_is_seen_inside(fitted: MainWindow, qtbot: QtBot) -> None:
    window = fitted
    open_panel(window, qtbot)
    drive.focus_part(window, "torso")
    window.actions_.mask_brush.trigger()
    window.actions_.mask_lasso.trigger()
    assert window.painting.lasso_on
    assert not window.painting.brush_on, "one tool in the hand"
    assert not window.actions_.mask_brush.isChecked()
    vertex = front_of(window, "torso")
    middle, before, seen = on_screen(window, vertex), valid(window).copy(), camera(window)
    square = [middle + QPointF(x, y) for x, y in ((-25, -25), (25, -25), (25, 25), (-25, 25), (-25, -10))]
    draw(window, square)
    qtbot.waitUntil(lambda: not valid(window)[vertex])
    taken = np.flatnonzero(before & ~valid(window))
    np.testing.assert_array_equal(camera(window), seen)
    for one in taken:
        away = on_screen(window, int(one)) - middle
        assert max(abs(away.x()), abs(away.y())) < 27
    opened = window.state.document.opened
    assert opened is not None
    shape = opened.posed.frame(window.state.playback.frame).fit_vertices
    assert shape is not None
    assert np.linalg.norm(shape[taken] - shape[vertex], axis=1).max() < 0.2, "nothing of the back"
    assert window.actions_.undo.text() == "Undo mask lasso"
    qtbot.waitUntil(lambda: window.panels.masks.preview.figures is not None, timeout=FIT_MS)
    draw(window, square, shift=True)
    qtbot.waitUntil(lambda: bool(valid(window)[vertex]))
    # The frame was fitted again in between: a vertex at the line may have gone over it.
    assert (valid(window) != before).sum() <= 0.05 * len(taken)
    window.actions_.undo.trigger()
    np.testing.assert_array_equal(np.flatnonzero(before & ~valid(window)), taken)

    told: list[str] = []
    window.state.activity.said.connect(told.append)
    corner = QPointF(window.viewport.plotter.width() - 40, 20)
    draw(window, [corner, corner + QPointF(15, 0), corner + QPointF(0, 15)])
    qtbot.waitUntil(lambda: any("goes around no vertex" in words for words in told))
    window.actions_.layout_source.trigger()
    draw(window, square)
    assert "show it" in told[-1]
    window.actions_.mask.trigger()
    qtbot.waitUntil(lambda: not window.painting.lasso_on)
    assert not window.actions_.mask_lasso.isEnabled()


def test_escape_drops_the_line_and_nothing_else(fitted: MainWindow, qtbot: QtBot) -> None:
    window = fitted
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.actions_.joints.trigger()
    open_panel(window, qtbot)
    knee = JointKey("left_knee", "kinematic")
    window.inspection.go_to_joint(knee)
    window.actions_.go_back.trigger()
    assert window.actions_.choose_none.isEnabled()
    window.actions_.mask_lasso.trigger()
    plotter, before = window.viewport.plotter, valid(window).copy()
    middle = on_screen(window, front_of(window, "torso"))
    mouse(window, EVENTS.MouseButtonPress, middle - QPointF(30, 30))
    for x, y in ((30, -30), (30, 30), (-30, 30)):
        mouse(window, EVENTS.MouseMove, middle + QPointF(x, y))
    assert window.panels.masks.lasso.line.isVisible()
    qtbot.keyClick(plotter, Qt.Key.Key_Escape)
    assert not window.panels.masks.lasso.line.isVisible()
    assert window.inspection.joint == knee, "the key was the line's"
    mouse(window, EVENTS.MouseMove, middle)
    mouse(window, EVENTS.MouseButtonRelease, middle)
    assert not window.panels.masks.lasso.line.isVisible()
    assert window.painting.lasso_on, "another line can be drawn"
    qtbot.keyClick(plotter, Qt.Key.Key_Escape)
    assert window.inspection.joint is None
    np.testing.assert_array_equal(valid(window), before)

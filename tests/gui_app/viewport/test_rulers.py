"""Distances between two picked points: drawn over the bodies, followed over the frames, kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.view import MOST_RULERS, Ruler, SecondFit
from gui_app.session.snapshot import show_view, view_of
from gui_app.timeline.curve_choice import APART, CurveChoice, ruler_choice
from gui_app.viewport.ruler_lines import millimetres
from tests.gui_app.conftest import FIT_MS

LEFT = Qt.MouseButton.LeftButton


def on_a_body(window: MainWindow, share: float, body: str, qtbot: QtBot) -> list[tuple[QPoint, int]]:
    """Places over a body with its vertex there, from above, in the column at a share of the width."""
    plotter = window.viewport.plotter

    def looked() -> list[tuple[QPoint, int]]:
        found = []
        for y in range(plotter.height() // 4, plotter.height() * 3 // 4, 8):
            at = QPoint(round(plotter.width() * share), y)
            hit = window.viewport.vertex_at(at.x(), at.y())
            if hit is not None and hit[0] == body:
                found.append((at, hit[1]))
        return found

    qtbot.waitUntil(lambda: len(looked()) > 3, timeout=FIT_MS)
    return looked()


def apart_mm(window: MainWindow, frame: int, one: tuple[str, int], other: tuple[str, int]) -> float:
    opened = window.state.document.opened
    assert opened is not None
    picture = opened.posed.frame(frame)
    bodies = {"source": picture.source_vertices, "fit": picture.fit_vertices}
    return 1000 * float(np.linalg.norm(bodies[one[0]][one[1]] - bodies[other[0]][other[1]]))


def words(window: MainWindow) -> list[str]:
    """Of the lines that are shown, once they are where they belong."""
    window.rulers.place()
    return [line.words.GetInput().strip() for line in window.rulers.lines if line.visible]


def test_two_clicks_measure_and_the_line_follows_the_frames(fitted: MainWindow, qtbot: QtBot) -> None:
    plotter, view, actions = fitted.viewport.plotter, fitted.state.view, fitted.actions_
    spots = on_a_body(fitted, 0.75, "fit", qtbot)
    (first, a), (second, b) = spots[0], spots[-1]
    fitted.activateWindow()
    qtbot.waitUntil(fitted.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(fitted, Qt.Key.Key_D)
    assert actions.measure.isChecked()
    assert "click to measure" in fitted.probe.words("fit", a)
    qtbot.mouseClick(plotter, LEFT, pos=first)
    assert fitted.rulers.begun == ("fit", a)
    assert words(fitted) == [""]
    qtbot.mouseClick(plotter, LEFT, pos=second)
    assert view.rulers == (Ruler(("fit", a), ("fit", b)),)
    assert fitted.rulers.begun is None
    told = set()
    for frame in (0, 9, 17):
        fitted.state.playback.set_frame(frame)
        assert words(fitted) == [f"{apart_mm(fitted, frame, ('fit', a), ('fit', b)):,.1f} mm"]
        told.add(words(fitted)[0])
    assert len(told) > 1
    # No click of these pins a vertex, nor the next one that is none.
    assert fitted.probe._click.isActive() is False
    assert fitted.pins.vertices == ()

    (spot, c), *_ = on_a_body(fitted, 0.25, "source", qtbot)
    qtbot.mouseClick(plotter, LEFT, pos=spot)
    assert fitted.rulers.begun == ("source", c)
    qtbot.keyClick(fitted, Qt.Key.Key_Escape)
    assert fitted.rulers.begun is None
    assert actions.measure.isChecked()
    qtbot.keyClick(fitted, Qt.Key.Key_Escape)
    assert not actions.measure.isChecked()
    assert len(words(fitted)) == 1, "what is measured stays"
    qtbot.mouseClick(plotter, LEFT, pos=first)
    assert fitted.rulers.begun is None
    fitted.probe._click.stop()

    actions.measure.setChecked(True)
    qtbot.keyClick(fitted, Qt.Key.Key_Delete)
    assert view.rulers == ()
    assert words(fitted) == []
    assert not actions.remove_distance.isEnabled()


def test_between_the_bodies_in_every_layout_and_theme(fitted: MainWindow) -> None:
    rulers, actions, renderers = fitted.rulers, fitted.actions_, fitted.viewport.plotter.renderers
    for pair in ((("source", 3), ("fit", 9)), (("source", 3), ("source", 40)), (("fit", 3), ("fit", 40))):
        for point in pair:
            rulers.take(*point)
    mixed = f"{apart_mm(fitted, 0, ('source', 3), ('fit', 9)):,.1f} mm"
    assert words(fitted)[0] == mixed

    def seen() -> list[int]:
        rulers.place()
        return [
            next(i for i in range(3) if renderers[i].HasViewProp(line.words)) for line in rulers.lines[:3]
        ]

    assert seen() == [1, 0, 1]
    actions.layout_overlay.trigger()
    assert seen() == [1, 1, 1]
    actions.layout_side.trigger()
    actions.theme_light.trigger()
    assert seen() == [1, 0, 1]
    actions.theme_dark.trigger()
    actions.remove_distance.trigger()
    assert len(words(fitted)) == 2
    for vertex in range(2 * MOST_RULERS + 2):
        rulers.take("fit", vertex)
    assert len(fitted.state.view.rulers) == MOST_RULERS
    assert len(words(fitted)) == MOST_RULERS
    actions.remove_distances.trigger()
    assert words(fitted) == []


def test_a_distance_is_a_curve_over_the_frames(fitted: MainWindow, qtbot: QtBot) -> None:
    curves, view, rulers = fitted.timeline.curves, fitted.state.view, fitted.rulers
    series, ends = curves._rulers, (("fit", 3), ("fit", 9000))
    for point in (*ends, ("source", 3), ("source", 40)):
        rulers.take(*point)
    curves.menu._fill()
    offered = [action for action in curves.menu._menu.actions() if action.text().startswith("Distance ")]
    assert [one.text() for one in offered] == ["Distance source 3 – source 40", "Distance fit 3 – fit 9000"]
    offered[1].trigger()
    qtbot.waitUntil(lambda: series.values is not None, timeout=FIT_MS)
    for frame in (0, 9, 17):
        expected = apart_mm(fitted, frame, *ends)
        assert series.values[frame] == pytest.approx(expected, abs=0.05)
        assert f"Distance fit 3 – fit 9000 {series.values[frame]:.1f} mm" in curves._words_of(frame)
    # What changes is seen, however long the distance.
    low, top = curves._box.viewRange()[1]
    assert low > 100
    assert top - low < 0.5 * top
    # Another fit is measured anew, another distance takes its place, and with the last one it ends.
    result = fitted.state.document.result
    fitted.state.document.set_result(replace(result, poses=result.poses * np.float32(0.5)), None)
    qtbot.waitUntil(
        lambda: series.values is not None and abs(series.values[9] - apart_mm(fitted, 9, *ends)) < 0.05,
        timeout=FIT_MS,
    )
    rulers.take("source", 7)
    rulers.take("fit", 7)
    assert curves.menu.choice.title == "Distance source 7 – fit 7"
    qtbot.waitUntil(lambda: series.values is not None, timeout=FIT_MS)
    view.set_rulers(view.rulers[:2])
    assert curves.menu.choice == CurveChoice()
    assert series.ruler is None
    # Nor is it there again once two fits were compared, if it was taken away meanwhile.
    for kept in (True, False):
        curves.menu.choose(ruler_choice(view.rulers[-1]))
        shown = curves.menu.choice
        fitted.beside.begin(SecondFit(result, "Another"))
        assert curves.menu.choice == APART
        view.set_rulers(view.rulers if kept else ())
        fitted.beside.end()
        assert curves.menu.choice == (shown if kept else CurveChoice())


def test_what_is_not_posed_is_not_drawn_and_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    state = window.state
    window.rulers.take("fit", 3)
    window.rulers.take("fit", 40)
    window.rulers.take("source", 3)
    window.rulers.take("source", 40)
    assert state.document.opened is not None
    assert np.isnan(millimetres(state.document.opened.posed.frame(0), state.view.rulers[0]))
    assert len(words(window)) == 1
    window.fitting.start()
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert len(words(window)) == 2
    assert state.document.result is not None
    moved = replace(state.document.result, transl=state.document.result.transl + np.float32(0.5))
    before = words(window)
    state.document.set_result(moved, None)
    assert words(window) == before


def test_a_session_keeps_what_is_measured(fitted: MainWindow) -> None:
    state = fitted.state
    kept = (Ruler(("source", 3), ("fit", 9)), Ruler(("fit", 4), ("fit", 5)))
    state.view.set_rulers(kept)
    view = view_of(state, fitted.viewport)
    state.view.set_rulers(())
    show_view(view, state, fitted.viewport)
    assert state.view.rulers == kept
    # What an earlier version left, and what makes no sense, changes nothing or is left out.
    del view["rulers"]
    show_view(view, state, fitted.viewport)
    assert state.view.rulers == kept
    odd = [["fit", 10**6, "fit", 1], ["hat", 1, "fit", 2], ["fit", "1", "fit", 2], 7, ["fit", 1, "fit", 2]]
    show_view({**view, "rulers": odd}, state, fitted.viewport)
    assert state.view.rulers == (Ruler(("fit", 1), ("fit", 2)),)
    fitted.actions_.measure.setChecked(True)
    state.document.set_opened(state.document.opened)
    assert state.view.rulers == ()
    assert words(fitted) == []


def test_one_tool_is_in_the_hand(fitted: MainWindow) -> None:
    actions = fitted.actions_
    actions.panel("masks").setChecked(True)
    for tool in (actions.mask_brush, actions.mask_lasso):
        actions.measure.setChecked(True)
        tool.setChecked(True)
        assert tool.isChecked()
        assert not actions.measure.isChecked()
        assert fitted.viewport.plotter.cursor().shape() == Qt.CursorShape.CrossCursor
        actions.measure.setChecked(True)
        assert not tool.isChecked()
        assert fitted.viewport.plotter.cursor().shape() == Qt.CursorShape.CrossCursor
        assert fitted.probe.takes is not None

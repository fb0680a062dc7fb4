"""From a peak in the curve to the frame, the place and the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.model.joints import PARTS
from core.problems.thresholds import ProblemThresholds
from gui_app.app.main_window import MainWindow
from gui_app.document.preferences import Preferences
from gui_app.timeline.curve_choice import CurveChoice
from gui_app.timeline.curves import top_of
from gui_app.timeline.heat_strip import heat_image
from gui_app.timeline.playback import PlaybackClock
from gui_app.timeline.time_axis import (
    HALF_A_NUMBER,
    FrameAxis,
    HeightAxis,
    TimeScale,
    most_by_column,
    peak_near,
)
from tests.gui_app.conftest import FIT_MS, FRAMES

BAD = 15
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


@pytest.fixture
def faulty(fitted: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window whose fit has its left elbow bent wrong in one frame."""
    state = fitted.state
    joint = state.document.opened.bodies.target.joint_names.index("left_elbow")
    poses, worst = state.document.result.poses.copy(), state.document.result.max_mm.copy()
    poses[BAD, joint] += 0.8
    worst[BAD] = 200.0
    bad = replace(state.document.result, poses=poses, max_mm=worst)
    state.document.set_result(bad, None)
    qtbot.waitUntil(
        lambda: state.document.analysis is not None and state.document.analysis.result is bad, timeout=FIT_MS
    )
    return fitted


def place(window: MainWindow, frame: float, mm: float = 1.0) -> QPoint:
    curves = window.timeline.curves
    return QPoint(curves.mapFromScene(curves.getPlotItem().vb.mapViewToScene(QPointF(frame, mm))))


def drag(window: MainWindow, qtbot: QtBot, frames: tuple[float, ...], key: Qt.KeyboardModifier) -> None:
    widget = window.timeline.curves.viewport()
    qtbot.mousePress(widget, LEFT, key, place(window, frames[0]))
    for frame in frames[1:]:
        qtbot.mouseMove(widget, place(window, frame))
        qtbot.wait(30)
    qtbot.mouseRelease(widget, LEFT, key, place(window, frames[-1]))


def test_a_range_a_curve_and_a_threshold_are_chosen(faulty: MainWindow, qtbot: QtBot) -> None:
    state = faulty.state
    drag(faulty, qtbot, (4.0, 6.0, 9.0, 12.0), SHIFT)
    qtbot.waitUntil(lambda: state.playback.selection == (4, 12), timeout=FIT_MS)
    chip = faulty.timeline.transport._selected
    assert chip.isVisible()
    assert chip.text() == "frames 4–12"
    assert faulty.timeline.curves.brush.band.getRegion() == (3.5, 12.5)
    faulty.timeline.curves.brush.band.setRegion((5.6, 12.5))
    assert state.playback.selection == (6, 12)
    qtbot.mouseClick(faulty.timeline.curves.viewport(), LEFT, SHIFT, place(faulty, 20.0))
    qtbot.waitUntil(lambda: state.playback.selection is None, timeout=FIT_MS)
    assert not chip.isVisible()
    faulty.actions_.select_all.trigger()
    assert state.playback.selection == (0, FRAMES - 1)
    faulty.actions_.select_none.trigger()
    assert state.playback.selection is None

    curves, metrics = faulty.timeline.curves, faulty.state.document.analysis.metrics
    choice = CurveChoice("joint_mm", "left_wrist", "Joint: left wrist", "mm")
    curves.menu.choose(choice)
    shown = curves._series["chosen"]
    assert np.allclose(shown, metrics.joint_mm[:, metrics.joint_names.index("left_wrist")], equal_nan=True)
    assert curves._curves["mean_mm"].xData is None
    assert curves.frame_meant(BAD + 0.2) == BAD
    curves.menu.choose(CurveChoice())
    assert len(curves._curves["mean_mm"].xData) == FRAMES


def test_the_rows_above_and_below_the_curves_are_one_scrubber_with_them(
    faulty: MainWindow, qtbot: QtBot
) -> None:
    playback, timeline = faulty.state.playback, faulty.timeline
    scale = timeline.curves.time_scale()

    def at(frame: float, row: QWidget) -> QPoint:
        return QPoint(round(float(scale.x_of(frame))), row.height() // 2)

    assert not timeline.transport._slider.isVisible()
    for row in (timeline.marks, timeline.strip):
        qtbot.mouseClick(row, LEFT, pos=at(3, row))
        assert playback.frame == 3
        qtbot.mousePress(row, LEFT, pos=at(4, row))
        for frame in (6, 9, 11):
            qtbot.mouseMove(row, at(frame, row))
            qtbot.wait(30)
            assert playback.frame == frame
        qtbot.mouseRelease(row, LEFT, pos=at(11, row))
        qtbot.mousePress(row, LEFT, SHIFT, at(5, row))
        for frame in (7, 10):
            send(row, QEvent.Type.MouseMove, at(frame, row), NONE, SHIFT)
        qtbot.mouseRelease(row, LEFT, SHIFT, at(10, row))
        assert playback.selection == (5, 10)
        playback.set_selection(None)
        wheel(row, at(8, row))
        assert timeline.curves.time_scale().pixels_a_frame > scale.pixels_a_frame
        qtbot.mouseClick(row, LEFT, pos=at(8, row))
        send(row, QEvent.Type.MouseButtonDblClick, at(8, row), LEFT)
        qtbot.mouseRelease(row, LEFT, pos=at(8, row))
        qtbot.waitUntil(
            lambda: timeline.curves.time_scale().pixels_a_frame < 1.02 * scale.pixels_a_frame,
            timeout=5000,
        )
    # A part of the row's own is still its own: the worst frame of a problem.
    qtbot.mouseClick(timeline.marks, LEFT, pos=at(BAD, timeline.marks) + QPoint(2, 0))
    assert playback.frame == BAD


def send(
    row: QWidget,
    kind: QEvent.Type,
    place: QPoint,
    button: Qt.MouseButton,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """What no call of the test library makes, with the left button down."""
    event = QMouseEvent(kind, QPointF(place), QPointF(row.mapToGlobal(place)), button, LEFT, keys)
    QApplication.sendEvent(row, event)


def wheel(row: QWidget, place: QPoint) -> None:
    """A notch away from oneself."""
    event = QWheelEvent(
        QPointF(place), QPointF(row.mapToGlobal(place)), QPoint(), QPoint(0, 240), NONE,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(row, event)


def looked_through(window: MainWindow, qtbot: QtBot) -> set[int]:
    """The problem frames with the thresholds as they are now."""
    state = window.state
    qtbot.waitUntil(
        lambda: (
            state.document.analysis is not None
            and state.document.analysis.thresholds == state.document.thresholds
        ),
        timeout=FIT_MS,
    )
    return set(state.document.analysis.frames.tolist())


def test_what_is_over_a_line_is_a_problem_frame_wherever_they_are_counted(
    faulty: MainWindow, make_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    state, curves, panels = faulty.state, faulty.timeline.curves, faulty.panels.problems.panel
    faulty.actions_.problems.setChecked(True)
    lines = {threshold._name: threshold.line for threshold in curves.thresholds}
    boxes = faulty.timeline.transport.at_most.fields
    assert list(lines) == ["max_most_mm", "mean_most_mm"]
    assert {name: box.value() for name, box in boxes.items()} == {"mean_most_mm": 20.0, "max_most_mm": 50.0}
    for name, metric in (("max_most_mm", "max_mm"), ("mean_most_mm", "mean_mm")):
        figures = getattr(state.document.analysis.metrics, metric)
        middle = round(float(np.median(figures)), 1)
        for bound in (middle, 0.5):
            lines[name].setValue(bound)
            assert getattr(state.document.thresholds, name) == boxes[name].value() == bound
            found = looked_through(faulty, qtbot)
            assert set(np.flatnonzero(figures > bound)) <= found
            words = f"{len(found)} problem frames"
            assert faulty.timeline.why.problems.text() == f"{words} ▾"
            qtbot.waitUntil(lambda words=words: panels.head.text().startswith(words), timeout=FIT_MS)
            assert f"over {bound:.1f} mm" in {
                p.reason.split(", ")[-1] for p in state.document.analysis.problems
            }
        boxes[name].setValue(500.0)
        assert lines[name].value() == getattr(state.document.thresholds, name) == 500.0
    panels.thresholds.which.setCurrentText("Max at most")
    panels.thresholds.slider.setValue(0)
    assert boxes["max_most_mm"].value() == lines["max_most_mm"].value() == 50.0
    assert BAD in looked_through(faulty, qtbot)
    boxes["max_most_mm"].setValue(777.0)
    assert make_window(None, wait=False).state.document.thresholds.max_most_mm == 777.0


def test_a_line_that_an_earlier_version_kept_is_the_bound(make_window: Callable[..., MainWindow]) -> None:
    Preferences().store("threshold_mm", 33.0)
    Preferences().store("problem_thresholds", '{"whole_mm": 2.0, "ceiling_mm": 60.0}')
    kept = make_window(None, wait=False).state.document.thresholds
    assert (kept.max_most_mm, kept.whole_mm, kept.ceiling_mm) == (33.0, 2.0, 60.0)
    # Once taken over it is not taken over again.
    window = make_window(None, wait=False)
    window.state.document.set_thresholds(ProblemThresholds())
    assert make_window(None, wait=False).state.document.thresholds == ProblemThresholds()


def test_playing_stays_in_the_selection(window: MainWindow, qtbot: QtBot) -> None:
    window.state.playback.set_selection((6, 9))
    seen = []
    window.state.playback.frame_changed.connect(seen.append)
    window.actions_.play.trigger()
    qtbot.waitUntil(lambda: len(seen) > 6, timeout=FIT_MS)
    window.actions_.play.trigger()
    assert set(seen) <= {6, 7, 8, 9}


def test_strip_marks_list_and_keys_lead_to_a_problem_its_place_and_reason(
    faulty: MainWindow, qtbot: QtBot
) -> None:
    strip = faulty.timeline.strip
    x = round(float(faulty.timeline.curves.time_scale().x_of(7)))
    qtbot.mouseClick(strip, LEFT, pos=QPoint(x, 4))
    assert faulty.state.playback.frame == 7
    assert strip._words_at(x, 1).startswith("head, frame 7: ")

    curves = faulty.timeline.curves
    for _ in range(2):
        qtbot.mouseMove(curves.viewport(), place(faulty, BAD, 40.0))
        qtbot.mouseMove(curves.viewport(), place(faulty, BAD, 41.0))
    qtbot.waitUntil(curves.readout.isVisible, timeout=FIT_MS)
    assert f"</span> {BAD}" in curves.readout.text()
    assert "200.0 mm" in curves.readout.text()

    why = faulty.timeline.why
    assert BAD in faulty.state.document.analysis.frames
    assert "problem frame" in why.problems.text()
    faulty.activateWindow()
    qtbot.waitUntil(faulty.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(faulty, Qt.Key.Key_BracketRight)
    assert faulty.state.playback.frame == BAD
    qtbot.waitUntil(lambda: bool(why.words.reason), timeout=FIT_MS)
    assert "usually" in why.words.reason or "mm" in why.words.reason
    assert "worst vertex" in why.words.figures
    assert why.part in PARTS
    camera = faulty.viewport.plotter.camera
    before = np.array(camera.position)
    qtbot.keyClick(faulty, Qt.Key.Key_G)
    assert np.linalg.norm(np.array(camera.position) - before) > 0.2
    # Looks at the worst vertex of the part, which is on the bent arm.
    point, _ = why.place()
    assert np.isfinite(point).all()

    faulty.state.playback.set_frame(0)
    marks = faulty.timeline.marks
    index = int(np.flatnonzero(faulty.state.document.analysis.worst == BAD)[0])
    x = float(faulty.timeline.curves.time_scale().x_of(BAD))
    assert marks.place_under(x) == index
    qtbot.mouseClick(marks, LEFT, pos=QPoint(round(x), 4))
    assert faulty.state.playback.frame == BAD
    faulty.state.playback.set_frame(0)
    faulty.timeline.why.open_list()
    popup = next(child for child in faulty.timeline.why.children() if child.objectName() == "problemList")
    row = next(i for i, s in enumerate(faulty.state.document.analysis.stretches) if s[0].frame == BAD)
    cell = popup.view.visualRect(popup.view.model().index(row, 2)).center()
    qtbot.mouseClick(popup.view.viewport(), LEFT, pos=cell)
    assert faulty.state.playback.frame == BAD


def test_no_number_of_the_axis_is_cut_off_at_the_top(qapp: object) -> None:
    axis = HeightAxis("left")
    for top in (10.01, 12.0, 50.0, 57.0):
        ticks = [value for _, values in axis.tickValues(0.0, top, 90.0) for value in values]
        assert max(ticks) <= top * (1 - HALF_A_NUMBER / 90)
        assert 0.0 in ticks
        assert max(ticks) > 0.5 * top


@pytest.mark.parametrize("size", [40, 90, 200, 300, 700])
def test_no_numbers_of_an_axis_lie_on_each_other(qapp: object, size: int) -> None:
    for frames in (3, 48, 960, 90_000, 1_234_567):
        axis = FrameAxis("bottom")
        axis.frames = frames
        ticks = [value for _, values in axis.tickValues(0.0, frames - 1.0, size) for value in values]
        widest = QFontMetrics(axis.font()).horizontalAdvance(f"{frames - 1}")
        assert ticks[0] == 0
        assert all(value == round(value) < frames for value in ticks)
        assert (np.diff(ticks) / (frames - 1) * size > widest).all()
    for top in (0.8, 5.0, 10.01, 57.0):
        axis = HeightAxis("left")
        ticks = [value for _, values in axis.tickValues(0.0, top, size) for value in values]
        assert (np.diff(ticks) / top * size >= QFontMetrics(axis.font()).ascent()).all()


def test_a_click_near_a_peak_means_the_peak() -> None:
    values = np.ones(1000)
    values[500] = 9.0
    values[700:710] = np.arange(10)
    assert peak_near(values, 496.2, 5.0) == 500
    assert peak_near(values, 490.0, 5.0) == 490
    # On the slope of a peak out of reach the pointer means what it points at.
    assert peak_near(values, 704.0, 2.0) == 704
    assert peak_near(np.full(5, np.nan), 2.2, 3.0) == 2
    assert peak_near(values, -3.0, 1.0) == 0


def test_one_spike_does_not_flatten_the_curves_and_no_peak_is_cut_otherwise() -> None:
    values = np.full(1000, 10.0)
    values[3] = 25.0
    assert top_of(values) > 25.0
    values[3] = 5000.0
    assert top_of(values) < 50.0
    assert top_of(np.full(3, np.nan)) == 0.0


def test_the_strip_keeps_the_worst_frame_under_each_pixel() -> None:
    values = np.zeros((10_000, 2), np.float32)
    values[4321, 1] = 50.0
    values[:100] = np.nan
    shown, left, right = most_by_column(values, TimeScale(0.0, 9999.0, 0.0, 500.0))
    assert abs(len(shown) - (right - left)) <= 1
    assert np.nanmax(shown[:, 1]) == 50.0
    assert abs(int(np.nanargmax(shown[:, 1])) - 216) <= 1
    assert np.isnan(shown[0]).all()
    near, left, right = most_by_column(values, TimeScale(4318.0, 4325.0, 0.0, 700.0))
    assert len(near) == 8
    assert (left, right) == (-50.0, 750.0)
    assert near[3, 1] == 50.0
    image = heat_image(near, 20.0)
    assert (image.width(), image.height()) == (8, 2)
    assert image.pixelColor(3, 1).alpha() == 255
    assert image.pixelColor(0, 0).alpha() < 128


def test_a_loop_stays_within_its_span() -> None:
    clock = PlaybackClock(8, 100, 10.0, loop=True, span=(7, 9))
    assert [clock.frame_at(seconds)[0] for seconds in (0.0, 0.1, 0.2, 0.3)] == [8, 9, 7, 8]
    assert PlaybackClock(8, 10, 10.0, span=(7, 8)).frame_at(0.1) == (8, True)


def test_a_vertex_is_told_pinned_followed_and_taken_out_and_four_at_most(
    faulty: MainWindow, qtbot: QtBot
) -> None:
    plotter, pins = faulty.viewport.plotter, faulty.pins
    valid = faulty.state.document.opened.bodies.correspondence.valid
    faulty.state.playback.set_frame(BAD)
    qtbot.wait(100)

    def on_the_fit() -> list[tuple[QPoint, int]]:
        found = []
        for y in range(plotter.height() // 4, plotter.height() * 3 // 4, 8):
            at = QPoint(plotter.width() * 3 // 4, y)
            hit = faulty.viewport.vertex_at(at.x(), at.y())
            if hit is not None and hit[0] == "fit" and valid[hit[1]]:
                found.append((at, hit[1]))
        return found

    qtbot.waitUntil(lambda: bool(on_the_fit()), timeout=FIT_MS)
    at, vertex = on_the_fit()[0]
    words = faulty.probe.words("fit", vertex)
    assert words.startswith(f"fit vertex {vertex} · ")
    assert "mm off" in words
    qtbot.mouseClick(plotter, LEFT, pos=at)
    qtbot.waitUntil(lambda: pins.vertices == (vertex,), timeout=FIT_MS)
    qtbot.waitUntil(lambda: vertex in pins.series, timeout=FIT_MS)
    error = faulty.state.document.opened.posed.frame(BAD).error_mm[vertex]
    assert pins.series[vertex][BAD] == pytest.approx(error, abs=0.02)
    drawn = faulty.timeline.curves.pins
    assert len(drawn.curves[0].xData) == FRAMES
    assert drawn.chips[0].text() == f"{vertex}  {error:.1f} mm"
    qtbot.waitUntil(lambda: bool(faulty.spheres.marks.actors[0].GetVisibility()), timeout=FIT_MS)
    label = faulty.spheres.marks.labels[0]
    assert label.GetVisibility()
    assert label.GetInput().strip() == f"{vertex} · {error:.1f} mm"
    beside = label.GetPositionCoordinate().GetReferenceCoordinate().GetValue()
    assert beside == pytest.approx(faulty.spheres.marks.actors[0].GetPosition())
    qtbot.mouseClick(drawn.chips[0], LEFT)
    assert pins.vertices == ()
    assert not drawn.isVisible()

    # Only vertices with an error.
    faulty.pins.toggle(int(np.flatnonzero(~valid)[0]))
    assert faulty.pins.vertices == ()
    assert "no error to follow" in faulty.statusBar().words.text()
    first = [int(vertex) for vertex in np.flatnonzero(valid)[:5]]
    for vertex in first:
        faulty.pins.toggle(vertex)
    assert faulty.pins.vertices == tuple(first[1:])

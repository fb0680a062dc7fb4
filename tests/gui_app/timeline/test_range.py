"""In and out point: what they hold plays, is fitted and exported, and comes back with the session."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document import frame_scopes
from gui_app.session.snapshot import show_view, view_of
from gui_app.timeline.playback import PlaybackClock
from tests.gui_app.conftest import FIT_MS, FRAMES

LEFT = Qt.MouseButton.LeftButton
LAST = FRAMES - 1


def test_keys_set_and_clear_each_end(window: MainWindow, qtbot: QtBot) -> None:
    playback, actions = window.state.playback, window.actions_
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    assert not actions.clear_in.isEnabled()
    assert not actions.clear_out.isEnabled()
    playback.set_frame(6)
    qtbot.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
    assert playback.selection == (6, LAST)
    playback.set_frame(9)
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert playback.selection == (6, 9)
    assert window.timeline.transport._selected.text() == "frames 6–9"
    # An in point behind the out point leaves none, and the other way round.
    playback.set_frame(15)
    actions.range_in.trigger()
    assert playback.selection == (15, LAST)
    playback.set_frame(3)
    actions.range_out.trigger()
    assert playback.selection == (0, 3)
    assert actions.clear_out.isEnabled()
    assert not actions.clear_in.isEnabled()
    actions.range_in.trigger()
    assert playback.selection == (3, 3)
    actions.clear_out.trigger()
    assert playback.selection == (3, LAST)
    actions.clear_in.trigger()
    assert playback.selection is None
    # All of the motion is no range.
    playback.set_frame(0)
    actions.range_in.trigger()
    playback.set_frame(LAST)
    actions.range_out.trigger()
    assert playback.selection is None


def test_handles_are_dragged_and_the_rest_of_the_row_scrubs(window: MainWindow, qtbot: QtBot) -> None:
    playback, row = window.state.playback, window.timeline.range
    assert row.isVisible()

    def drag(start: float, *frames: float) -> None:
        scale = window.timeline.curves.time_scale()
        qtbot.mousePress(row, LEFT, pos=QPoint(round(start), 5))
        for frame in frames:
            qtbot.mouseMove(row, QPoint(round(float(scale.x_of(frame))), 5))
            qtbot.wait(30)
        qtbot.mouseRelease(row, LEFT, pos=QPoint(round(float(scale.x_of(frames[-1]))), 5))

    drag(row.places()["in"] + 2, 2, 4.6)
    assert playback.selection == (5, LAST)
    drag(row.places()["out"] - 2, 20, 11.4)
    assert playback.selection == (5, 11)
    assert window.timeline.curves.brush.band.getRegion() == (4.5, 11.5)
    # An end cannot be dragged past the other.
    drag(row.places()["in"], 8, 20)
    assert playback.selection == (11, 11)
    assert playback.frame == 0
    drag(row.places()["in"], 2.7)
    drag(row.places()["out"], 1.0)
    assert playback.selection == (3, 3)
    assert "In point: frame 3" in row.tip_of("in")
    # Elsewhere it is a row like the others.
    drag(float(window.timeline.curves.time_scale().x_of(14)), 14, 16)
    assert playback.frame == 16
    assert playback.selection == (3, 3)
    playback.set_selection(None)
    assert row.handle_at(row.places()["in"]) == "in"
    assert "all frames" in row.tip_of("out")


@pytest.mark.parametrize(
    ("seconds", "loop", "span", "frame", "over"),
    [
        (0.1, False, (4, 8), 6, False),
        (0.3, False, (4, 8), 8, True),
        (0.3, True, (4, 8), 5, False),
        (9.0, False, None, 99, True),
    ],
)
def test_playing_ends_at_the_out_point(
    seconds: float, loop: bool, span: tuple[int, int] | None, frame: int, over: bool
) -> None:
    assert PlaybackClock(4, 100, 20.0, loop=loop, span=span).frame_at(seconds) == (frame, over)


def test_without_loop_the_range_plays_once_from_its_beginning(window: MainWindow, qtbot: QtBot) -> None:
    playback = window.state.playback
    playback.set_loop(False)
    playback.set_speed(4.0)
    playback.set_selection((6, 9))
    for begun in (0, 9, 20):
        playback.set_frame(begun)
        seen: list[int] = []
        playback.frame_changed.connect(seen.append)
        window.actions_.play.trigger()
        qtbot.waitUntil(lambda: not playback.playing, timeout=FIT_MS)
        playback.frame_changed.disconnect(seen.append)
        assert set(seen) <= {6, 7, 8, 9}
        assert playback.frame == 9


def test_the_range_is_fitted_exported_and_kept(fitted: MainWindow) -> None:
    state = fitted.state
    state.playback.set_frame(4)
    fitted.actions_.range_in.trigger()
    state.playback.set_frame(7)
    fitted.actions_.range_out.trigger()
    scope = frame_scopes.selected(state)
    assert scope is not None
    assert scope.frames is not None
    np.testing.assert_array_equal(scope.frames, [4, 5, 6, 7])
    assert fitted.actions_.fit_selection.isEnabled()
    form = fitted.export_dialog.form
    form.refill()
    form.range.setCurrentIndex(form.range.findData("selection"))
    assert form.choice().frames == (4, 7)
    view = view_of(state, fitted.viewport)
    state.playback.set_selection(None)
    show_view(view, state, fitted.viewport)
    assert state.playback.selection == (4, 7)


def test_the_range_fills_the_timeline_and_gives_it_back(window: MainWindow) -> None:
    scale, zoom = window.timeline.curves.time_scale, window.actions_.zoom_range

    def shown() -> tuple[float, float]:
        return scale().first, scale().last

    window.state.playback.set_selection((4, 14))
    zoom.trigger()
    assert shown() == pytest.approx((3.5, 14.5))
    assert window.timeline.range.places()["in"] == pytest.approx(scale().left)
    zoom.trigger()
    assert shown() == pytest.approx((0, LAST))
    zoom.trigger()
    window.state.playback.set_selection(None)
    zoom.trigger()
    assert shown() == pytest.approx((0, LAST))

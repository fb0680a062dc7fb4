"""Moments with names: marked, named in place, gone to, moved, undone, and kept in the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.outputs.sessions import load_session, save_session
from core.session.marker import MOST_LETTERS, Marker, next_name, plain_name, with_marker, without_marker
from gui_app.app.main_window import MainWindow
from gui_app.session.snapshot import SessionNow
from tests.gui_app.conftest import FIT_MS, FRAMES

LEFT = Qt.MouseButton.LeftButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def test_a_frame_has_one_marker_and_names_are_plain() -> None:
    markers = with_marker(with_marker((), Marker(9, "up")), Marker(3, "down"))
    assert [one.frame for one in markers] == [3, 9]
    assert with_marker(markers, Marker(9, "land")) == (Marker(3, "down"), Marker(9, "land"))
    assert without_marker(markers, 3) == (Marker(9, "up"),)
    assert next_name((Marker(0, "marker 1"), Marker(1, "marker 3"))) == "marker 2"
    assert plain_name("  left\n foot\tdown ") == "left foot down"
    assert len(plain_name("x" * 500)) == MOST_LETTERS
    assert plain_name(" \n ") == ""


@pytest.fixture
def active(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window that has the keyboard."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    return window


def mark(window: MainWindow, qtbot: QtBot, frame: int, name: str) -> None:
    """By the keys."""
    field = window.timeline.flags.field
    window.state.playback.set_frame(frame)
    qtbot.keyClick(window, Qt.Key.Key_M, SHIFT)
    qtbot.waitUntil(field.hasFocus, timeout=FIT_MS)
    qtbot.keyClicks(field, name)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not field.isVisible()


def test_moments_are_named_gone_to_and_undone(active: MainWindow, qtbot: QtBot) -> None:
    document, playback, actions = active.state.document, active.state.playback, active.actions_
    row = active.timeline.flags
    assert not row.isVisible()
    assert not actions.next_marker.isEnabled()
    # Letters that are keys of the window are letters here.
    mark(active, qtbot, 5, "left foot down")
    assert document.markers == (Marker(5, "left foot down"),)
    assert row.isVisible()
    assert active.history.undo_name == "marker left foot down"
    assert len(active.history) == 1
    mark(active, qtbot, 14, "up")
    mark(active, qtbot, 2, "")
    assert [one.name for one in document.markers] == ["marker 1", "left foot down", "up"]
    assert document.loses_work
    assert playback.frame == 2

    qtbot.keyClick(active, Qt.Key.Key_Right, CTRL)
    qtbot.keyClick(active, Qt.Key.Key_Right, CTRL)
    assert playback.frame == 14
    qtbot.keyClick(active, Qt.Key.Key_Right, CTRL)
    assert playback.frame == 14
    qtbot.keyClick(active, Qt.Key.Key_Left, CTRL)
    assert playback.frame == 5
    assert actions.marker.text() == "Rename marker"
    # Another name of the same one; Escape leaves it, and does nothing else.
    mark(active, qtbot, 5, "contact")
    assert document.markers[1] == Marker(5, "contact")
    actions.marker.trigger()
    qtbot.waitUntil(row.field.hasFocus, timeout=FIT_MS)
    qtbot.keyClicks(row.field, "no")
    qtbot.keyClick(row.field, Qt.Key.Key_Escape)
    assert not row.field.isVisible()
    assert document.markers[1] == Marker(5, "contact")

    actions.remove_marker.trigger()
    assert [one.frame for one in document.markers] == [2, 14]
    assert not actions.remove_marker.isEnabled()
    actions.undo.trigger()
    assert [one.frame for one in document.markers] == [2, 5, 14]
    actions.redo.trigger()
    assert [one.frame for one in document.markers] == [2, 14]

    commands = active.palette_._commands.matching("marker up")
    assert commands[0].text == "Go to marker: up"
    commands[0].run()
    assert playback.frame == 14


def test_flags_are_clicked_dragged_and_renamed_where_they_stand(window: MainWindow, qtbot: QtBot) -> None:
    document, playback, row = window.state.document, window.state.playback, window.timeline.flags
    markers = window.timeline.markers
    playback.set_frame(6)
    markers.mark()
    markers.rename(6, "start of the turn")
    row.field._end()
    qtbot.waitUntil(row.isVisible, timeout=FIT_MS)
    scale = window.timeline.curves.time_scale()

    def at(frame: float) -> QPoint:
        return QPoint(round(float(scale.x_of(frame))), 8)

    playback.set_frame(0)
    qtbot.mouseClick(row, LEFT, pos=at(6) + QPoint(20, 0))
    assert playback.frame == 6
    # Beside it the row is a scrubber like the others.
    qtbot.mouseClick(row, LEFT, pos=at(20))
    assert playback.frame == 20
    qtbot.mousePress(row, LEFT, pos=at(6) + QPoint(2, 0))
    for frame in (8, 10, 12):
        qtbot.mouseMove(row, at(frame))
    assert document.markers[0].frame == 6
    qtbot.mouseRelease(row, LEFT, pos=at(12))
    assert document.markers == (Marker(12, "start of the turn"),)
    assert playback.frame == 12
    assert window.history.undo_name == "marker start of the turn to frame 12"
    window.actions_.undo.trigger()
    assert document.markers == (Marker(6, "start of the turn"),)

    place = at(6) + QPoint(12, 0)
    event = QMouseEvent(
        QEvent.Type.MouseButtonDblClick, QPointF(place), QPointF(row.mapToGlobal(place)), LEFT, LEFT,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(row, event)
    assert row.field.isVisible()
    assert row.field.text() == "start of the turn"
    row.field.setText("turn")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert document.markers == (Marker(6, "turn"),)
    # A name gives way to the next flag, and none is drawn over another.
    document.set_markers((Marker(6, "a very long name of a moment"), Marker(7, "b")))
    (_, first), (_, second) = row.places()
    assert first.right() <= second.left()
    assert row.marker_under(second.left() + 1) == Marker(7, "b")


def test_the_menu_lists_them(window: MainWindow, qtbot: QtBot) -> None:
    from gui_app.app.menus import Menus

    menu = window.menuBar().findChild(Menus).markers
    menu.aboutToShow.emit()
    assert [action.isEnabled() for action in menu.actions()] == [False]
    window.state.document.set_markers((Marker(3, "a & b"), Marker(9, "up")))
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["a && b\tframe 3", "up\tframe 9"]
    menu.actions()[1].trigger()
    assert window.state.playback.frame == 9


def test_markers_wait_while_a_fit_runs(window: MainWindow, qtbot: QtBot) -> None:
    window.fitting.start()
    assert window.state.activity.run.active
    assert not window.actions_.marker.isEnabled()
    window.timeline.markers.mark()
    assert window.state.document.markers == ()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    assert window.actions_.marker.isEnabled()


def test_a_session_has_them_and_a_fit_alone_does_not_save_them(
    fitted: MainWindow, make_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    document = fitted.state.document
    document.set_saved(tmp_path / "fit.npz")
    document.set_markers((Marker(4, "contact"),))
    fitted.history.add("marker")
    assert document.loses_work
    document.set_saved(tmp_path / "fit.npz")
    assert document.loses_work, "a fit's file has no markers"
    path = tmp_path / "a.refit"
    now = fitted.findChild(SessionNow)
    session = now.take()
    assert session is not None
    save_session(path, session)
    assert load_session(path).now.markers == document.markers
    again = make_window(path)
    assert again.state.document.markers == (Marker(4, "contact"),)
    assert again.timeline.flags.isVisible()
    assert not again.state.document.loses_work
    again.actions_.undo.trigger()
    assert again.state.document.markers == ()
    assert again.state.document.frames == FRAMES


def test_markers_alone_are_kept_in_case_of_a_crash(window: MainWindow, qtbot: QtBot) -> None:
    def kept() -> list[Marker]:
        window.autosave.keep()
        qtbot.waitUntil(lambda: not window.writer.waiting, timeout=FIT_MS)
        return list(load_session(window.autosave.file).now.markers)

    window.actions_.marker.trigger()
    [marker] = kept()
    # The same step, and nothing else looks different.
    window.timeline.markers.rename(marker.frame, "heel strike")
    assert [one.name for one in kept()] == ["heel strike"]


def test_the_row_of_markers_cuts_nothing_off_in_a_small_window(fitted: MainWindow, qtbot: QtBot) -> None:
    """It appears with the first marker: then what has no room any more goes whole."""
    timeline, strip = fitted.timeline, fitted.timeline.strip
    fitted.resize(900, 560)
    qtbot.waitUntil(lambda: fitted.height() == 560, timeout=FIT_MS)
    # Just high enough for all rows but that of markers.
    rows = timeline._frames
    fitted.resizeDocks([timeline], [timeline.least_height], Qt.Orientation.Vertical)
    qtbot.waitUntil(strip.isVisible, timeout=FIT_MS)
    fitted.state.document.set_markers((Marker(5, "turn"),))
    qtbot.waitUntil(timeline.flags.isVisible, timeout=FIT_MS)
    qtbot.waitUntil(lambda: strip.isHidden() or strip.geometry().bottom() < rows.height(), timeout=FIT_MS)
    assert all(
        row.height() >= row.minimumHeight() for row in (timeline.flags, timeline.curves, timeline.range)
    )
    fitted.state.document.set_markers(())
    qtbot.waitUntil(strip.isVisible, timeout=FIT_MS)

"""Panels stand where people put them, the timeline gives way, and everything comes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtWidgets import QDockWidget, QScrollArea, QToolButton, QTreeView
from pytestqt.qtbot import QtBot

from gui_app.app.help import Shortcuts, in_columns
from gui_app.app.layout import MOST_SHARE
from gui_app.app.main_window import MainWindow
from gui_app.app.toolbar import Toolbar
from gui_app.document.inspect_selection import JointKey
from gui_app.document.preferences import Preferences
from tests.gui_app.conftest import FRAMES

MakeWindow = Callable[..., MainWindow]


def test_a_key_raises_a_panel_behind_a_tab_and_then_closes_it(window: MainWindow, qtbot: QtBot) -> None:
    actions = window.actions_
    actions.problems.trigger()
    actions.parameters.trigger()
    dock = window.panels.problems
    qtbot.waitUntil(dock.is_behind)
    actions.problems.trigger()
    qtbot.waitUntil(lambda: not dock.is_behind() and dock.isVisible())
    assert actions.problems.isChecked()
    actions.problems.trigger()
    qtbot.waitUntil(dock.isHidden)
    assert not actions.problems.isChecked()


def test_what_closes_a_panel_behind_a_tab_does_close_it(window: MainWindow, qtbot: QtBot) -> None:
    actions = window.actions_
    actions.problems.trigger()
    actions.parameters.trigger()
    qtbot.waitUntil(window.panels.problems.is_behind)
    actions.problems.setChecked(False)
    qtbot.waitUntil(window.panels.problems.isHidden)
    assert not actions.problems.isChecked()


def test_panels_stand_beside_the_timeline(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 720)
    window.actions_.joints.trigger()
    dock = window.panels.joints
    qtbot.waitUntil(dock.isVisible)
    qtbot.waitUntil(lambda: dock.geometry().bottom() >= window.timeline.geometry().bottom() - 2)
    assert window.timeline.geometry().right() < dock.geometry().left()


def test_a_panel_floats_moves_and_is_reset(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.problems.trigger()
    dock = window.panels.problems
    dock.apart.click()
    qtbot.waitUntil(dock.isFloating)
    dock.apart.click()
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    assert window.dockWidgetArea(dock) == Qt.DockWidgetArea.LeftDockWidgetArea
    window.actions_.reset_layout.trigger()
    assert window.dockWidgetArea(dock) == Qt.DockWidgetArea.RightDockWidgetArea
    assert dock.isVisible()
    assert not dock.isFloating()


def test_the_timeline_folds_and_hides_and_both_are_remembered(
    make_window: MakeWindow, motion_file: Path, qtbot: QtBot
) -> None:
    window = make_window(motion_file)
    high = window.timeline.height()
    window.actions_.timeline_low.trigger()
    qtbot.waitUntil(lambda: window.timeline.height() < high / 2)
    assert window.timeline.transport.isVisible()
    assert not window.timeline.curves.isVisible()
    window.actions_.timeline_low.trigger()
    qtbot.waitUntil(lambda: abs(window.timeline.height() - high) <= 8)
    window.actions_.timeline_low.trigger()
    window.actions_.timeline.trigger()
    qtbot.waitUntil(window.timeline.isHidden)
    window.close()
    again = make_window(motion_file)
    assert again.timeline.isHidden()
    assert not again.actions_.timeline.isChecked()
    assert again.actions_.timeline_low.isChecked()
    again.actions_.timeline.trigger()
    qtbot.waitUntil(again.timeline.transport.isVisible)
    assert not again.timeline.curves.isVisible()


def test_the_bodies_alone_and_back_by_escape(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.problems.trigger()
    qtbot.waitUntil(window.panels.problems.isVisible)
    window.actions_.full_view.trigger()
    qtbot.waitUntil(window.isFullScreen)
    assert not any(dock.isVisible() for dock in window.findChildren(QDockWidget))
    assert not window.menuBar().isVisible()
    assert not window.statusBar().isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.isFullScreen() and window.panels.problems.isVisible())
    assert window.timeline.isVisible()
    assert window.menuBar().isVisible()
    assert not window.actions_.full_view.isChecked()


@pytest.mark.parametrize("stored", [QByteArray(b"nonsense"), "a word", 7])
def test_nonsense_in_settings_opens_the_first_layout(
    make_window: MakeWindow, motion_file: Path, stored: object
) -> None:
    preferences = Preferences()
    for name in ("layout", "geometry", "timeline_low"):
        preferences.store(name, stored)
    preferences.sync()
    window = make_window(motion_file)
    assert window.timeline.isVisible()
    assert window.actions_.timeline.isChecked()


def test_the_slider_goes_where_one_clicks(window: MainWindow, qtbot: QtBot) -> None:
    slider = window.timeline.transport._slider
    assert not slider.isVisible()
    window.actions_.timeline_low.trigger()
    qtbot.waitUntil(slider.isVisible)
    for share in (0.9, 0.1, 0.5):
        place = QPoint(8 + round(share * (slider.width() - 16)), slider.height() // 2)
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=place)
        assert abs(window.state.playback.frame - share * (FRAMES - 1)) <= 1


@pytest.mark.parametrize(("width", "height"), [(900, 560), (1280, 720), (1600, 1000)])
def test_the_list_of_keys_stays_within_the_window(
    window: MainWindow, qtbot: QtBot, width: int, height: int
) -> None:
    window.resize(width, height)
    window.actions_.shortcuts.trigger()
    sheet = window.findChild(Shortcuts)
    qtbot.waitUntil(sheet.isVisible)
    assert sheet.width() <= width
    assert sheet.height() <= height
    area = sheet.findChild(QScrollArea)
    # It scrolls up and down only: nothing is cut off at the side.
    assert area.widget().sizeHint().width() <= area.viewport().width()
    assert {section for column in in_columns(2) for section in column} == {
        section for column in in_columns(9) for section in column
    }
    sheet.close()


@pytest.mark.parametrize(("width", "height"), [(900, 560), (1280, 720)])
@pytest.mark.parametrize("right", ["problems", "parameters", "joints", "masks"])
def test_a_panel_on_each_side_leaves_all_of_the_window_on_the_screen(
    window: MainWindow, qtbot: QtBot, width: int, height: int, right: str
) -> None:
    window.resize(width, height)
    window.actions_.stages.trigger()
    window.actions_.panel(right).trigger()
    docks = [window.panels.stages, window.panels.dock(right), window.timeline]
    qtbot.waitUntil(lambda: all(dock.isVisible() for dock in docks))
    assert (window.width(), window.height()) == (width, height)
    centre = window.centralWidget()
    for part in (*docks, centre):
        assert window.rect().contains(part.geometry())
        least = part.widget() if isinstance(part, QDockWidget) else part
        assert least.width() >= least.minimumSizeHint().width()
        assert least.height() >= least.minimumSizeHint().height()
    for one, other in combinations((*docks, centre), 2):
        assert not one.geometry().intersects(other.geometry())


def test_eight_rows_of_every_list_at_1280_by_720(fitted: MainWindow, qtbot: QtBot) -> None:
    window, panels = fitted, fitted.panels
    window.resize(1280, 720)
    for name in ("joints", "problems", "parameters"):
        window.actions_.panel(name).trigger()
        qtbot.waitUntil(panels.dock(name).isVisible)
        qtbot.wait(50)
    inspection = window.inspection
    inspection.choose_joint(JointKey("left_knee", "kinematic"))
    lists = {
        "joints": panels.joints.panel.joints.tree,
        "problems": panels.problems.panel.table,
        "parameters": panels.parameters.panel.pose.tree.findChild(QTreeView),
    }
    for name, rows in lists.items():
        panels.dock(name).raise_()
        qtbot.waitUntil(partial(has_room_for, rows, 8))
    # The vertices of a joint are below the tree and the joint's figures.
    panels.joints.raise_()
    qtbot.waitUntil(partial(has_room_for, panels.joints.panel.joints.table, 4))


def test_in_a_lower_window_the_bodies_keep_their_share(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 900)
    qtbot.waitUntil(lambda: window.height() == 900)
    window.resizeDocks([window.timeline], [400], Qt.Orientation.Vertical)
    qtbot.waitUntil(lambda: window.timeline.height() == 400)
    window.resize(1280, 620)
    qtbot.waitUntil(lambda: window.timeline.height() <= MOST_SHARE * 620 + 1)
    # Who makes it higher there wants it so, and a wider window changes nothing.
    window.resizeDocks([window.timeline], [330], Qt.Orientation.Vertical)
    window.resize(1300, 620)
    qtbot.wait(50)
    assert window.timeline.height() == 330


def test_icons_that_everybody_knows_lose_their_words_first(window: MainWindow, qtbot: QtBot) -> None:
    bar = window.findChild(Toolbar)
    spoken = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    few, most = set(), set()
    for width in range(1000, 2000, 60):
        window.resize(width, 700)
        qtbot.waitUntil(lambda wide=width: window.width() == wide)
        words = {b.defaultAction(): b.toolButtonStyle() == spoken for b in bar.findChildren(QToolButton)}
        known = (window.actions_.open, window.actions_.save_session)
        panels = [window.actions_.panel(name) for name in ("problems", "parameters", "joints", "masks")]
        assert all(words[panel] for panel in panels) or not any(words[one] for one in known)
        # From the last to the first, which is the table of problems.
        said = [words[panel] for panel in panels]
        assert said == sorted(said, reverse=True)
        (most if all(said) else few).add(width)
    assert few
    assert most


def has_room_for(rows: QTreeView, count: int) -> bool:
    """Whether a list can be seen, with room for so many rows."""
    # Where there is nothing to list a sentence stands in its room.
    area = rows if rows.isVisible() else rows.parentWidget()
    header = rows.header()
    height = max(rows.sizeHintForRow(0), rows.fontMetrics().height() + 2)
    room = area.height() - (0 if header.isHidden() else header.height())
    return area.isVisible() and room >= count * height

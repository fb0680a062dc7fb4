"""Two panels that look into bodies: what was done last in either shows on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from gui_app.document.preferences import Preferences
from gui_app.inspect.joints.support_table import EDIT_TIP, OPEN_TO_EDIT, WEIGHT

KNEE = JointKey("left_knee", "kinematic")


def words(window: MainWindow, panel: str) -> list[str]:
    return [button.text() for button in window.panels.dock(panel).panel.tabs.buttons()]


def test_joints_keeps_what_is_looked_at_and_the_inspector_what_is_changed(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_J)
    qtbot.waitUntil(window.panels.joints.panel.isVisible)
    assert words(window, "joints") == ["Joints", "Vertices"]
    assert "inspector" not in window.panels.made
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(window.panels.inspector.panel.isVisible)
    assert words(window, "inspector") == ["Regressor", "Correspondence", "Joint sets"]


def test_the_panel_used_last_shows_on_the_bodies(window: MainWindow, qtbot: QtBot) -> None:
    inspection, actions = window.inspection, window.actions_
    actions.joints.trigger()
    assert (inspection.active, inspection.page) == (True, "joints")
    actions.inspector.trigger()
    assert inspection.page == "regressor"
    window.panels.inspector.panel.tabs.button(2).click()
    assert inspection.page == "sets"
    # Its key brings the one behind to the front, and its page with it.
    qtbot.waitUntil(window.panels.joints.is_behind)
    actions.joints.trigger()
    qtbot.waitUntil(lambda: inspection.page == "joints")
    # A page of the other brings that one.
    inspection.set_page("map")
    qtbot.waitUntil(window.panels.joints.is_behind)
    assert window.panels.inspector.panel.page == "map"
    actions.inspector.setChecked(False)
    qtbot.waitUntil(lambda: inspection.page == "joints")
    assert inspection.active
    actions.joints.setChecked(False)
    assert not inspection.active
    actions.inspector.trigger()
    assert inspection.page == "map", "where it was left"


def test_one_leads_to_the_other_though_it_is_closed(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.inspector.trigger()
    window.inspection.go_to_joint(KNEE)
    qtbot.waitUntil(lambda: window.panels.joints.panel.isVisible())
    assert window.actions_.joints.isChecked()
    assert window.inspection.joint == KNEE


def test_of_two_windows_side_by_side_the_one_that_has_the_keyboard_shows(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.actions_.joints.trigger()
    window.actions_.inspector.trigger()
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.panels.inspector)
    window.panels.inspector.panel.tabs.button(2).click()
    assert window.inspection.page == "sets"
    window.panels.joints.panel.joints.tree.search.setFocus()
    qtbot.waitUntil(lambda: window.inspection.page == "joints")
    assert window.panels.inspector.isVisible()


def test_weights_are_typed_while_the_inspector_is_open(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.joints.trigger()
    window.inspection.choose_joint(KNEE)
    rows = window.panels.joints.panel.joints.table.rows
    qtbot.waitUntil(lambda: len(rows.vertices) > 3)
    cell = rows.index(0, WEIGHT)
    assert not rows.flags(cell) & Qt.ItemFlag.ItemIsEditable
    assert rows.data(cell, Qt.ItemDataRole.ToolTipRole) == OPEN_TO_EDIT
    window.actions_.inspector.trigger()
    window.actions_.joints.trigger()
    qtbot.waitUntil(lambda: bool(rows.flags(rows.index(0, WEIGHT)) & Qt.ItemFlag.ItemIsEditable))
    assert rows.data(rows.index(0, WEIGHT), Qt.ItemDataRole.ToolTipRole) == EDIT_TIP


def test_settings_from_before_there_was_an_inspector_open(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot
) -> None:
    stored = Preferences()
    stored.store("open_panels", "stages joints")
    stored.sync()
    window = make_window(motion_file)
    qtbot.waitUntil(window.panels.joints.isVisible)
    assert window.panels.made == {"stages", "joints"}
    window.actions_.inspector.trigger()
    qtbot.waitUntil(window.panels.inspector.isVisible)
    assert window.dockWidgetArea(window.panels.inspector) == Qt.DockWidgetArea.RightDockWidgetArea

"""Every panel beside the bodies: found where panels are found, shown and hidden, and open again the next
time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDockWidget, QLabel, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from gui_app.app.help import Shortcuts
from gui_app.app.main_window import MainWindow
from gui_app.app.toolbar import Toolbar
from gui_app.document.actions import SPECS
from gui_app.widgets.docks import PanelBody
from gui_app.widgets.panels import PANELS
from tests.gui_app.conftest import FIT_MS

AREAS = {"left": Qt.DockWidgetArea.LeftDockWidgetArea, "right": Qt.DockWidgetArea.RightDockWidgetArea}


def test_panels_have_names_and_keys_of_their_own() -> None:
    for said in ([p.name for p in PANELS], [p.shown_by for p in PANELS], [p.title for p in PANELS]):
        assert len(set(said)) == len(said)
    # Esc lets go of whatever is going on.
    keys = Counter(QKeySequence(key).toString() for spec in SPECS.values() for key in spec.keys)
    for panel in PANELS:
        assert keys[panel.key] == 1
        assert panel.tip
        assert panel.icon
        assert panel.shown_by in SPECS


def test_every_panel_is_found_shown_and_hidden(window: MainWindow, qtbot: QtBot) -> None:
    (panels,) = [menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == "Panels"]
    buttons = [button.defaultAction() for button in window.findChild(Toolbar).findChildren(QToolButton)]
    for panel, action in zip(PANELS, window.actions_.panels, strict=True):
        assert action in panels.actions()
        assert (action in buttons) == panel.on_toolbar
        assert action.text() == panel.title
        assert panel.tip in action.toolTip()
        assert f"({panel.key})" in action.toolTip()
        assert not action.icon().isNull()
        found = [command.text for command in window.palette_._commands.matching(panel.title)]
        assert panel.title in found

        action.trigger()
        dock = window.panels.dock(panel.name)
        qtbot.waitUntil(dock.isVisible, timeout=FIT_MS)
        assert dock.windowTitle() == panel.title
        assert window.dockWidgetArea(dock) == AREAS[panel.side]
        assert dock.isAreaAllowed(AREAS[panel.side])
        assert isinstance(dock.widget(), PanelBody)
        assert not {"sizeHint", "minimumSizeHint"} & vars(type(dock.widget())).keys(), "said in one place"
        action.trigger()
        qtbot.waitUntil(dock.isHidden, timeout=FIT_MS)
    names = [dock.objectName() for dock in window.findChildren(QDockWidget)]
    assert len(set(names)) == len(names)
    sheet = Shortcuts(window)
    qtbot.addWidget(sheet)
    listed = {label.text() for label in sheet.findChildren(QLabel)}
    for panel in PANELS:
        assert {panel.title, panel.key} <= listed


@pytest.mark.parametrize("side", AREAS)
def test_panels_are_open_again_the_next_time(
    window: MainWindow, make_window: Callable[..., MainWindow], qtbot: QtBot, side: str
) -> None:
    there = [panel for panel in PANELS if panel.side == side]
    for panel in there:
        getattr(window.actions_, panel.shown_by).trigger()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=FIT_MS)
    again = make_window(None, wait=False)
    assert again.panels.made == {panel.name for panel in there}
    for panel in PANELS:
        assert getattr(again.actions_, panel.shown_by).isChecked() == (panel in there)

"""What the main flows of the window say on the console: nothing."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.logging import Record
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import PAGES_OF
from gui_app.widgets.panels import PANELS
from tests.gui_app.conftest import FIT_MS


def warned(records: list[Record]) -> list[str]:
    """What was said on the console."""
    return [record.message for record in records if record.log_type_name in ("WARNING", "CRITICAL")]


@pytest.mark.parametrize(("width", "height"), [(900, 560), (1280, 720)])
def test_folding_hiding_and_every_panel(
    fitted: MainWindow, qtbot: QtBot, qtlog: Any, width: int, height: int
) -> None:
    window, actions = fitted, fitted.actions_
    window.resize(width, height)
    for action in (actions.timeline_low, actions.timeline, actions.timeline, actions.timeline_low):
        action.trigger()
        qtbot.wait(30)
        window.state.playback.set_frame(window.state.playback.frame + 1)
        window.grab()
    for panel in PANELS:
        actions.panel(panel.name).trigger()
        dock = window.panels.dock(panel.name)
        qtbot.waitUntil(dock.isVisible, timeout=FIT_MS)
        for page in PAGES_OF.get(panel.name, ()):
            window.inspection.set_page(page)
            qtbot.wait(20)
        dock.setFloating(True)
        qtbot.wait(20)
        dock.grab()
        dock.setFloating(False)
        actions.panel(panel.name).setChecked(False)
    for name in ("start_page", "full_view", "full_view"):
        getattr(actions, name).trigger()
        qtbot.wait(50)
        window.grab()
    window.show_bodies()
    for theme in actions.themes[:2]:
        theme.trigger()
        qtbot.wait(20)
        window.grab()
    for layout in actions.layouts:
        layout.trigger()
        qtbot.wait(20)
    actions.palette.trigger()
    qtbot.wait(20)
    window.palette_.close()
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.wait(100)
    window.state.playback.set_playing(False)
    assert warned(qtlog.records) == []

"""The command palette."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui_app.app.command_palette import score
from gui_app.app.main_window import MainWindow
from tests.gui_app.conftest import FIT_MS


def shown(window: MainWindow) -> list[str]:
    palette = window.palette_
    return [palette.list.item(row).text() for row in range(palette.list.count())]


def type_in(window: MainWindow, qtbot: QtBot, text: str) -> list[str]:
    window.actions_.palette.trigger()
    qtbot.waitUntil(window.palette_.isVisible, timeout=FIT_MS)
    qtbot.keyClicks(window.palette_.typed, text)
    return shown(window)


def test_words_are_found_in_any_order_and_by_letters() -> None:
    assert score("fit save", "File Save fit…") > 0
    assert score("sav", "File Save fit…") > score("ave", "File Save fit…") > 0
    assert score("sve", "File Save fit…") > 0
    assert score("save video", "File Save fit…") == 0
    assert score("fit", "Fit Fit all") > score("fit", "View Follow the body it fits")


def test_typing_finds_commands_motions_and_frames(window: MainWindow, qtbot: QtBot) -> None:
    everything = type_in(window, qtbot, "")
    assert {"Open…", "Export…", "Open built-in motion: Walk"} <= set(everything)
    assert "Find a command…" not in everything
    assert type_in(window, qtbot, "walk")[0] == "Open built-in motion: Walk"
    assert type_in(window, qtbot, "expo")[0] == "Export…"
    assert any(text.startswith("Open recent: stroll") for text in type_in(window, qtbot, "recent"))
    assert type_in(window, qtbot, "xyzzy") == ["Nothing is called that"]
    qtbot.keyClick(window.palette_.typed, Qt.Key.Key_Return)
    assert window.palette_.isVisible()

    assert type_in(window, qtbot, "17")[0] == "Go to frame 17"
    qtbot.keyClick(window.palette_.typed, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.state.playback.frame == 17, timeout=FIT_MS)
    assert not window.palette_.isVisible()


def test_keys_run_close_and_refuse(window: MainWindow, qtbot: QtBot) -> None:
    assert window.state.playback.loop
    assert type_in(window, qtbot, "loop")[0] == "Loop"
    qtbot.keyClick(window.palette_.typed, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.state.playback.loop, timeout=FIT_MS)

    assert type_in(window, qtbot, "save fit") == ["Save fit…"]
    assert not window.actions_.save.isEnabled()
    qtbot.keyClick(window.palette_.typed, Qt.Key.Key_Return)
    assert window.palette_.isVisible()
    qtbot.keyClick(window.palette_.typed, Qt.Key.Key_Escape)
    assert not window.palette_.isVisible()

    type_in(window, qtbot, "frame")
    qtbot.keyClick(window.palette_.typed, Qt.Key.Key_Down)
    assert window.palette_.list.currentRow() == 1

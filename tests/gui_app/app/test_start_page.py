"""The start page and the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.files.bodies.model_folder import models_there
from core.files.builtin_files import builtin_folder
from gui_app.app import log_buffer
from gui_app.app.main_window import MainWindow
from gui_app.app.start_page import START_FLAG, found_words
from gui_app.document.preferences import Preferences
from tests.gui_app.conftest import FIT_MS


def button(window: MainWindow, text: str) -> QPushButton:
    return next(one for one in window.welcome.findChildren(QPushButton) if one.text() == text)


def test_the_start_page_opens_motions_and_goes_back(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.welcome.isVisible()
    window.actions_.start_page.trigger()
    assert window.welcome.isVisible()
    found = window.welcome.found
    assert found.height() == found.heightForWidth(found.width()), "its last line is cut off"
    button(window, "Back to stroll_poses.npz").click()
    assert window.viewport.isVisible()
    window.actions_.start_page.trigger()
    assert button(window, "stroll_poses.npz").isVisible()
    button(window, "Walk").click()
    qtbot.waitUntil(lambda: window.state.document.opened.name == "walk_poses.npz", timeout=FIT_MS)
    assert window.viewport.isVisible()


def test_the_start_page_says_which_body_is_fitted(window: MainWindow, qtbot: QtBot) -> None:
    window.show_start_page()
    assert window.welcome.target.text() == "Body to fit: SMPL-X"
    window.actions_.target_smpl.setChecked(True)
    assert window.welcome.target.text() == "Body to fit: SMPL"
    assert window.welcome.target.width() >= window.welcome.target.sizeHint().width()


def test_without_opening_at_start_the_page_is_first(make_window: Callable[..., MainWindow]) -> None:
    preferences = Preferences()
    preferences.store(START_FLAG, False)
    preferences.sync()
    window = make_window(None, wait=False)
    window._open_first()
    assert button(window, "Walk").isVisible()
    assert not window.state.activity.opening
    assert window.state.document.opened is None


@pytest.mark.parametrize(("width", "height"), [(900, 560), (1280, 720)])
def test_the_start_page_has_the_room_of_the_timeline(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot, width: int, height: int
) -> None:
    preferences = Preferences()
    preferences.store(START_FLAG, False)
    preferences.sync()
    window = make_window(None, wait=False)
    window.resize(width, height)
    area = window.welcome.area
    qtbot.waitUntil(lambda: any(one.text() == "Walk" for one in window.welcome.findChildren(QPushButton)))
    qtbot.waitUntil(button(window, "Walk").isVisible)
    assert window.timeline.isHidden()
    assert not area.horizontalScrollBar().isVisible()
    assert not area.verticalScrollBar().isVisible(), "all of it is to be seen"
    window.files.open_path(motion_file)
    qtbot.waitUntil(window.timeline.isVisible, timeout=FIT_MS)
    usual = window.timeline.height()
    window.actions_.timeline_low.trigger()
    qtbot.waitUntil(lambda: window.timeline.height() < usual)
    window.actions_.timeline_low.trigger()
    window.actions_.start_page.trigger()
    assert window.timeline.isHidden()
    assert not window.actions_.timeline.isEnabled()
    window.show_bodies()
    qtbot.waitUntil(lambda: window.timeline.isVisible() and abs(window.timeline.height() - usual) <= 8)
    assert window.actions_.timeline.isChecked()


def test_a_window_closed_on_the_start_page_keeps_its_timeline(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot
) -> None:
    window = make_window(motion_file)
    window.actions_.start_page.trigger()
    window.close()
    again = make_window(motion_file)
    qtbot.waitUntil(again.timeline.isVisible)
    assert again.actions_.timeline.isChecked()
    again.actions_.timeline.trigger()
    again.actions_.start_page.trigger()
    again.close()
    assert make_window(motion_file).timeline.isHidden(), "nor is one shown that was hidden"


def test_the_bodies_in_full_view_come_back_with_their_timeline(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.start_page.trigger()
    window.actions_.full_view.trigger()
    qtbot.waitUntil(window.isFullScreen)
    window.show_bodies()
    assert not window.timeline.isVisible()
    window.actions_.full_view.trigger()
    qtbot.waitUntil(window.timeline.isVisible)
    assert window.actions_.timeline.isChecked()


@pytest.mark.parametrize("panels", [("stages",), ("stages", "problems")])
@pytest.mark.parametrize(("width", "height"), [(900, 560), (1280, 720)])
def test_beside_panels_the_page_scrolls_and_its_buttons_keep_their_words(
    window: MainWindow, qtbot: QtBot, width: int, height: int, panels: tuple[str, ...]
) -> None:
    window.resize(width, height)
    for panel in panels:
        window.actions_.panel(panel).trigger()
    window.actions_.start_page.trigger()
    qtbot.waitUntil(lambda: button(window, "Walk").isVisible())
    qtbot.wait(50)
    for one in (*window.welcome.findChildren(QPushButton), window.welcome._words, window.welcome.found):
        if one.isVisible():
            assert one.width() >= one.minimumSizeHint().width(), one.text()
            assert one.height() >= one.heightForWidth(one.width()), one.text()
    if len(panels) == 1:
        assert not window.welcome.area.horizontalScrollBar().isVisible()


def test_models_found_are_named(tmp_path: Path) -> None:
    folder = builtin_folder() / "bodies"
    assert models_there(folder)["smplx"] == ["neutral"]
    assert "SMPL-X neutral" in found_words(folder)
    assert "no models" in found_words(tmp_path)
    assert "no such folder" in found_words(tmp_path / "gone")


def test_the_log_keeps_what_went_wrong(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_buffer.RecentLog()
    monkeypatch.setattr(log_buffer, "recent_log", log)
    assert log.text() == log_buffer.NOTHING
    log.emit(logging.LogRecord("gui_app", logging.ERROR, "", 1, "Opening %s stopped", ("a.npz",), None))
    window.actions_.log.trigger()
    sheet = window.findChild(log_buffer.LogSheet)
    assert "Opening a.npz stopped" in sheet.view.toPlainText()
    sheet.close()

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


def test_without_opening_at_start_the_page_is_first(make_window: Callable[..., MainWindow]) -> None:
    preferences = Preferences()
    preferences.store(START_FLAG, False)
    preferences.sync()
    window = make_window(None, wait=False)
    window._open_first()
    assert button(window, "Walk").isVisible()
    assert not window.state.activity.opening
    assert window.state.document.opened is None


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

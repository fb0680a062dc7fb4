"""A read that never comes back is left by Esc, by another file and by closing; what was open stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.files.containers import opening
from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from gui_app.tasks.left_behind import left_behind
from tests.gui_app.conftest import FIT_MS, FRAMES, cut_file

HUNG = "hangs.npz"


@pytest.fixture
def hanging(walk: Path, tmp_path: Path) -> Path:
    return cut_file(walk, tmp_path / HUNG, FRAMES)


@pytest.fixture
def other(walk: Path, tmp_path: Path) -> Path:
    return cut_file(walk, tmp_path / "other.npz", FRAMES)


@pytest.fixture
def hung(never: threading.Event, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a file of that name is being read: its disk does not answer until the test is over."""
    reads, opens = threading.Event(), opening._without_waiting

    def slow(path: str, flags: int) -> int:
        if Path(path).name == HUNG:
            reads.set()
            never.wait()
        return opens(path, flags)

    monkeypatch.setattr(opening, "_without_waiting", slow)
    return reads


def begins_to_hang(window: MainWindow, qtbot: QtBot, hung: threading.Event, hanging: Path) -> None:
    window.files.open_path(hanging)
    qtbot.waitUntil(hung.is_set, timeout=FIT_MS)
    assert window.state.activity.opening == HUNG


def test_esc_returns_to_what_was_open(
    window: MainWindow, qtbot: QtBot, hung: threading.Event, hanging: Path, other: Path
) -> None:
    state = window.state
    opened = state.document.opened
    # What is chosen is let go of by the same key.
    window.actions_.joints.setChecked(True)
    window.inspection.choose_joint(JointKey("left_knee", "kinematic"))
    begins_to_hang(window, qtbot, hung, hanging)
    assert window.actions_.cancel.isEnabled()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert state.activity.opening == ""
    assert state.document.opened is opened
    assert not window.actions_.cancel.isEnabled()
    assert [thread.objectName() for thread in left_behind()] == ["open"]
    window.files.open_path(other)
    qtbot.waitUntil(lambda: state.document.opened.file == other, timeout=FIT_MS)


def test_another_file_opens_at_once(
    window: MainWindow, qtbot: QtBot, hung: threading.Event, hanging: Path, other: Path
) -> None:
    begins_to_hang(window, qtbot, hung, hanging)
    window.files.open_path(other)
    qtbot.waitUntil(lambda: window.state.document.opened.file == other, timeout=FIT_MS)


def test_the_window_closes(window: MainWindow, qtbot: QtBot, hung: threading.Event, hanging: Path) -> None:
    begins_to_hang(window, qtbot, hung, hanging)
    window.state.document.set_saved()
    window.close()
    assert not window.isVisible(), "nobody waits for what is only read"
    assert [thread.objectName() for thread in left_behind()] == ["open"]

"""A file opens at the frame that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.files.motions.load_motion import load_motion
from core.outputs.sessions import save_session
from core.session.session import Session, SessionStep, SourceFile
from gui_app.app.main_window import MainWindow, Options
from tests.gui_app.conftest import FIT_MS, FRAMES


def opens_at(window: MainWindow, qtbot: QtBot, path: Path, frame: int | None) -> int:
    """The frame that a file is shown at."""
    with qtbot.waitSignal(window.files.shown, timeout=FIT_MS):
        window.files.open_path(path, frame=frame)
    return window.state.playback.frame


@pytest.mark.parametrize(("asked", "shown"), [(7, 7), (0, 0), (FRAMES + 100, FRAMES - 1), (None, 0)])
def test_a_motion_opens_at_a_frame(
    window: MainWindow, motion_file: Path, qtbot: QtBot, asked: int | None, shown: int
) -> None:
    window.state.playback.set_frame(3)
    assert opens_at(window, qtbot, motion_file, asked) == shown


def test_it_wins_over_where_a_session_was_left(
    window: MainWindow, motion_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    motion, path = load_motion(motion_file), tmp_path / "left.refit"
    save_session(path, Session(SourceFile.of(motion), motion, (SessionStep(),), view={"frame": 5}))
    assert opens_at(window, qtbot, path, None) == 5
    assert opens_at(window, qtbot, path, 9) == 9


def test_the_window_starts_at_a_frame(
    make_window: Callable[..., MainWindow], motion_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def options(file: Path, **more: object) -> Options:
        return Options(file, **more, frame=11)  # type: ignore[arg-type]

    monkeypatch.setattr("tests.gui_app.conftest.Options", options)
    assert make_window(motion_file).state.playback.frame == 11

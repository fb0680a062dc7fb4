"""Every thread of a real window, whoever it belongs to: closed at any time, and usable after an error."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.tasks import closing_wait
from gui_app.tasks.job_thread import JobThread, close_threads
from gui_app.tasks.left_behind import left_behind
from gui_app.widgets.panels import PANELS
from tests.gui_app.conftest import FIT_MS, end


class Hears(QObject):
    """Counts what is told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def hear(self, *what: object) -> None:
        self.heard.append(what)


@pytest.fixture
def hears(qapp: object) -> Hears:
    return Hears()


def threads_of(window: MainWindow, qtbot: QtBot) -> list[JobThread]:
    """All of them, once every panel was made, and nothing is under way."""
    for panel in PANELS:
        window.panels.dock(panel.name)
    assert window.exporting is not None
    threads = window.findChildren(JobThread)
    assert len(threads) >= 20
    qtbot.waitUntil(lambda: not any(thread.busy for thread in threads), timeout=FIT_MS)
    return threads


def test_all_close_before_they_ever_ran(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = make_window(None, wait=False)
    assert window.findChildren(JobThread)
    for _ in range(2):
        close_threads(window)
    end(window, qtbot)
    assert not left_behind()


def test_all_close_twice_while_they_are_busy_and_tell_nothing_after(
    window: MainWindow, qtbot: QtBot, hears: Hears
) -> None:
    threads = threads_of(window, qtbot)
    go, begun = threading.Event(), []

    def busy(name: str, found: Callable[[int], None]) -> str:
        begun.append(name)
        go.wait()
        found(1)
        return name

    for thread in threads:
        thread.writes = False  # what is written is told, see test_background_job.py
        job = thread.job(hears.hear, failed=hears.hear, cancelled=hears.hear)
        job.start(busy, thread.objectName(), job.tells(hears.hear))
        thread.job(hears.hear, failed=hears.hear, cancelled=hears.hear).start(len, "waits")
    qtbot.waitUntil(lambda: len(begun) == len(threads), timeout=FIT_MS)
    awaited = {thread for thread in threads if not thread.reads}
    for _ in range(2):
        assert set(close_threads(window, 1)) == awaited
    assert set(left_behind()) == set(threads) - awaited
    go.set()
    assert close_threads(window, FIT_MS) == []
    qtbot.waitUntil(lambda: not left_behind(), timeout=FIT_MS)
    qtbot.wait(50)
    assert hears.heard == []
    end(window, qtbot)
    assert not left_behind()


def test_the_window_closes_though_all_of_them_hang(
    window: MainWindow, qtbot: QtBot, hears: Hears, never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing_wait, "THREADS_SECONDS", 0.3)
    monkeypatch.setattr(closing_wait, "WRITING_SECONDS", 0.3)
    threads, begun = threads_of(window, qtbot), []
    for thread in threads:
        thread.job(hears.hear).start(lambda name: (begun.append(name), never.wait()), thread.objectName())
    qtbot.waitUntil(lambda: len(begun) == len(threads), timeout=FIT_MS)
    end(window, qtbot)
    assert {thread.objectName() for thread in left_behind()} == {t.objectName() for t in threads}
    never.set()
    qtbot.waitUntil(lambda: not left_behind(), timeout=FIT_MS)
    qtbot.wait(50)
    assert hears.heard == []


def test_an_error_in_any_of_them_is_one_sentence_and_the_next_call_is_answered(
    window: MainWindow, qtbot: QtBot, hears: Hears
) -> None:
    def raises() -> None:
        raise ZeroDivisionError

    threads = threads_of(window, qtbot)
    window.state.activity.failed.connect(hears.hear)
    # Of a picture that is not drawn the row tells.
    for thread in (thread for thread in threads if thread.objectName() != "clip pictures"):
        hears.heard.clear()
        thread.job(hears.hear).start(raises)
        thread.job(hears.hear).start(len, "next")
        qtbot.waitUntil(lambda: len(hears.heard) == 2, timeout=FIT_MS)
        (sentence,), answer = hears.heard
        assert (len(sentence) > 20, sentence.count("\n"), answer) == (True, 0, (4,)), thread.objectName()
        assert window.message.words.text() == sentence
    assert window.isEnabled()

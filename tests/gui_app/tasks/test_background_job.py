"""Calls beside the window: their answers, errors and progress, and how they end."""

from __future__ import annotations

import logging
import os
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from core.errors import Cancelled, RefitError
from gui_app.tasks import job_thread
from gui_app.tasks.background_job import tell_nobody
from gui_app.tasks.job_thread import JobThread, close_threads, leave_threads
from gui_app.tasks.left_behind import left_behind

WAIT_MS = 10_000


class Owner(QObject):
    """Hears what its jobs tell, and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []
        self.threads: set[QThread] = set()
        self.thread_ = JobThread("asked", self, self.fail)

    def _hear(self, *what: object) -> None:
        self.threads.add(QThread.currentThread())
        self.heard.append(what)

    def done(self, found: object) -> None:
        self._hear("done", found)

    def fail(self, sentence: str) -> None:
        self._hear("failed", sentence)

    def cancelled(self) -> None:
        self._hear("cancelled")

    def progress(self, *told: object) -> None:
        self._hear("progress", *told)


@pytest.fixture
def owner(qapp: object) -> Iterator[Owner]:
    owner = Owner()
    yield owner
    assert not close_threads(owner, WAIT_MS)


def heard(owner: Owner, qtbot: QtBot, count: int) -> list[object]:
    qtbot.waitUntil(lambda: len(owner.heard) >= count, timeout=WAIT_MS)
    return owner.heard


def raises(error: BaseException) -> None:
    raise error


def test_calls_are_made_in_order_beside_the_window_and_answered_in_it(owner: Owner, qtbot: QtBot) -> None:
    assert not owner.thread_.isRunning(), "a window need not wait for what nobody has asked for"
    jobs = [owner.thread_.job(owner.done).start(divmod, 17, number) for number in (5, 3)]
    jobs.append(owner.thread_.job(owner.done).start(QThread.currentThread))
    assert all(job.under_way for job in jobs)
    assert heard(owner, qtbot, 3)[:2] == [("done", (3, 2)), ("done", (5, 2))]
    assert owner.heard[2] != ("done", QThread.currentThread())
    assert owner.threads == {QThread.currentThread()}
    assert not owner.thread_.busy
    assert not any(job.under_way for job in jobs)


@pytest.mark.parametrize("error", [KeyError("poses"), SystemExit(3), MemoryError()])
def test_an_error_is_one_sentence_and_the_next_call_is_made(
    owner: Owner, qtbot: QtBot, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    thread = owner.thread_
    with caplog.at_level(logging.ERROR):
        thread.job(owner.done).start(raises, RefitError("walk.npz: there is no key 'poses'."))
        thread.job(owner.done).start(raises, error)
        thread.job(owner.done, unexpected="The rows could not be read").start(raises, error)
        thread.job(owner.done).start(len, "rows")
        assert heard(owner, qtbot, 4) == [
            ("failed", "walk.npz: there is no key 'poses'."),
            ("failed", job_thread.UNEXPECTED),
            ("failed", "The rows could not be read"),
            ("done", 4),
        ]
    assert [type(error).__name__ in record.exc_text for record in caplog.records] == [True, True]


def test_progress_is_paced_and_its_last_word_comes_before_the_answer(owner: Owner, qtbot: QtBot) -> None:
    def count(progress) -> int:
        for done in range(1000):
            progress(done, 1000)
        return 1000

    job = owner.thread_.job(owner.done)
    job.start(count, job.progress(owner.progress))
    qtbot.waitUntil(lambda: not job.under_way, timeout=WAIT_MS)
    told = owner.heard
    assert told[0] == ("progress", 0, 1000)
    assert told[-2:] == [("progress", 999, 1000), ("done", 1000)]
    assert len(told) < 100


def test_a_cancelled_call_says_how_it_ended_and_a_dropped_one_nothing(owner: Owner, qtbot: QtBot) -> None:
    def until(stop: threading.Event, begun: threading.Event) -> str:
        begun.set()
        stop.wait(WAIT_MS / 1000)
        return "so far"

    begun = threading.Event()
    job = owner.thread_.job(owner.done, cancelled=owner.cancelled)
    job.start(until, job.stop, begun)
    waits = owner.thread_.job(owner.done, cancelled=owner.cancelled).start(len, "never looked at")
    assert begun.wait(WAIT_MS / 1000)
    job.cancel()
    waits.cancel()
    assert heard(owner, qtbot, 2) == [("done", "so far"), ("cancelled",)]

    for check in (job.check, job.progress(owner.progress)):
        with pytest.raises(Cancelled):
            check()
    dropped, begun = owner.thread_.job(owner.done, cancelled=owner.cancelled), threading.Event()
    dropped.start(until, dropped.stop, begun)
    assert begun.wait(WAIT_MS / 1000)
    dropped.drop()
    assert not dropped.under_way
    owner.thread_.job(owner.done).start(len, "")
    assert heard(owner, qtbot, 3)[2:] == [("done", 0)]


def test_the_latest_job_is_answered_and_none_before_it(owner: Owner, qtbot: QtBot) -> None:
    go = threading.Event()
    for number in range(5):
        owner.thread_.job(owner.done, latest=True).start(lambda number: go.wait() and number, number)
    go.set()
    assert heard(owner, qtbot, 1) == [("done", 4)]
    qtbot.wait(20)
    assert len(owner.heard) == 1


def test_what_is_told_before_it_is_dropped_is_not_heard_after(owner: Owner, qtbot: QtBot) -> None:
    told = threading.Event()

    def tell(found) -> int:
        found("half")
        told.set()
        return 1

    job = owner.thread_.job(owner.done)
    job.start(tell, job.tells(owner.progress))
    assert told.wait(WAIT_MS / 1000)
    job.drop()
    qtbot.wait(50)
    assert owner.heard == []


def test_torch_that_cannot_be_had_is_told(
    owner: Owner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_thread, "pose_on_one_thread", lambda: raises(ImportError("torch")))
    thread = JobThread("posing", owner, owner.fail, unexpected="No torch", one_torch_thread=True)
    thread.job(owner.done).start(len, "")
    assert heard(owner, qtbot, 1) == [("failed", "No torch")]


def test_a_thread_closes_before_it_ever_ran_and_twice_and_takes_nothing_after(
    owner: Owner, qtbot: QtBot
) -> None:
    closing: list[int] = []
    owner.thread_.closing.connect(lambda: closing.append(1))
    for _ in range(2):
        assert close_threads(owner) == []
        assert not owner.thread_.job(owner.done).start(len, "").under_way
    qtbot.wait(20)
    assert (owner.heard, closing, owner.thread_.isRunning()) == ([], [1], False)


def test_a_busy_thread_closes_when_its_call_lets_it_and_tells_nothing(owner: Owner, qtbot: QtBot) -> None:
    begun, go = threading.Event(), threading.Event()
    owner.thread_.job(owner.done).start(lambda: (begun.set(), go.wait()))
    waits = owner.thread_.job(owner.done).start(go.set)
    assert begun.wait(WAIT_MS / 1000)
    assert close_threads(owner, 20) == [owner.thread_]
    assert not waits.under_way
    go.set()
    assert close_threads(owner, WAIT_MS) == []
    qtbot.wait(20)
    assert owner.heard == []


def test_all_threads_of_an_owner_are_waited_for_at_once(
    owner: Owner, qtbot: QtBot, never: threading.Event
) -> None:
    others = [JobThread(str(number), owner, owner.fail) for number in range(8)]
    waits: list[int] = []
    for thread in (owner.thread_, *others):
        thread.job(tell_nobody).start(never.wait)
        thread.wait = lambda deadline: waits.append(deadline.remainingTime()) or False
    assert len(close_threads(owner, 5)) == 9
    assert sorted(waits, reverse=True) == waits
    assert waits[0] <= 5
    for thread in (owner.thread_, *others):
        del thread.wait
    never.set()


def test_a_thread_that_writes_finishes_what_it_was_given_and_tells_it(owner: Owner, qtbot: QtBot) -> None:
    go = threading.Event()
    writer = JobThread("writer", owner, owner.fail, writes=True)
    writer.job(owner.done).start(go.wait)
    writer.job(owner.done).start(len, "file")
    assert close_threads(owner, 20) == [writer]
    assert not writer.job(owner.done).start(len, "too late").under_way
    go.set()
    assert heard(owner, qtbot, 2) == [("done", True), ("done", 4)]
    assert close_threads(owner, WAIT_MS) == []


def test_a_thread_that_is_left_keeps_nothing_of_its_owner(qtbot: QtBot, never: threading.Event) -> None:
    owner, begun = Owner(), threading.Event()
    job = owner.thread_.job(owner.done, cancelled=owner.cancelled)
    job.start(lambda *_: (begun.set(), never.wait()), job.tells(owner.progress), job.progress(owner.progress))
    assert begun.wait(WAIT_MS / 1000)
    leave_threads(owner)
    assert [thread.objectName() for thread in left_behind()] == ["asked"]
    left, gone = owner.thread_, weakref.ref(owner)
    owner.thread_ = None  # type: ignore[assignment]
    del owner
    assert gone() is None
    never.set()
    assert left.wait(WAIT_MS)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads have no niceness of their own")
def test_calls_and_the_threads_they_start_give_way_to_the_window(owner: Owner, qtbot: QtBot) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def both() -> tuple[int, int]:
        started: list[int] = []
        thread = threading.Thread(target=lambda: started.append(niceness()))
        thread.start()
        thread.join()
        return niceness(), started[0]

    owner.thread_.job(owner.done).start(both)
    nice = min(niceness() + 10, 19)
    assert heard(owner, qtbot, 1) == [("done", (nice, nice))]

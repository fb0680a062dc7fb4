"""Cyclic garbage of any thread is freed in the GUI thread."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest
import torch  # noqa: F401 - what the garbage is waiting for
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui_app.tasks.garbage import EVERY_MS, SETTLES_AFTER_MS, Garbage


class Ring:
    """Refers to itself, so that counting references does not free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def garbage() -> Iterator[Garbage]:
    enabled, parent = gc.isenabled(), QObject()
    yield Garbage(parent)
    parent.deleteLater()
    if enabled:
        gc.enable()


def settle(garbage: Garbage) -> None:
    for _ in range(1 + SETTLES_AFTER_MS // EVERY_MS):
        garbage.collect()


@pytest.mark.usefixtures("garbage")
def test_rings_of_a_worker_are_freed_in_the_gui_thread(qtbot: QtBot) -> None:
    freed: list[int] = []

    def work() -> None:
        for _ in range(5000):
            weakref.finalize(Ring(), lambda: freed.append(threading.get_ident()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not freed, "nothing is freed by the thread that made it"
    qtbot.waitUntil(lambda: len(freed) == 5000)
    assert set(freed) == {threading.get_ident()}


def test_what_belongs_to_modules_is_looked_at_once(garbage: Garbage) -> None:
    settle(garbage)
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 10_000


def test_nothing_is_collected_while_modules_come(garbage: Garbage, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(garbage)
    freed: list[int] = []
    for number in range(5000):
        weakref.finalize(Ring(), freed.append, number)
    monkeypatch.setitem(sys.modules, "one_that_has_just_come", sys)
    garbage.collect()
    assert not freed
    garbage.collect()
    assert len(freed) == 5000


def test_the_first_look_waits_until_no_module_has_come_for_a_while(
    garbage: Garbage, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[int] = []
    for number in range(5000):
        weakref.finalize(Ring(), freed.append, number)
    for _ in range(SETTLES_AFTER_MS // EVERY_MS):
        garbage.collect()
    monkeypatch.setitem(sys.modules, "one_that_has_just_come", sys)
    garbage.collect()
    garbage.collect()
    assert not freed
    settle(garbage)
    assert len(freed) == 5000

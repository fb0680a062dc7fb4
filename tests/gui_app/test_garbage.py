"""Cyclic garbage of any thread is freed in the GUI thread."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui_app.garbage import Garbage


class Ring:
    """Refers to itself, so that counting references does not free it."""

    def __init__(self) -> None:
        self.itself = self


def test_rings_of_a_worker_are_freed_in_the_gui_thread(qtbot: QtBot) -> None:
    parent = QObject()
    garbage, freed = Garbage(parent), []

    def work() -> None:
        for _ in range(5000):
            weakref.finalize(Ring(), lambda: freed.append(threading.get_ident()))

    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert not freed, "nothing is freed by the thread that made it"
        qtbot.waitUntil(lambda: len(freed) == 5000)
        assert set(freed) == {threading.get_ident()}
    finally:
        garbage.deleteLater()
        gc.enable()


def test_what_belongs_to_modules_is_looked_at_once(qtbot: QtBot) -> None:
    parent = QObject()
    garbage = Garbage(parent)
    try:
        garbage.look()
        garbage.look()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
        garbage.deleteLater()
        gc.enable()

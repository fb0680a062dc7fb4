"""A walk through what people do, in a real window, which can be filmed: base of `flows` and `inspecting`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow, Options
from gui_app.app.toolbar import Toolbar
from tests.show import drive
from tests.show.recording import Caption, point_at, recorded

WIDTH, HEIGHT = 1280, 720
PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


class Walk:
    """Parts to go through, each asserting that what was done is what happened."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self.window, self.state, self.folder = window, window.state, folder
        self.caption = Caption(window.viewport)

    def parts(self) -> Sequence[Callable[[], None]]:
        """In their order."""
        raise NotImplementedError

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        """A key on the window."""
        QTest.keyClick(self.window, key, modifier)

    def button(self, name: str) -> QToolButton:
        """The button of the toolbar that does what a name of `Actions` says."""
        action = getattr(self.window.actions_, name)
        buttons = self.window.findChildren(Toolbar)[0].findChildren(QToolButton)
        return next(button for button in buttons if button.defaultAction() is action)

    def idle(self) -> bool:
        """Nothing is fitted or measured."""
        state = self.state
        measured = (
            state.document.analysis is not None and state.document.analysis.result is state.document.result
        )
        return not state.activity.run.active and state.document.result is not None and measured

    def go(self) -> None:
        """All of it, in order."""
        for part in self.parts():
            began = time.monotonic()
            part()
            print(f"{part.__name__}: {time.monotonic() - began:.1f} s")


def film(kind: type[Walk], argv: list[str], file: Callable[[Path], Path]) -> int:
    """Opens a window on ``file`` of a folder of its own, walks, and records where a name is given."""
    drive.own_settings()
    make_application()
    with tempfile.TemporaryDirectory() as place:
        window = MainWindow(Options(file(Path(place)), threads=2, device="cpu"))
        window.move(0, 0)
        window.resize(WIDTH, HEIGHT)
        window.show()
        window.activateWindow()
        drive.wait(window.isActiveWindow)
        walk = kind(window, Path(place))
        try:
            drive.wait(walk.idle)
            point_at(window)
            with recorded(Path(argv[0]) if argv else None, WIDTH, HEIGHT):
                walk.go()
        finally:
            walk.caption.hide()
            window.state.document.set_saved()
            window.close()
            drive.wait(lambda: not window.isVisible())
    return 0

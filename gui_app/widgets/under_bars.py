"""A view below bars that come and go: they take its height, and never lie on what it shows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from gui_app.tasks.coalesce import Coalescer

WORDS = 240
"""Pixels that the words of a wide bar want, which give way and have no width of their own."""
SIDE_BY_SIDE, BELOW = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom


class UnderBars(QWidget):
    """Bars share one line where there is room for all of them, or else have a line each.

    Args:
        view: fills what the bars leave; has the keyboard when this is given it.
        parent: owns all of it.
    """

    def __init__(self, view: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: dict[QWidget, int] = {}
        self._line = QBoxLayout(SIDE_BY_SIDE)
        self._line.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._line)
        column.addWidget(view, 1)
        self.setFocusProxy(view)
        self._arranged = Coalescer(self._arrange, self)

    def add(self, bar: QWidget, *, first: bool = False, wide: bool = False) -> None:
        """One bar more, before the others where it is ``first``; a ``wide`` one has the room that is left."""
        self._bars[bar] = WORDS if wide else 0
        self._line.insertWidget(0 if first else -1, bar, int(wide))
        bar.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A bar comes, goes, or has more to say."""
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._arrange()
        elif event.type() == QEvent.Type.LayoutRequest:
            self._arranged.ask()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There is more room, or less."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        there = [(bar, words) for bar, words in self._bars.items() if not bar.isHidden()]
        wanted = sum(bar.sizeHint().width() + words for bar, words in there)
        direction = SIDE_BY_SIDE if wanted <= self.width() else BELOW
        if direction != self._line.direction():
            self._line.setDirection(direction)

"""A thin line under the toolbar that fills while a fit runs or a file is read."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui_app import colours
from gui_app.state import AppState

HEIGHT = 3
LEAST_SHARE = 0.015


class ProgressLine(QWidget):
    """Takes its room even when there is nothing to show, so that nothing jumps."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setFixedHeight(HEIGHT)
        state.run_changed.connect(self._on_change)
        state.opening_changed.connect(self._on_change)

    @Slot()
    def _on_change(self) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints how much is done."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
        run = self._state.run
        if run.active:
            share = max(run.share, LEAST_SHARE)
            colour = colours.ACCENT if run.phase == "running" else colours.TEXT_DISABLED
        elif self._state.opening:
            share, colour = max(self._state.building or 0.0, LEAST_SHARE), colours.ACCENT
        else:
            return
        painter.fillRect(QRectF(0, 0, self.width() * share, HEIGHT), QColor(colour))

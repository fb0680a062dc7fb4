"""What the mouse does on the curves."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal


class ScrubBox(pg.ViewBox):
    """Left button goes to a frame, with Shift it selects, the wheel zooms, a double click shows all."""

    frame_dragged = Signal(float)
    frame_clicked = Signal(float)
    range_dragged = Signal(float, float)
    range_cleared = Signal()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Left drag goes through the frames, other buttons move the curves sideways."""
        if ev.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(ev, axis=0)
            return
        ev.accept()
        here = self._frame(ev.scenePos())
        if ev.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.range_dragged.emit(self._frame(ev.buttonDownScenePos()), here)
        else:
            self.frame_dragged.emit(here)

    def mouseClickEvent(self, ev: Any) -> None:
        """A click goes to the frame under the pointer."""
        if ev.button() != Qt.MouseButton.LeftButton:
            return
        ev.accept()
        if ev.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.range_cleared.emit()
        elif ev.double():
            self.sigRangeChangedManually.emit([True, False])
            self.enableAutoRange(x=True)
        else:
            self.frame_clicked.emit(self._frame(ev.scenePos()))

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """The wheel zooms along time only."""
        super().wheelEvent(ev, axis=0)

    def _frame(self, place: Any) -> float:
        return self.mapSceneToView(place).x()

"""The bound on the error that the user cares about: a line across the curves, and a number."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, Signal, Slot

from gui_app import colours
from gui_app.live_theme import follow

DEFAULT_MM = 20.0
LEAST_MM, MOST_MM = 0.5, 999.0


class Threshold(QObject):
    """A dashed line that is dragged up and down; frames whose worst vertex lies above it are counted."""

    changed = Signal(float)

    def __init__(self, plot: pg.PlotItem, parent: QObject) -> None:
        super().__init__(parent)
        self.mm = DEFAULT_MM
        self.line = pg.InfiniteLine(pos=self.mm, angle=0, movable=True, bounds=(LEAST_MM, MOST_MM))
        self.line.setZValue(5)
        self.line.setCursor(Qt.CursorShape.SizeVerCursor)
        self.line.setToolTip("Drag: frames whose worst vertex lies above are counted in the row above")
        plot.addItem(self.line, ignoreBounds=True)
        self.line.sigPositionChanged.connect(self._on_dragged)
        follow(self._on_theme)

    @Slot()
    def _on_theme(self) -> None:
        dashed = Qt.PenStyle.DashLine
        self.line.setPen(pg.mkPen(colours.TEXT_SECONDARY, width=1, style=dashed))
        self.line.setHoverPen(pg.mkPen(colours.TEXT, width=2, style=dashed))

    @Slot(float)
    def set_mm(self, mm: float) -> None:
        """Moves the line."""
        mm = round(min(max(mm, LEAST_MM), MOST_MM), 1)
        if mm != self.mm:
            self.mm = mm
            self.line.setValue(mm)
            self.changed.emit(mm)

    @Slot(object)
    def _on_dragged(self, _line: object) -> None:
        self.set_mm(float(self.line.value()))

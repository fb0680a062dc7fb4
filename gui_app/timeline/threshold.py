"""What a figure of a frame may be at most: a line across the curves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QObject, QSignalBlocker, Qt, Slot

from gui_app.document.document import Document
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.widgets.text import plain_tip

LEAST_MM, MOST_MM = 0.5, 10_000.0


class Threshold(QObject):
    """A dashed line that is dragged up and down: frames above it are problem frames.

    Args:
        state: whose ``thresholds`` it shows and changes.
        name: of the threshold.
        short: of the figure, ``'max'``.
        role: of the colour of the figure's curve.
        plot: that it crosses.
        parent: owns it.
    """

    def __init__(
        self, document: Document, name: str, short: str, role: str, plot: pg.PlotItem, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._name, self._short, self._role = document, name, short, role
        self.line = pg.InfiniteLine(angle=0, movable=True, bounds=(LEAST_MM, MOST_MM))
        self.line.setZValue(5)
        self.line.setCursor(Qt.CursorShape.SizeVerCursor)
        plot.addItem(self.line, ignoreBounds=True)
        self._present()
        self.line.sigPositionChanged.connect(self._on_dragged)
        document.thresholds_changed.connect(self._present)
        on_theme_change(self._on_theme)

    @property
    def mm(self) -> float:
        """The bound."""
        return float(getattr(self._document.thresholds, self._name))

    @Slot()
    def _on_theme(self) -> None:
        dashed, colour = Qt.PenStyle.DashLine, colours.of(self._role)
        self.line.setPen(pg.mkPen(colour, width=1, style=dashed))
        self.line.setHoverPen(pg.mkPen(colour, width=2, style=dashed))

    @Slot()
    def _present(self) -> None:
        with QSignalBlocker(self.line):
            self.line.setValue(self.mm)
        self.line.setToolTip(
            plain_tip(
                f"{self._short.capitalize()} at most {self.mm:g} mm: frames above are problem frames. "
                "Drag the line, or type it in the row above"
            )
        )

    @Slot(object)
    def _on_dragged(self, _line: object) -> None:
        change: dict[str, Any] = {self._name: round(float(self.line.value()), 1)}
        self._document.set_thresholds(replace(self._document.thresholds, **change))

"""The selected frames on the curves: a band whose edges can be dragged."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QObject, QSignalBlocker, Slot
from PySide6.QtGui import QColor

from gui_app import colours
from gui_app.live_theme import follow
from gui_app.state import AppState

FILL_ALPHA = 42


class Brush(QObject):
    """Shows ``state.selection`` in a plot and changes it."""

    def __init__(self, state: AppState, plot: pg.PlotItem, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self.band = pg.LinearRegionItem()
        # The edges move; a drag inside the band scrubs as everywhere else.
        self.band.movable = False
        self.band.setZValue(-10)
        self.band.setVisible(False)
        plot.addItem(self.band, ignoreBounds=True)
        self.band.sigRegionChanged.connect(self._on_dragged)
        state.selection_changed.connect(self._on_selection)
        follow(self._on_theme)

    @Slot()
    def _on_theme(self) -> None:
        fill, stronger = QColor(colours.ACCENT), QColor(colours.ACCENT)
        fill.setAlpha(FILL_ALPHA)
        stronger.setAlpha(2 * FILL_ALPHA)
        self.band.setBrush(fill)
        self.band.setHoverBrush(fill)
        for edge in self.band.lines:
            edge.setPen(pg.mkPen(stronger))
            edge.setHoverPen(pg.mkPen(colours.ACCENT, width=2))

    @Slot(float, float)
    def select(self, start: float, stop: float) -> None:
        """Selects the frames between two places."""
        if self._state.frames:
            self._state.set_selection((round(start), round(stop)))

    @Slot()
    def clear(self) -> None:
        """Selects nothing."""
        self._state.set_selection(None)

    @Slot()
    def _on_selection(self) -> None:
        selection = self._state.selection
        self.band.setVisible(selection is not None)
        if selection is not None:
            with QSignalBlocker(self.band):
                self.band.setRegion((selection[0] - 0.5, selection[1] + 0.5))

    @Slot(object)
    def _on_dragged(self, _band: object) -> None:
        start, stop = sorted(self.band.getRegion())
        self.select(round(start + 0.5), max(round(stop - 0.5), round(start + 0.5)))

"""The pinned vertices in the plot: a curve each, and a chip with its figure in this frame."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.style.theme import tabular
from gui_app.timeline.time_axis import add_curve
from gui_app.viewport.pins import MOST_PINS, Pins

TIP = "Vertex {vertex} of the fit, {part}: its error over time. A click takes the pin out"


class PinCurves(QWidget):
    """The row of chips in the plot's corner; the curves belong to the plot."""

    def __init__(
        self, document: Document, playback: Playback, pins: Pins, plot: pg.PlotItem, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._document, self._playback, self._pins = document, playback, pins
        self._allowed = True
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.curves = []
        self.chips: list[QToolButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for index in range(MOST_PINS):
            curve = add_curve(plot)
            curve.setZValue(3)
            self.curves.append(curve)
            chip = QToolButton(self)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tabular(chip)
            chip.clicked.connect(partial(self._take_out, index))
            self.chips.append(chip)
            row.addWidget(chip)
        pins.changed.connect(self._draw)
        playback.frame_changed.connect(self._show_words)
        on_theme_change(self._on_theme)
        self._draw()

    @Slot()
    def _on_theme(self) -> None:
        for colour, curve, chip in zip(colours.PINS, self.curves, self.chips, strict=False):
            curve.setPen(pg.mkPen(colour, width=1))
            chip.setStyleSheet(
                f"QToolButton {{ background: {colours.RAISED}; color: {colour}; border-radius: 5px;"
                f" border: 1px solid {colours.LINE}; padding: 1px 6px; font-size: 11px; }}"
            )

    def allow(self, allowed: bool) -> None:
        """Whether the axis is in millimetres, so that the curves belong there."""
        self._allowed = allowed
        self._draw()

    @Slot()
    def _draw(self) -> None:
        self._name_chips()
        for index, curve in enumerate(self.curves):
            pinned = self._pins.vertices[index : index + 1] if self._allowed else ()
            values = self._pins.series.get(pinned[0]) if pinned else None
            values = np.empty(0) if values is None else values
            curve.setData(np.arange(len(values)), values)
            self.chips[index].setVisible(bool(pinned))
        self._show_words()

    def _name_chips(self) -> None:
        from core.model.joints import PARTS

        opened = self._document.opened
        if opened is not None:
            for vertex, chip in zip(self._pins.vertices, self.chips, strict=False):
                part = PARTS[int(opened.bodies.target.vertex_part[vertex])]
                chip.setToolTip(TIP.format(vertex=vertex, part=part))

    @Slot()
    def _show_words(self, *_: object) -> None:
        if self._document.opened is None or not self._pins.vertices:
            self.hide()
            return
        for vertex, chip in zip(self._pins.vertices, self.chips, strict=False):
            values = self._pins.series.get(vertex)
            value = values[self._playback.frame] if values is not None else np.nan
            said = f"{value:.1f} mm" if np.isfinite(value) else "…" if values is None else "–"
            chip.setText(f"{vertex}  {said}")
        self.adjustSize()
        self.setVisible(self._allowed)

    def _take_out(self, index: int, *_: object) -> None:
        if index < len(self._pins.vertices):
            self._pins.toggle(self._pins.vertices[index])

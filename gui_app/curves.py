"""Error over time: mean, 95th percentile and maximum of every frame, in millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from gui_app import colours
from gui_app.state import AppState

if TYPE_CHECKING:
    from core.fitting.result import FitResult

LEFT_AXIS = 52
RIGHT_MARGIN = 14
LEAST_TOP_MM = 5.0
POINT_PIXELS = 4
CURVES = (
    ("max_mm", colours.CURVE_MAX),
    ("p95_mm", colours.CURVE_P95),
    ("mean_mm", colours.CURVE_MEAN),
)
WAITING = "Error curves appear here while frames are fitted: press Fit"


class ScrubBox(pg.ViewBox):
    """Left button goes to a frame, the wheel zooms along time, a double click shows everything again."""

    frame_asked = Signal(float)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Left drag goes through the frames, other buttons move the curves sideways."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.frame_asked.emit(self.mapSceneToView(ev.scenePos()).x())
        else:
            super().mouseDragEvent(ev, axis=0)

    def mouseClickEvent(self, ev: Any) -> None:
        """A click goes to the frame under the pointer."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            if ev.double():
                self.sigRangeChangedManually.emit([True, False])
                self.enableAutoRange(x=True)
            else:
                self.frame_asked.emit(self.mapSceneToView(ev.scenePos()).x())

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """The wheel zooms along time only."""
        super().wheelEvent(ev, axis=0)


class Curves(pg.PlotWidget):
    """Three curves and a cursor at the frame shown; frames that are not fitted are gaps."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        self._box = ScrubBox(enableMenu=False)
        super().__init__(parent, viewBox=self._box, background=colours.PANEL)
        self._state = state
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(76)
        self.setFrameShape(self.Shape.NoFrame)
        self.hideButtons()
        self.setMenuEnabled(False)
        plot = self.getPlotItem()
        plot.setContentsMargins(0, 2, RIGHT_MARGIN, 4)
        font = QFont(self.font())
        font.setPixelSize(11)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.LINE))
            axis.setTextPen(pg.mkPen(colours.TEXT_SECONDARY))
            axis.setTickFont(font)
            axis.setStyle(tickLength=-4, tickTextOffset=6, maxTickLevel=0)
        left = plot.getAxis("left")
        left.setWidth(LEFT_AXIS)
        left.setLabel("mm", color=colours.TEXT_SECONDARY, **{"font-size": "11px"})
        left.enableAutoSIPrefix(False)
        plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._curves = {name: self._add_curve(colour) for name, colour in CURVES}
        self._points = {
            name: pg.ScatterPlotItem(size=POINT_PIXELS, pen=None, brush=pg.mkBrush(colour))
            for name, colour in CURVES
        }
        for points in self._points.values():
            self.addItem(points)
        self.cursor_line = pg.InfiniteLine(angle=90, pen=pg.mkPen(colours.ACCENT, width=1))
        self.cursor_line.setZValue(10)
        self.addItem(self.cursor_line, ignoreBounds=True)
        self._words = pg.TextItem(WAITING, color=colours.TEXT_SECONDARY, anchor=(0.5, 0.5))
        self.addItem(self._words, ignoreBounds=True)
        self._box.setMouseEnabled(x=True, y=False)
        self._box.enableAutoRange(x=False, y=False)
        self._box.setDefaultPadding(0.0)
        self._box.frame_asked.connect(self._on_asked)
        state.motion_changed.connect(self._on_motion)
        state.frame_changed.connect(self._on_frame)
        state.result_changed.connect(self._on_result)
        self._on_motion()

    def _add_curve(self, colour: str) -> pg.PlotDataItem:
        curve = self.plot(pen=pg.mkPen(colour, width=1), connect="finite")
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)
        return curve

    @Slot(float)
    def _on_asked(self, x: float) -> None:
        self._state.set_frame(round(x))

    @Slot()
    def _on_motion(self) -> None:
        frames = self._state.frames
        first, last = (0.0, frames - 1.0) if frames > 1 else (-0.5, 0.5)
        for side in ("left", "bottom"):
            self.getPlotItem().getAxis(side).setStyle(showValues=self._state.frames > 0)
        self._box.setLimits(xMin=first, xMax=last, yMin=0, minXRange=min(8, last - first))
        self._box.setXRange(first, last)
        self._box.setYRange(0, LEAST_TOP_MM)
        for name, curve in self._curves.items():
            curve.setData([], [])
            self._points[name].setData([], [])
        self._words.setPos((first + last) / 2, LEAST_TOP_MM / 2)
        self._words.setVisible(True)
        self.cursor_line.setValue(self._state.frame)
        self.cursor_line.setVisible(self._state.opened is not None)

    @Slot(int)
    def _on_frame(self, frame: int) -> None:
        self.cursor_line.setValue(frame)

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        result: FitResult | None = self._state.result
        if result is None:
            self._on_motion()
            return
        self._words.setVisible(not result.fitted.any())
        frames = np.arange(len(result))
        for name, curve in self._curves.items():
            values = np.asarray(getattr(result, name), float)
            curve.setData(frames, values)
            alone = lone(values)
            self._points[name].setData(alone, values[alone])
        worst = result.max_mm[np.isfinite(result.max_mm)]
        top = float(np.percentile(worst, 99)) * 1.12 if len(worst) else 0.0
        self._box.setYRange(0, max(top, LEAST_TOP_MM))


def lone(values: np.ndarray) -> np.ndarray:
    """Ids of the finite values without a finite neighbour, which no line would show."""
    finite = np.pad(np.isfinite(values), 1)
    return np.flatnonzero(finite[1:-1] & ~finite[:-2] & ~finite[2:])

"""Frames along the time axis: which is where in pixels, what the mouse does on the curves, and the
selected ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change

# A peak is this much higher than what the pointer is on.
PROMINENT = 1.1
HALF_A_NUMBER, BETWEEN_NUMBERS = 7, 10
"""Pixels."""


@dataclass(frozen=True)
class TimeScale:
    """The piece of the motion on show and the pixels that it takes.

    Attributes:
        first: frame at ``left``, with fractions.
        last: frame at ``right``.
        left: pixel.
        right: pixel.
    """

    first: float = 0.0
    last: float = 1.0
    left: float = 0.0
    right: float = 1.0

    @property
    def pixels_a_frame(self) -> float:
        """Width of one frame."""
        return (self.right - self.left) / max(self.last - self.first, 1e-9)

    def x_of(self, frame: float | np.ndarray) -> float | np.ndarray:
        """The pixel of a frame."""
        return self.left + (frame - self.first) * self.pixels_a_frame

    def frame_at(self, x: float) -> float:
        """The frame at a pixel, with fractions."""
        return self.first + (x - self.left) / self.pixels_a_frame


def peak_near(values: np.ndarray, at: float, reach: float) -> int:
    """The frame that a pointer at ``at`` means.

    That is the worst frame within ``reach`` frames if it is a peak: well above the nearest frame, and not
    merely higher on the slope of one further off. Otherwise it is the nearest frame.
    """
    last = len(values) - 1
    at = min(max(at, 0), last)
    nearest = round(at)
    start, stop = max(int(np.ceil(at - reach)), 0), min(int(np.floor(at + reach)), last) + 1
    here = values[start:stop]
    if not np.isfinite(here).any():
        return nearest
    worst = start + int(np.nanargmax(here))
    beside = values[max(worst - 1, 0) : worst + 2]
    low = values[worst] < PROMINENT * values[nearest]
    return nearest if low or (beside > values[worst]).any() else worst


def most_by_column(values: np.ndarray, scale: TimeScale) -> tuple[np.ndarray, float, float]:
    """What one image of (T, K) ``values`` shows: the largest value of the frames under each pixel.

    Returns:
        (n, K) values, a column of the image each, NaN where no frame has one; and the pixels where the first
        column begins and the last one ends.
    """
    first = max(int(np.floor(scale.first + 0.5)), 0)
    stop = min(int(np.ceil(scale.last + 0.5)), len(values))
    if stop <= first:
        return values[:0], scale.left, scale.left
    left, right = float(scale.x_of(first - 0.5)), float(scale.x_of(stop - 0.5))
    columns = max(round(right - left), 1)
    if stop - first <= columns:
        return values[first:stop], left, right
    edges = first + (np.arange(columns) * (stop - first)) // columns
    with np.errstate(invalid="ignore"):
        return np.fmax.reduceat(values[:stop], edges, axis=0), left, right


# The selected frames on the curves: a band whose edges can be dragged.

FILL_ALPHA = 42


class Brush(QObject):
    """Shows ``playback.selection`` in a plot and changes it."""

    def __init__(self, document: Document, playback: Playback, plot: pg.PlotItem, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._playback = document, playback
        self.band = pg.LinearRegionItem()
        # The edges move; a drag inside the band scrubs as everywhere else.
        self.band.movable = False
        self.band.setZValue(-10)
        self.band.setVisible(False)
        plot.addItem(self.band, ignoreBounds=True)
        self.band.sigRegionChanged.connect(self._on_dragged)
        playback.selection_changed.connect(self._on_selection)
        on_theme_change(self._on_theme)

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
        if self._document.frames:
            self._playback.set_selection((round(start), round(stop)))

    @Slot()
    def clear(self) -> None:
        """Selects nothing."""
        self._playback.set_selection(None)

    @Slot()
    def _on_selection(self) -> None:
        selection = self._playback.selection
        self.band.setVisible(selection is not None)
        if selection is not None:
            with QSignalBlocker(self.band):
                self.band.setRegion((selection[0] - 0.5, selection[1] + 0.5))

    @Slot(object)
    def _on_dragged(self, _band: object) -> None:
        start, stop = sorted(self.band.getRegion())
        self.select(round(start + 0.5), max(round(stop - 0.5), round(start + 0.5)))


def spacing_with_room(least: float, room: float) -> float:
    """The least of …, 0.5, 1, 2, 5, 10, 20, … that is neither below ``least`` nor below ``room``."""
    wanted = max(least, room)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(power * step for step in (1.0, 2.0, 5.0, 10.0) if power * step >= wanted * (1 - 1e-9))


class RoomyAxis(pg.AxisItem):
    """Its ticks are so far apart that their numbers do not lie on each other, however short the axis is."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """One level: the distance of the ticks, and where they begin."""
        levels: list[tuple[float, float]] = super().tickSpacing(minVal, maxVal, size)
        if not levels or not size > 0:
            return levels
        room = self._room(QFontMetrics(self.style["tickFont"] or self.font()), maxVal)
        return [(spacing_with_room(levels[0][0], room * (maxVal - minVal) / size), 0.0)]

    def _room(self, metrics: QFontMetrics, most: float) -> float:
        """Pixels from one tick to the next."""
        raise NotImplementedError


class FrameAxis(RoomyAxis):
    """Has a tick at whole frames that there are, and at nothing between or beside them.

    Attributes:
        frames: how many there are.
    """

    frames = 0

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """So near that ticks would be parts of a frame, they are whole frames."""
        levels = super().tickSpacing(minVal, maxVal, size)
        return [(max(spacing, 1.0), start) for spacing, start in levels]

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Levels of ticks, the distance of each with its values."""
        levels = super().tickValues(minVal, maxVal, size)
        return [(spacing, [x for x in values if 0 <= round(x) < self.frames]) for spacing, values in levels]

    def _room(self, metrics: QFontMetrics, most: float) -> float:
        return metrics.horizontalAdvance(f"{max(self.frames - 1, 0)}") + BETWEEN_NUMBERS


class HeightAxis(RoomyAxis):
    """Has no tick so near to its upper end that half of the number would be cut off."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Levels of ticks, the distance of each with its values."""
        most = maxVal - HALF_A_NUMBER * (maxVal - minVal) / max(size, 1.0)
        levels = super().tickValues(minVal, maxVal, size)
        return [(spacing, [x for x in values if x <= most]) for spacing, values in levels]

    def _room(self, metrics: QFontMetrics, most: float) -> float:
        return metrics.height()


def add_curve(plot: pg.PlotWidget | pg.PlotItem) -> pg.PlotDataItem:
    """A line over frames, with gaps where it is not finite, however many there are."""
    curve = plot.plot(connect="finite", antialias=True)
    curve.setDownsampling(auto=True, method="peak")
    curve.setClipToView(True)
    return curve


# What the mouse does on the curves.


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

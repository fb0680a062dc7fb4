"""Body parts over time: one line of colour for each part under the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.document.view import View
from gui_app.history.distances import Distances
from gui_app.scene.colour_maps import STEPS, ramp
from gui_app.scene.skin_colours import DIFFERENCE
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.timeline.time_axis import TimeScale, most_by_column
from gui_app.timeline.time_row import TimeRow

if TYPE_CHECKING:
    from gui_app.timeline.curves import Curves

LEAST_ROW, MOST_ROW = 10, 12
"""High enough for the names of the parts."""
GAP = 1
BELOW = 17
"""Under the rows: what the colours mean."""
LEGEND_WIDTH, LEGEND_HEIGHT = 110, 6
LEGEND = "mean of each part, mm"
DIM = 70
FULL_STEP = STEPS // 3
WAITING = "Error by body part appears here once the fit is finished and measured"
APART_LEGEND = "difference A–B of each part, mm"
APART_WAITING = "Difference A–B by body part appears here once it is measured"


class HeatStrip(TimeRow):
    """Six parts × frames in the colours of the error, or of the difference between two fits where that is the
    colour of the bodies."""

    def __init__(
        self,
        document: Document,
        view: View,
        playback: Playback,
        distances: Distances,
        curves: Curves,
        parent: QWidget | None = None,
    ) -> None:
        from core.model.joints import PARTS

        super().__init__(document, playback, curves, parent)
        self._view, self._distances = view, distances
        self._parts = PARTS
        self._colouring = view.colouring
        self._image: tuple[tuple[TimeScale, float], QImage, float, float] | None = None
        self.setMinimumHeight(len(PARTS) * (LEAST_ROW + GAP) + BELOW)
        self.setMaximumHeight(len(PARTS) * (MOST_ROW + GAP) + BELOW)
        self._font = QFont(self.font())
        self._font.setPixelSize(11)
        document.analysis_changed.connect(self._on_analysis)
        on_theme_change(self._on_analysis)
        distances.changed.connect(self._on_analysis)
        view.second_changed.connect(self._on_analysis)
        view.changed.connect(self._on_view)

    def sizeHint(self) -> QSize:
        """With room for the names."""
        return QSize(400, self.maximumHeight())

    @property
    def _step(self) -> int:
        """Pixels from one row to the next."""
        return (self.height() - BELOW) // len(self._parts)

    @property
    def _apart(self) -> bool:
        """The difference between two fits is shown."""
        return self._view.colouring == DIFFERENCE.name and self._distances.pair is not None

    @property
    def _part_mm(self) -> np.ndarray | None:
        """(T, parts) of what is shown, None while it is not known."""
        if self._apart:
            return None if self._distances.found is None else self._distances.found.part_mm
        analysis = self._document.analysis
        return None if analysis is None else analysis.metrics.part_mm

    @property
    def _range_mm(self) -> float:
        return self._view.apart_mm if self._apart else self._view.range_mm

    @Slot()
    def _on_view(self) -> None:
        if self._colouring != self._view.colouring:
            self._colouring = self._view.colouring
            self._image = None
        self.update()

    @Slot()
    def _on_analysis(self) -> None:
        self._image = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names, colours and the frame on show."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.PANEL))
        painter.setFont(self._font)
        painter.setPen(QColor(colours.TEXT_SECONDARY))
        scale = self._curves.time_scale()
        step = self._step
        rows = QRectF(scale.left, 0, scale.right - scale.left, len(self._parts) * step)
        part_mm = self._part_mm
        if part_mm is None:
            if self._document.result is not None:
                words = APART_WAITING if self._apart else WAITING
                painter.drawText(rows, Qt.AlignmentFlag.AlignCenter, words)
            return
        named = event.rect().left() < scale.left
        for index, part in enumerate(self._parts if named else ()):
            place = QRectF(0, index * step - 2, scale.left - 7, step + 3)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, part)
        image, left, right = self._colours(scale, part_mm)
        self._draw_legend(painter, rows)
        painter.setClipRect(rows)
        for index in range(image.height()):
            place = QRectF(left, index * step, right - left, step - GAP)
            painter.drawImage(place, image, QRectF(0, index, image.width(), 1))
        self.draw_cursor(painter, 0, rows.bottom())

    def _draw_legend(self, painter: QPainter, rows: QRectF) -> None:
        """The scale of the body, in the same range: from 0 to what the toolbar says."""
        range_mm = self._range_mm
        strip = heat_image(np.linspace(0.0, range_mm, STEPS)[:, None], range_mm)
        metrics = painter.fontMetrics()
        top, height = rows.bottom() + 2, BELOW - 3
        end = f"≥ {range_mm:g}"
        left = rows.right() - metrics.horizontalAdvance(end) - 5 - LEGEND_WIDTH
        bar = QRectF(left, top + (height - LEGEND_HEIGHT) / 2, LEGEND_WIDTH, LEGEND_HEIGHT)
        painter.drawImage(bar, strip, QRectF(strip.rect()))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRectF(rows.left(), top, left - 5 - rows.left(), height),
            middle | Qt.AlignmentFlag.AlignRight,
            f"{APART_LEGEND if self._apart else LEGEND}   0",
        )
        painter.drawText(QRectF(bar.right() + 5, top, rows.right() - bar.right() - 5, height), middle, end)

    def _colours(self, scale: TimeScale, part_mm: np.ndarray) -> tuple[QImage, float, float]:
        """The image of the piece on show, made once for each piece and range of the colours."""
        made_for = (scale, self._range_mm)
        if self._image is None or self._image[0] != made_for:
            values, left, right = most_by_column(part_mm, scale)
            self._image = (made_for, heat_image(values, made_for[1]), left, right)
        return self._image[1:]

    def event(self, event: QEvent) -> bool:
        """Part, frame and millimetres as a tooltip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self._words_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), words, self) if words else QToolTip.hideText()
            return True
        return super().event(event)

    def _words_at(self, x: int, y: int) -> str:
        part_mm, scale = self._part_mm, self._curves.time_scale()
        row = y // self._step
        if part_mm is None or row >= len(self._parts) or not scale.left <= x <= scale.right:
            return ""
        frame = min(max(round(scale.frame_at(x)), 0), self._document.frames - 1)
        value, words = part_mm[frame, row], "mm apart, mean" if self._apart else "mm mean"
        said = f"{value:.1f} {words}" if np.isfinite(value) else "not fitted"
        return f"{self._parts[row]}, frame {frame}: {said}"


def heat_image(values: np.ndarray, range_mm: float) -> QImage:
    """(n, K) millimetres as K rows of n pixels in the error's colours.

    What is good stays dim, so that a long calm motion is no bright band; what is not known is transparent.
    """
    known = np.isfinite(values)
    step = np.where(known, values, 0) * ((STEPS - 1) / max(range_mm, 1e-6))
    pixels = np.zeros((values.shape[1], values.shape[0], 4), np.uint8)
    pixels[..., :3] = ramp()[step.clip(0, STEPS - 1).astype(np.intp)].transpose(1, 0, 2)
    alpha = np.interp(step, (0, FULL_STEP), (DIM, 255))
    pixels[..., 3] = np.where(known, alpha, 0).T
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    # The bytes above go away with this call; the copy owns its own.
    return image.copy()

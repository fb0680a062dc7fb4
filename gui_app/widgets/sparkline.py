"""A small curve of the error over the steps of a run."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui_app.style import colours

WIDTH, HEIGHT = 112, 24
MARGIN = 3.0
# Fewer steps than this do not yet fill the width.
LEAST_STEPS = 12


class Sparkline(QWidget):
    """Grows to the right; the last step has a dot. From the first step to the last, on its own scale."""

    def __init__(self, parent: QWidget | None = None, least_steps: int = LEAST_STEPS) -> None:
        super().__init__(parent)
        self._least_steps = least_steps
        self._values: tuple[float, ...] = ()
        self.setFixedSize(WIDTH, HEIGHT)
        self.setToolTip("Mean v2v error (mm) after each iteration so far")

    @property
    def values(self) -> tuple[float, ...]:
        """What is shown, millimetres."""
        return self._values

    def set_values(self, values: tuple[float, ...]) -> None:
        """Shows the mean error after each step."""
        if values != self._values:
            self._values = values
            self.update()

    def _points(self) -> list[QPointF]:
        # The first steps start from afar: on a linear scale they would flatten all that follows.
        heights = [math.log(max(value, 1e-3)) for value in self._values]
        low, high = min(heights), max(heights)
        span = max(high - low, 1e-6)
        step = (self.width() - 2 * MARGIN) / max(len(heights) - 1, self._least_steps)
        room = self.height() - 2 * MARGIN
        return [
            QPointF(MARGIN + i * step, MARGIN + room * (1 - (height - low) / span))
            for i, height in enumerate(heights)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the curve, a fading area below it and the last point."""
        if not self._values:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        points, accent = self._points(), QColor(colours.ACCENT)
        if len(points) > 1:
            line = QPainterPath(points[0])
            for point in points[1:]:
                line.lineTo(point)
            area = QPainterPath(line)
            area.lineTo(points[-1].x(), self.height())
            area.lineTo(points[0].x(), self.height())
            fade = QLinearGradient(0, 0, 0, self.height())
            fade.setColorAt(0, QColor(accent.red(), accent.green(), accent.blue(), 70))
            fade.setColorAt(1, QColor(accent.red(), accent.green(), accent.blue(), 0))
            painter.fillPath(area, fade)
            painter.setPen(QPen(accent, 1.3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(QRectF(points[-1].x() - 2, points[-1].y() - 2, 4, 4))

"""The mean error after every step of a frame, as a curve to scrub along."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app.style import colours

HEIGHT = 66
SIDE, TOP, BOTTOM = 9.0, 9.0, 9.0
DOT, HERE = 2.2, 4.6
KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape)


class StepTrack(QWidget):
    """``sought`` tells the index of a step, ``stepped`` how far to go, ``left`` that it is enough.

    Its keys come before those of the window while it has the focus.
    """

    sought = Signal(int)
    stepped = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: tuple[float, ...] = ()
        self.at = 0
        self._ends: tuple[int, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Iterations of this frame")

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(240, HEIGHT)

    def set_steps(self, values: tuple[float, ...], ends: tuple[int, ...], at: int) -> None:
        """Shows the mean error (mm) after each step, where stages end, and the step looked at; one beyond the
        last for none."""
        if (values, ends, at) != (self.values, self._ends, self.at):
            self.values, self._ends, self.at = values, ends, at
            self.update()

    def places(self) -> list[QPointF]:
        """Where the steps are."""
        # The start is far away: on a linear scale it would flatten all that follows.
        heights = [math.log(max(value, 1e-3)) for value in self.values]
        if not heights:
            return []
        low, high = min(heights), max(heights)
        span = max(high - low, 1e-6)
        step = (self.width() - 2 * SIDE) / max(len(heights) - 1, 1)
        room = self.height() - TOP - BOTTOM
        return [
            QPointF(SIDE + index * step, TOP + room * (1 - (height - low) / span))
            for index, height in enumerate(heights)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the ground, the ends of the stages, the curve and its points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.ACCENT if self.hasFocus() else colours.LINE), 1))
        painter.setBrush(QColor(colours.PANEL))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        points = self.places()
        if not points:
            return
        painter.setPen(QPen(QColor(colours.LINE), 1, Qt.PenStyle.DashLine))
        for end in self._ends[:-1]:
            x = round(points[end].x()) + 0.5
            painter.drawLine(QPointF(x, 4), QPointF(x, self.height() - 4))
        accent = QColor(colours.ACCENT)
        if len(points) > 1:
            line = QPainterPath(points[0])
            for point in points[1:]:
                line.lineTo(point)
            area = QPainterPath(line)
            area.lineTo(points[-1].x(), self.height() - 2)
            area.lineTo(points[0].x(), self.height() - 2)
            fade = QLinearGradient(0, 0, 0, self.height())
            fade.setColorAt(0, _faint(accent, 60))
            fade.setColorAt(1, _faint(accent, 0))
            painter.fillPath(area, fade)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(accent, 1.4))
            painter.drawPath(line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        if len(points) <= self.width() / 8:
            for point in points:
                painter.drawEllipse(point, DOT, DOT)
        if self.at >= len(points):
            return
        here = points[self.at]
        painter.setPen(QPen(accent, 1))
        painter.drawLine(QPointF(here.x(), 4), QPointF(here.x(), self.height() - 4))
        painter.setPen(QPen(QColor(colours.PANEL), 1.5))
        painter.drawEllipse(here, HERE, HERE)

    def event(self, event: QEvent) -> bool:
        """Its own keys come first."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.values
            and event.key() in KEYS
            and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes from step to step."""
        key = Qt.Key(event.key())
        if not self.values or key not in KEYS:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            # Not from what is painted: keys may come faster.
            self.stepped.emit(1 if key == Qt.Key.Key_Right else -1)
        else:
            self.sought.emit(0 if key == Qt.Key.Key_Home else len(self.values) - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes to the step under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrubs."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        points = self.places()
        if points:
            x = event.position().x()
            self.sought.emit(min(range(len(points)), key=lambda index: abs(points[index].x() - x)))


def _faint(colour: QColor, alpha: int) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), alpha)

"""A coefficient as a bar from zero to either side, which can be dragged."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app.style import colours

MOST = 5.0
HANDLE = 5.0
GROOVE = 4.0
HUNDREDTHS = 100


class SigmaBar(QWidget):
    """-5 to 5 standard deviations; a notch where the number was before it was edited."""

    edited = Signal(float)
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = self._before = 0.0
        self._held = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As high as a line of text."""
        return QSize(90, 22)

    def minimumSizeHint(self) -> QSize:
        """It can be narrow."""
        return QSize(50, 22)

    def show_value(self, value: float, before: float) -> None:
        """Shows a number, and the one it was before."""
        if (value, before) != (self._value, self._before):
            self._value, self._before = value, before
            self.update()

    def _x_of(self, value: float) -> float:
        reach = self.width() / 2 - HANDLE - 1
        return self.width() / 2 + reach * min(max(value / MOST, -1.0), 1.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints groove, notch, bar and handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        left, right = self._x_of(-MOST), self._x_of(MOST)
        painter.setBrush(QColor(colours.LINE))
        painter.drawRoundedRect(QRectF(left, middle - GROOVE / 2, right - left, GROOVE), 2, 2)
        zero, at, was = self._x_of(0.0), self._x_of(self._value), self._x_of(self._before)
        on = self.isEnabled()
        painter.setBrush(QColor(colours.FIT_SKIN if on else colours.TEXT_DISABLED))
        painter.drawRect(QRectF(min(zero, at), middle - GROOVE / 2, abs(at - zero), GROOVE))
        painter.setBrush(QColor(colours.TEXT_DISABLED))
        painter.drawRect(QRectF(zero - 0.5, middle - 6, 1, 12))
        if self._before != self._value:
            painter.setBrush(QColor(colours.TEXT_SECONDARY))
            painter.drawRect(QRectF(was - 1, middle - 5, 2, 10))
        painter.setBrush(QColor(colours.TEXT if on else colours.TEXT_DISABLED))
        painter.drawEllipse(QPointF(at, middle), HANDLE, HANDLE)

    def _follow(self, x: float) -> None:
        share = (x - self.width() / 2) / max(self.width() / 2 - HANDLE - 1, 1.0)
        value = round(min(max(share, -1.0), 1.0) * MOST * HUNDREDTHS) / HUNDREDTHS
        if value != self._value:
            self._value = value
            self.update()
            self.edited.emit(value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes the handle to the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self._follow(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The handle goes along."""
        if self._held:
            self._follow(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The edit is over."""
        if self._held and event.button() == Qt.MouseButton.LeftButton:
            self._held = False
            self.finished.emit()

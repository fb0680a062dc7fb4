"""The line of the lasso, drawn over the 3D view."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from gui_app import colours

WIDTH, FILL_ALPHA = 2.0, 34


class LassoLine(QWidget):
    """Lies over the view and lets all of the mouse through; hidden while there is no line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._line: list[QPointF] = []
        self._puts_back = False
        self.hide()

    def show_line(self, line: list[QPointF], puts_back: bool) -> None:
        """Corners in logical pixels of the view."""
        self._line, self._puts_back = line, puts_back
        parent = self.parentWidget()
        if parent is not None and self.geometry() != parent.rect():
            self.setGeometry(parent.rect())
        self.setVisible(len(line) > 1)
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, closed by a fainter one, and what it goes around a little tinted."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(colours.TAKEN_OUT if not self._puts_back else colours.FIT_WORDS)
        fill = QColor(colour)
        fill.setAlpha(FILL_ALPHA)
        shape = QPolygonF(self._line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(shape, Qt.FillRule.OddEvenFill)
        painter.setPen(QPen(colour, WIDTH))
        painter.drawPolyline(shape)
        painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(self._line[-1], self._line[0])

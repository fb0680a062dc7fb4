"""A line of text that gives way: it ends in dots where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app import colours
from gui_app.theme import tabular
from gui_app.words import plain_tip

DOT = 8
GAP = 14


class ElidedLabel(QWidget):
    """``● reason   figures``: a dot and a reason in one colour, the rest in the quiet one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reason = ""
        self.figures = ""
        self._colour = QColor(colours.TEXT_DISABLED)
        tabular(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_words(self, reason: str, colour: str, figures: str) -> None:
        """Shows a reason in its colour, and figures after it."""
        if (reason, figures, colour) != (self.reason, self.figures, self._colour.name()):
            self.reason, self.figures = reason, figures
            self._colour = QColor(colour)
            self.setToolTip(plain_tip("\n".join(words for words in (reason, figures) if words)))
            self.update()

    def sizeHint(self) -> QSize:
        """As high as its text."""
        return QSize(200, self.fontMetrics().height() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the dot and both texts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawEllipse(QRectF(0, (self.height() - DOT) / 2, DOT, DOT))
        x = DOT + 8
        for words, colour in ((self.reason, self._colour), (self.figures, QColor(colours.TEXT_SECONDARY))):
            room = self.width() - x
            if not words or room < 30:
                continue
            shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.setPen(colour)
            painter.drawText(QRectF(x, 0, room, self.height()), Qt.AlignmentFlag.AlignVCenter, shown)
            x += self.fontMetrics().horizontalAdvance(shown) + GAP

"""A quiet line of text that ends in dots where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app import colours
from gui_app.theme import SMALL_PIXELS, tabular

LEAST_WIDTH = 24


class QuietLine(QWidget):
    """Small and in the secondary colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ""
        font = self.font()
        font.setPixelSize(SMALL_PIXELS)
        self.setFont(font)
        tabular(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_words(self, words: str) -> None:
        """Shows a text."""
        if words != self.words:
            self.words = words
            self.update()

    def sizeHint(self) -> QSize:
        """As high as its text."""
        return QSize(120, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints as much of the text as there is room for."""
        if self.width() < LEAST_WIDTH:
            return
        painter = QPainter(self)
        painter.setPen(QColor(colours.TEXT_SECONDARY))
        shown = self.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

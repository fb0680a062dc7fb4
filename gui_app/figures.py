"""Small pieces of a control row: a number with its name and colour."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gui_app import colours
from gui_app.theme import tabular

NO_NUMBER = "–"


class Swatch(QWidget):
    """A short stroke in the colour of a curve."""

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self.setFixedSize(12, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the stroke."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.of(self._role)))
        painter.drawRoundedRect(0, 4, 12, 4, 2, 2)


class Figure(QWidget):
    """``■ mean 2.4``: a number that keeps its place while it changes."""

    def __init__(self, name: str, role: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel(name, self)
        title.setProperty("role", "secondary")
        self._value = QLabel(NO_NUMBER, self)
        tabular(self._value)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance("000.0") + 2)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(Swatch(role, self))
        layout.addWidget(title)
        layout.addWidget(self._value)
        self.setToolTip(tip)

    def set_value(self, value: float) -> None:
        """Shows one decimal, or a dash for NaN."""
        self._value.setText(NO_NUMBER if math.isnan(value) else f"{value:.1f}")

    @property
    def text(self) -> str:
        """What is shown."""
        return self._value.text()

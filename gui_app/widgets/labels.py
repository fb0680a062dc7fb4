"""Small pieces of text: quiet lines, lines that give way, figures with their names, icons that stand by
themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from core.shown_text import shown
from gui_app.style import colours
from gui_app.style.theme import SMALL_PIXELS, tabular
from gui_app.widgets.text import plain_tip

LEAST_WIDTH = 24


class QuietLine(QWidget):
    """Small and in the secondary colour; it has the room that is left, or ``wants`` as much as its words."""

    def __init__(self, parent: QWidget | None = None, *, wants: bool = False) -> None:
        super().__init__(parent)
        self.words, self._wants = "", wants
        font = self.font()
        font.setPixelSize(SMALL_PIXELS)
        self.setFont(font)
        tabular(self)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Maximum if wants else policy.Ignored, policy.Fixed)

    def set_words(self, words: str) -> None:
        """Shows a text."""
        words = shown(words)
        if words != self.words:
            self.words = words
            if self._wants:
                self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """As high as its text, and as wide where it wants that."""
        wide = self.fontMetrics().horizontalAdvance(self.words) + 2 if self._wants else 120
        return QSize(wide, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints as much of the text as there is room for."""
        if self.width() < LEAST_WIDTH:
            return
        painter = QPainter(self)
        painter.setPen(QColor(colours.TEXT_SECONDARY))
        elided = self.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)


# Lines of text that give way: they end in dots where there is no room.


class GivingWay(QLabel):
    """A label of one line; what there is no room for is in its tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """As high as its text."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints as much of the text as there is room for."""
        painter, room, words = QPainter(self), self.contentsRect(), self.text()
        fits = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        self.setToolTip("" if fits == words else plain_tip(words))
        self.style().drawItemText(
            painter,
            room,
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            self.palette(),
            self.isEnabled(),
            fits,
            self.foregroundRole(),
        )


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
        reason, figures = shown(reason), shown(figures)
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
            elided = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.setPen(colour)
            painter.drawText(QRectF(x, 0, room, self.height()), Qt.AlignmentFlag.AlignVCenter, elided)
            x += self.fontMetrics().horizontalAdvance(elided) + GAP


# Figures below one another, each with its name before it.


class FigureRows(QWidget):
    """A row for each name and tip.

    Attributes:
        values: the labels that the figures go into, by name.
    """

    def __init__(self, rows: Iterable[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.values: dict[str, QLabel] = {}
        self._titles: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        for row, (name, tip) in enumerate(rows):
            title, value = QLabel(name, self), QLabel(self)
            title.setProperty("role", "secondary")
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            value.setWordWrap(True)
            title.setAlignment(Qt.AlignmentFlag.AlignTop)
            tabular(value)
            for label in (title, value):
                label.setToolTip(tip)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
            self.values[name], self._titles[name] = value, title

    def show_row(self, name: str, shown: bool) -> None:
        """Shows or hides one of them."""
        self.values[name].setVisible(shown)
        self._titles[name].setVisible(shown)


# Small pieces of a control row: a number with its name and colour.

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


# An icon that stands by itself.


class IconLabel(QWidget):
    """Painted anew each time, unlike a label's pixmap, so that it follows the theme."""

    def __init__(self, icon: QIcon, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setFixedSize(size, size)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the icon."""
        self._icon.paint(QPainter(self), self.rect())

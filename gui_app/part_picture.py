"""A small body whose parts show by their colour how much they count; a click changes it."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from core.joints import PARTS
from gui_app import colours
from gui_app.body_picture import BodyPicture, fitted, mixed

WIDTH, HEIGHT, EDGE = 118, 164, 4
# A click goes on to the next of these, with Shift to the one before.
STOPS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)


class PartPicture(BodyPicture):
    """``edited`` tells a part and its new weight."""

    edited = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(QSize(WIDTH, HEIGHT), ("hands", "feet"), parent)
        self.weights: tuple[float, ...] = (1.0,) * len(PARTS)
        self._why_not = ""
        self.setAccessibleName("Weights of the body parts")

    def show_weights(self, weights: tuple[float, ...], why_not: str) -> None:
        """Shows how much each of `PARTS` counts; ``why_not`` is empty where that has an effect."""
        self.weights, self._why_not = weights, why_not
        self.setCursor(Qt.CursorShape.ArrowCursor if why_not else Qt.CursorShape.PointingHandCursor)
        self.update()

    def build(self) -> list[tuple[str, QPainterPath]]:
        """All of `PARTS`."""
        from core.part_outlines import builtin_outlines

        outlines = builtin_outlines()
        room = QRectF(self.rect()).adjusted(EDGE, EDGE, -EDGE, -EDGE)
        return [(outline.part, path) for outline, path in zip(outlines, fitted(outlines, room), strict=True)]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints every part in the colour of its weight."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(colours.RAISED)
        for part, path in self.pieces():
            weight = self.weights[PARTS.index(part)]
            painter.setBrush(self._colour(weight))
            painter.setPen(QPen(ground, 1.1))
            painter.drawPath(path)
            if not weight:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.TEXT_DISABLED), 0.9, Qt.PenStyle.DotLine))
                painter.drawPath(path)
        if self.hovered and not self._why_not:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.TEXT), 1.3))
            for part, path in self.pieces():
                if part == self.hovered:
                    painter.drawPath(path)

    def _colour(self, weight: float) -> QColor:
        """From nothing over a quiet grey for 1 to the accent."""
        ground, quiet = QColor(colours.RAISED), QColor(colours.TEXT_DISABLED)
        if self._why_not:
            return mixed(ground, quiet, 0.35)
        if weight <= 1:
            return mixed(ground, quiet, 0.12 + 0.88 * weight)
        share = min(1.0, math.log(weight) / math.log(STOPS[-1]))
        return mixed(quiet, QColor(colours.ACCENT), 0.35 + 0.65 * share)

    def tip(self, name: str) -> str:
        """What a part counts, and how to change it."""
        words = f"{name} ×{self.weights[PARTS.index(name)]:g}"
        return f"{words}\n{self._why_not or 'Click for more, with Shift for less'}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Changes the weight of the part under the mouse."""
        part = self.name_at(event.position())
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if not part or self._why_not or event.button() not in buttons:
            return
        less = event.button() == buttons[1] or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        weight = self.weights[PARTS.index(part)]
        wanted = next_stop(weight, less=bool(less))
        if wanted != weight:
            self.edited.emit(part, wanted)


def next_stop(weight: float, *, less: bool) -> float:
    """The next larger of `STOPS`, or the next smaller; the same where there is none."""
    if less:
        return max((stop for stop in STOPS if stop < weight), default=weight)
    return min((stop for stop in STOPS if stop > weight), default=weight)

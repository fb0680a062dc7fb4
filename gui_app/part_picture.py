"""A small body whose parts show by their colour how much they count; a click changes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.joints import PARTS
from gui_app import colours
from gui_app.words import plain_tip

if TYPE_CHECKING:
    from core.part_outlines import PartOutline

WIDTH, HEIGHT, EDGE = 118, 164, 4
# A click goes on to the next of these, with Shift to the one before.
STOPS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
# Small parts are met a little beside them, too.
REACH = 5.0


class PartPicture(QWidget):
    """``edited`` tells a part and its new weight."""

    edited = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.weights: tuple[float, ...] = (1.0,) * len(PARTS)
        self.hovered = ""
        self._why_not = ""
        self._pieces: list[tuple[str, QPainterPath]] | None = None
        self.setFixedSize(WIDTH, HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Weights of the body parts")

    def sizeHint(self) -> QSize:
        """Of one size."""
        return QSize(WIDTH, HEIGHT)

    def show_weights(self, weights: tuple[float, ...], why_not: str) -> None:
        """Shows how much each of `PARTS` counts; ``why_not`` is empty where that has an effect."""
        self.weights, self._why_not = weights, why_not
        self.setCursor(Qt.CursorShape.ArrowCursor if why_not else Qt.CursorShape.PointingHandCursor)
        self.update()

    def pieces(self) -> list[tuple[str, QPainterPath]]:
        """The parts, as they are drawn."""
        if self._pieces is None:
            from core.part_outlines import builtin_outlines

            self._pieces = _paths(builtin_outlines(), self.width(), self.height())
        return self._pieces

    def part_at(self, place: QPointF) -> str:
        """The part there, or nearly there; '' for none."""
        around = QPainterPath()
        around.addEllipse(place, REACH, REACH)
        near = ""
        for part, path in self.pieces():
            if path.contains(place):
                return part
            # Between two, the smaller one: it is the harder to meet.
            if path.intersects(around) and (not near or part in ("hands", "feet")):
                near = part
        return near

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
            return _mixed(ground, quiet, 0.35)
        if weight <= 1:
            return _mixed(ground, quiet, 0.12 + 0.88 * weight)
        share = min(1.0, math.log(weight) / math.log(STOPS[-1]))
        return _mixed(quiet, QColor(colours.ACCENT), 0.35 + 0.65 * share)

    def event(self, event: QEvent) -> bool:
        """Tells what a part counts."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            part = self.part_at(QPointF(event.pos()))
            if part:
                QToolTip.showText(event.globalPos(), plain_tip(self.tip(part)), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def tip(self, part: str) -> str:
        """What a part counts, and how to change it."""
        words = f"{part} ×{self.weights[PARTS.index(part)]:g}"
        return f"{words}\n{self._why_not or 'Click for more, with Shift for less'}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The part under the mouse stands out."""
        self._hover(self.part_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """None does."""
        super().leaveEvent(event)
        self._hover("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Changes the weight of the part under the mouse."""
        part = self.part_at(event.position())
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if not part or self._why_not or event.button() not in buttons:
            return
        less = event.button() == buttons[1] or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        weight = self.weights[PARTS.index(part)]
        wanted = next_stop(weight, less=bool(less))
        if wanted != weight:
            self.edited.emit(part, wanted)

    def _hover(self, part: str) -> None:
        if part != self.hovered:
            self.hovered = part
            self.update()


def next_stop(weight: float, *, less: bool) -> float:
    """The next larger of `STOPS`, or the next smaller; the same where there is none."""
    if less:
        return max((stop for stop in STOPS if stop < weight), default=weight)
    return min((stop for stop in STOPS if stop > weight), default=weight)


def _paths(outlines: tuple[PartOutline, ...], width: int, height: int) -> list[tuple[str, QPainterPath]]:
    """The outlines in a rectangle, as large as there is room."""
    reach = max(float(abs(outline.points[:, 0]).max()) for outline in outlines)
    room = QRectF(0, 0, width, height).adjusted(EDGE, EDGE, -EDGE, -EDGE)
    scale = min(room.height(), room.width() / (2 * reach))
    top = room.center().y() - scale / 2
    found = []
    for outline in outlines:
        corners = [QPointF(room.center().x() + scale * x, top + scale * y) for x, y in outline.points]
        path = QPainterPath()
        path.addPolygon(QPolygonF(corners))
        path.closeSubpath()
        found.append((outline.part, path))
    return found


def _mixed(one: QColor, other: QColor, share: float) -> QColor:
    """A colour between two."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + share * (b - a)) for a, b in pairs))

"""A small drawn body: which of its pieces is under the mouse, and what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
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

from core.model.joints import PARTS
from gui_app.style import colours
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.geometry.part_outlines import PartOutline

# Small pieces are met a little beside them, too.
REACH = 5.0


class BodyPicture(QWidget):
    """A widget of one size whose pieces have names; what they look like and do is up to those built on it."""

    def __init__(self, size: QSize, small: tuple[str, ...], parent: QWidget | None = None) -> None:
        """``small`` names the pieces that come first where the mouse is between two."""
        super().__init__(parent)
        self.hovered = ""
        self._small = small
        self._pieces: list[tuple[str, QPainterPath]] | None = None
        self.setFixedSize(size)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Of one size."""
        return self.size()

    def build(self) -> list[tuple[str, QPainterPath]]:
        """The pieces and where they are, those below first."""
        raise NotImplementedError

    def tip(self, name: str) -> str:
        """What a piece stands for, and how to change it."""
        raise NotImplementedError

    def pieces(self) -> list[tuple[str, QPainterPath]]:
        """The pieces, as they are drawn."""
        if self._pieces is None:
            self._pieces = self.build()
        return self._pieces

    def name_at(self, place: QPointF) -> str:
        """The piece there, or nearly there; '' for none."""
        around = QPainterPath()
        around.addEllipse(place, REACH, REACH)
        near = ""
        for name, path in reversed(self.pieces()):
            if path.contains(place):
                return name
            # Between two, the smaller one: it is the harder to meet.
            if path.intersects(around) and (not near or name in self._small):
                near = name
        return near

    def event(self, event: QEvent) -> bool:
        """Tells what a piece stands for."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            name = self.name_at(QPointF(event.pos()))
            if name:
                QToolTip.showText(event.globalPos(), plain_tip(self.tip(name)), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The piece under the mouse stands out."""
        self._hover(self.name_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """None does."""
        super().leaveEvent(event)
        self._hover("")

    def _hover(self, name: str) -> None:
        if name != self.hovered:
            self.hovered = name
            self.update()


def paths(outlines: Iterable[PartOutline], middle: float, top: float, scale: float) -> list[QPainterPath]:
    """Outlines in pixels: ``middle`` and ``top`` of the whole, which is ``scale`` high."""
    found = []
    for outline in outlines:
        path = QPainterPath()
        path.addPolygon(QPolygonF([QPointF(middle + scale * x, top + scale * y) for x, y in outline.points]))
        path.closeSubpath()
        found.append(path)
    return found


def fitted(outlines: tuple[PartOutline, ...], room: QRectF) -> list[QPainterPath]:
    """Outlines in the middle of a rectangle, as large as there is room."""
    reach = max(float(abs(outline.points[:, 0]).max()) for outline in outlines)
    scale = min(room.height(), room.width() / (2 * reach))
    return paths(outlines, room.center().x(), room.center().y() - scale / 2, scale)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """A colour between two."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + share * (b - a)) for a, b in pairs))


# A small body whose parts show by their colour how much they count; a click changes it.

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
        from core.geometry.part_outlines import builtin_outlines

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

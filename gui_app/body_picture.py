"""A small drawn body: which of its pieces is under the mouse, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainterPath, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui_app.words import plain_tip

if TYPE_CHECKING:
    from core.part_outlines import PartOutline

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

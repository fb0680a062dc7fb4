"""A small body and its face, on which the groups of joints that a stage may turn are put on and off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gui_app.stages.body_picture import BodyPicture, fitted, mixed, paths
from gui_app.style import colours
from gui_app.widgets.text import plain_tip

State = Literal["free", "auto", "held"]
# From the left of the picture to its right, which is the way that the arrow keys go.
GROUPS = ("right hand", "body", "left hand", "jaw", "eyes")
WIDTH, HEIGHT = 168, 112
BODY = QRectF(8, 1, 76, 110)
# Hands are drawn so much larger than they are, from the wrist.
HANDS = 1.5
# The face is larger still: a circle, what of the head is in its middle, and pixels that the head is high.
FACE, RADIUS = QPointF(130, 36), 35.0
FACE_MIDDLE, FACE_SCALE = 0.46, 78.0
# Words below the face.
NAME, STATE = QRectF(92, 78, 76, 15), QRectF(92, 93, 76, 15)
WORDS_PIXELS = 11
HATCH, DOT = 4.0, 2.5
# Pieces of one group are drawn so much wider that they meet.
EDGE = 0.8
ON_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
WAYS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


@dataclass(frozen=True)
class Group:
    """One of `GROUPS` as it is now: whether it can be changed, and what is told of it."""

    state: State
    changed: bool
    able: bool
    tip: str


class GroupPicture(BodyPicture):
    """``clicked`` tells which of `GROUPS` is to be changed."""

    clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(QSize(WIDTH, HEIGHT), GROUPS[:1] + GROUPS[2:], parent)
        self.groups = {name: Group("free", False, True, "") for name in GROUPS}
        self.at = "body"
        self._face = QPainterPath()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Free groups on the body")

    def show_groups(self, groups: dict[str, Group]) -> None:
        """Shows what is free."""
        self.groups = groups
        able = any(group.able for group in groups.values())
        self.setCursor(Qt.CursorShape.PointingHandCursor if able else Qt.CursorShape.ArrowCursor)
        self._describe()
        self.update()

    def build(self) -> list[tuple[str, QPainterPath]]:
        """All of `GROUPS`; the body's own skin in one piece."""
        from core.geometry.part_outlines import FACE_PARTS, builtin_face, builtin_outlines

        outlines = builtin_outlines()
        body, hands = QPainterPath(), []
        # Pieces that overlap are one.
        body.setFillRule(Qt.FillRule.WindingFill)
        for outline, path in zip(outlines, fitted(outlines, BODY), strict=True):
            if outline.part == "hands":
                # It looks at us.
                left, box = outline.points[:, 0].mean() > 0, path.boundingRect()
                wrist = box.topLeft() if left else box.topRight()
                larger = QTransform().translate(wrist.x(), wrist.y()).scale(HANDS, HANDS)
                path = larger.translate(-wrist.x(), -wrist.y()).map(path)
                hands.append(("left hand" if left else "right hand", path))
            else:
                body.addPath(path)
        face = builtin_face()
        top = FACE.y() - FACE_MIDDLE * FACE_SCALE
        features = {part: QPainterPath() for part in FACE_PARTS}
        for outline, path in zip(face, paths(face, FACE.x(), top, FACE_SCALE), strict=True):
            features[outline.part].addPath(path)
        self._face = features["face"]
        return [("body", body), *hands, ("jaw", features["jaw"]), ("eyes", features["eyes"])]

    def tip(self, name: str) -> str:
        """What a group is, and what a click makes of it."""
        return f"{name}: {self.groups[name].state}\n{self.groups[name].tip}"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the groups, the circle around the face, and the name of the one that is pointed at."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pieces = self.pieces()
        self._paint_face(painter)
        pointed = self.hovered or (self.at if self.hasFocus() else "")
        # Last the one that stands out, over what is beside it.
        for name, path in sorted(pieces, key=lambda piece: piece[0] == pointed):
            stands_out = name == pointed and (self.groups[name].able or self.hasFocus())
            self._paint_piece(painter, name, path, stands_out)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.ACCENT))
        for name, path in pieces:
            if self.groups[name].changed:
                painter.drawEllipse(_dot_place(name, path.boundingRect()), DOT, DOT)
        if pointed:
            self._paint_words(painter, pointed)

    def _paint_face(self, painter: QPainter) -> None:
        circle = QPainterPath()
        circle.addEllipse(FACE, RADIUS, RADIUS)
        painter.fillPath(circle, QColor(colours.PANEL))
        painter.save()
        painter.setClipPath(circle)
        painter.fillPath(self._face, mixed(QColor(colours.RAISED), QColor(colours.TEXT_DISABLED), 0.4))
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.LINE), 1))
        painter.drawPath(circle)

    def _paint_piece(self, painter: QPainter, name: str, path: QPainterPath, stands_out: bool) -> None:
        group, ground = self.groups[name], QColor(colours.RAISED)
        accent, quiet = QColor(colours.ACCENT), QColor(colours.TEXT_DISABLED)
        if not group.able:
            accent = quiet = mixed(ground, quiet, 0.5)
        fill = {"free": mixed(ground, accent, 0.8), "auto": mixed(ground, accent, 0.35)}.get(
            group.state, mixed(ground, quiet, 0.25)
        )
        edge = QColor(colours.TEXT) if stands_out else quiet if group.state == "held" else accent
        # The edge lies around all of it, not between its pieces.
        painter.setBrush(fill)
        painter.setPen(QPen(edge, EDGE + (2.6 if stands_out else 1.6)))
        painter.drawPath(path)
        painter.setPen(QPen(fill, EDGE))
        painter.drawPath(path)
        if group.state == "held":
            painter.save()
            painter.setClipPath(path)
            painter.setPen(QPen(quiet, 1))
            box = path.boundingRect()
            left = box.left() - box.height()
            while left < box.right():
                painter.drawLine(QPointF(left, box.bottom()), QPointF(left + box.height(), box.top()))
                left += HATCH
            painter.restore()

    def _paint_words(self, painter: QPainter, name: str) -> None:
        font = self.font()
        font.setPixelSize(WORDS_PIXELS)
        painter.setFont(font)
        group, middle = self.groups[name], Qt.AlignmentFlag.AlignCenter
        painter.setPen(QColor(colours.TEXT))
        painter.drawText(NAME, middle, name)
        painter.setPen(QColor(colours.TEXT_SECONDARY))
        painter.drawText(STATE, middle, f"{group.state} •" if group.changed else group.state)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Changes the group under the mouse."""
        name = self.name_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and name:
            self._change(name)

    def event(self, event: QEvent) -> bool:
        """Its own keys come before those of the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (event.key() in ON_KEYS or event.key() in WAYS)
            and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from group to group, Space and Enter change it."""
        way = WAYS.get(event.key())
        if way is not None:
            self.at = GROUPS[(GROUPS.index(self.at) + way) % len(GROUPS)]
            self._point()
        elif event.key() in ON_KEYS and not event.isAutoRepeat():
            self._change(self.at)
            self._point()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """One of the groups is pointed at."""
        super().focusInEvent(event)
        self._describe()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """None is."""
        super().focusOutEvent(event)
        self.update()

    def _change(self, name: str) -> None:
        self.at = name
        if self.groups[name].able:
            self.clicked.emit(name)

    def _point(self) -> None:
        """Tells of the group that the keys have come to."""
        self._describe()
        self.update()
        for name, path in self.pieces():
            if name == self.at:
                place = path.boundingRect().bottomRight().toPoint()
                QToolTip.showText(self.mapToGlobal(place), plain_tip(self.tip(name)), self)

    def _describe(self) -> None:
        self.setAccessibleDescription(self.tip(self.at))


def _dot_place(name: str, box: QRectF) -> QPointF:
    """Beside a piece, where nothing else is."""
    if name == "body":
        return QPointF(box.center().x() - 12, box.top() + 7)
    if name == "jaw":
        return QPointF(box.right() + 5, box.bottom() - 2)
    if name == "eyes":
        return QPointF(box.right() + 5, box.top() - 2)
    return QPointF(box.center().x(), box.bottom() + 5)

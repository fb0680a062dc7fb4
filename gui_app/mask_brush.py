"""The brush in the 3D view: the left button paints, the right one turns the camera, the wheel is as ever."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip

from gui_app.mask_painting import MaskPainting
from gui_app.mask_tool import MaskTool, opposite
from gui_app.right_turns import LEFT, NO_BUTTON, PRESSES
from gui_app.viewport import Viewport

# Logical pixels between two dabs of a stroke, and dabs at most for one move of the mouse.
SPACING, MOST_DABS = 7.0, 8
# Each notch of the wheel makes the brush larger or smaller by this factor.
NOTCH = 1.15


class MaskBrush(MaskTool):
    """Paints along the surface under the mouse."""

    def __init__(self, painting: MaskPainting, viewport: Viewport, action: QAction) -> None:
        super().__init__(painting, viewport, action)
        self._last: QPointF | None = None
        self.watch()

    @property
    def in_hand(self) -> bool:
        """The brush is."""
        return self._painting.brush_on

    def take(self, on: bool) -> None:
        """Takes the brush, or puts it away."""
        self._painting.set_brush(on)

    def lay_down(self) -> None:
        """A stroke goes on no more."""
        self._last = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes what belongs to the brush, and leaves the rest to the view."""
        if not self.in_hand:
            return False
        if event.type() == QEvent.Type.Leave:
            self._painting.point_at(None)
        elif isinstance(event, QWheelEvent) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._painting.set_radius(self._painting.radius_mm * NOTCH ** (event.angleDelta().y() / 120))
            self._point(event.position(), event)
            return True
        elif isinstance(event, QMouseEvent):
            return self._on_mouse(event)
        return False

    def _on_mouse(self, event: QMouseEvent) -> bool:
        kind, at = event.type(), event.position()
        pressed = kind in PRESSES
        if self._turns.takes(event):
            self._painting.point_at(None)
            return True
        if pressed and event.button() == LEFT:
            QToolTip.hideText()
            if self._painting.begin_stroke():
                self._last = at
                self._paint([at], event)
            return True
        if kind == QEvent.Type.MouseMove and event.buttons() & LEFT:
            if self._last is not None:
                self._paint(between(self._last, at), event)
                self._last = at
            return True
        if kind == QEvent.Type.MouseMove and event.buttons() == NO_BUTTON:
            self._lift()
            self._point(at, event)
            return True
        if kind == QEvent.Type.MouseButtonRelease and event.button() == LEFT:
            self._lift()
            return True
        return False

    def _lift(self) -> None:
        if self._last is not None:
            self._last = None
            self._painting.end_stroke()

    def _paint(self, places: list[QPointF], event: QMouseEvent) -> None:
        found = [vertex for at in places if (vertex := self._vertex(at)) is not None]
        if found:
            self._painting.dab(found, opposite(event))
        self._painting.point_at(found[-1] if found else None, opposite(event))

    def _point(self, at: QPointF, event: QMouseEvent | QWheelEvent) -> None:
        self._painting.point_at(self._vertex(at), opposite(event))

    def _vertex(self, at: QPointF) -> int | None:
        found = self._viewport.vertex_at(round(at.x()), round(at.y()))
        return found[1] if found is not None and found[0] == "fit" else None


def between(start: QPointF, end: QPointF) -> list[QPointF]:
    """Places on the way to ``end``, which is the last of them, near enough for a stroke without gaps."""
    way = end - start
    count = min(max(math.ceil(math.hypot(way.x(), way.y()) / SPACING), 1), MOST_DABS)
    return [start + way * (step / count) for step in range(1, count + 1)]

"""The brush in the 3D view, and what it shares with the lasso: the left button works, the right one turns
the camera."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Slot
from PySide6.QtGui import QAction, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip

from gui_app.mask.painting import MaskPainting
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import NO_PANEL, allow

# While a tool has the left button of the mouse, the right one turns the camera.

NO_BUTTON = Qt.MouseButton.NoButton
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class RightTurns:
    """Hands the right button on to the camera as the left one, which turns it without a tool."""

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._turning = False

    def stop(self) -> None:
        """The tool is laid down."""
        self._turning = False

    def takes(self, event: QMouseEvent) -> bool:
        """Turns the camera with what is meant for it; False where it is not."""
        if event.button() != RIGHT and not (self._turning and event.buttons() & RIGHT):
            return False
        pressed = event.type() in PRESSES
        if pressed:
            self._turning = True
        held = LEFT if event.button() == RIGHT else NO_BUTTON
        buttons = event.buttons() & ~RIGHT
        if event.buttons() & RIGHT:
            buttons |= LEFT
        kind = QEvent.Type.MouseButtonPress if pressed else event.type()
        self._viewport.plotter.event(
            QMouseEvent(kind, event.position(), event.globalPosition(), held, buttons, event.modifiers())
        )
        if event.type() == QEvent.Type.MouseButtonRelease:
            self._turning = False
        self._viewport.repaint_skin()
        return True


# What brush and lasso share: an action, the cursor, and the right button that turns the camera.


class MaskTool(QObject):
    """Stands before everything else that watches the mouse over the view, while the tool is in the hand."""

    def __init__(self, painting: MaskPainting, viewport: Viewport, action: QAction) -> None:
        super().__init__(viewport)
        self._painting, self._viewport, self._action = painting, viewport, action
        self._turns = RightTurns(viewport)

    def watch(self) -> None:
        """From now on; called when the tool is made."""
        self._action.toggled.connect(self._on_action)
        self._painting.settings_changed.connect(self._on_settings)
        # The filter that was installed last is asked first.
        self._viewport.plotter.installEventFilter(self)
        self._on_settings()

    @property
    def in_hand(self) -> bool:
        """The left button belongs to this tool."""
        raise NotImplementedError

    def take(self, on: bool) -> None:
        """Takes the tool, or puts it away."""
        raise NotImplementedError

    def lay_down(self) -> None:
        """What was begun is not ended."""
        raise NotImplementedError

    @Slot(bool)
    def _on_action(self, on: bool) -> None:
        self.take(on)
        self._on_settings()

    @Slot()
    def _on_settings(self) -> None:
        painting = self._painting
        allow(self._action, painting.blocked if painting.active else NO_PANEL)
        self._action.setChecked(self.in_hand)
        if not self.in_hand:
            self.lay_down()
            self._turns.stop()
        plotter = self._viewport.plotter
        tool = painting.brush_on or painting.lasso_on
        shape = Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor
        if plotter.cursor().shape() != shape:
            plotter.setCursor(shape)


def opposite(event: QMouseEvent | QWheelEvent) -> bool:
    """With Shift a tool puts back instead of taking out, and the other way round."""
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)


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

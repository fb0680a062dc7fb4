"""While a tool has the left button of the mouse, the right one turns the camera."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent

from gui_app.viewport import Viewport

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

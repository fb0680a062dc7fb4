"""What brush and lasso share: an action, the cursor, and the right button that turns the camera."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QMouseEvent, QWheelEvent

from gui_app.mask_painting import MaskPainting
from gui_app.right_turns import RightTurns
from gui_app.viewport import Viewport


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
        self._action.setEnabled(painting.active and not painting.blocked)
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

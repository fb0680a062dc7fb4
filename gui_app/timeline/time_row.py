"""Rows above and below the curves: over the same frames, with the same cursor, and the mouse does on them
what it does on the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.style import colours

if TYPE_CHECKING:
    from gui_app.timeline.curves import Curves

LOW = 2
"""Pixels above the lower edge of the curves, where none of their lines is taken hold of."""
REACH = 6
MOUSE = {
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
}


class TimeRow(QWidget):
    """What it does not keep for itself with `keeps_press` is done to the curves, at the same frame."""

    def __init__(
        self, document: Document, playback: Playback, curves: Curves, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._playback, self._curves = document, playback, curves
        self._frame = 0
        self._kept = False
        self.setMouseTracking(True)
        curves.scale_changed.connect(self.update)
        playback.frame_changed.connect(self._on_frame)

    def keeps_press(self, x: float) -> bool:
        """Whether something of its own lies at pixel ``x``, and was gone to."""
        return False

    def draw_cursor(self, painter: QPainter, top: float, bottom: float) -> None:
        """The line of the frame on show, which goes through all rows."""
        scale = self._curves.time_scale()
        x = float(scale.x_of(self._playback.frame))
        if self._document.opened is not None and scale.left <= x <= scale.right + 1:
            painter.setPen(QPen(QColor(colours.ACCENT), 1))
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    @Slot(int)
    def _on_frame(self, frame: int) -> None:
        scale = self._curves.time_scale()
        for place in (self._frame, frame):
            self.update(QRect(int(scale.x_of(place)) - REACH, 0, 2 * REACH + 1, self.height()))
        self._frame = frame

    def event(self, event: QEvent) -> bool:
        """Hands the mouse on to the curves."""
        if isinstance(event, QMouseEvent) and event.type() in MOUSE:
            left = event.button() == event.button().LeftButton
            if event.type() == QEvent.Type.MouseButtonPress:
                self._kept = left and self.keeps_press(event.position().x())
            if not self._kept:
                self._hand_on(event)
            if event.type() == QEvent.Type.MouseButtonRelease:
                self._kept = False
        elif isinstance(event, QWheelEvent):
            self._hand_on(event)
            return True
        return super().event(event)

    def _hand_on(self, event: QMouseEvent | QWheelEvent) -> None:
        there = self._curves.viewport()
        box = self._curves.getPlotItem().vb.sceneBoundingRect()
        x = there.mapFromGlobal(event.globalPosition()).x()
        place = QPointF(x, box.bottom() - LOW)
        same = there.mapToGlobal(place)
        if isinstance(event, QWheelEvent):
            handed: QEvent = QWheelEvent(
                place, same, event.pixelDelta(), event.angleDelta(), event.buttons(), event.modifiers(),
                event.phase(), event.inverted(),
            )  # fmt: skip
        elif event.type() == QEvent.Type.MouseMove and not event.buttons():
            return
        else:
            handed = QMouseEvent(
                event.type(), place, same, event.button(), event.buttons(), event.modifiers()
            )
        QApplication.sendEvent(there, handed)

"""Which frames were edited by hand: small pencils above the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from gui_app import colours
from gui_app.state import AppState
from gui_app.theme import icon
from gui_app.words import span_words

if TYPE_CHECKING:
    from gui_app.curves import Curves

HEIGHT = 13
PENCIL = 12
REACH = 6
# Pencils that would lie on each other are left out.
APART = 9


class EditMarks(QWidget):
    """A pencil at each stretch of edited frames; not there while no frame is edited."""

    def __init__(self, state: AppState, curves: Curves, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._curves = curves
        self._pencil = icon("pencil-simple", "EDITED")
        self.spans = np.empty((0, 2), dtype=int)
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.hide()
        curves.scale_changed.connect(self.update)
        state.result_changed.connect(self._on_result)
        state.motion_changed.connect(self._on_result)

    @Slot()
    def _on_result(self, *_: object) -> None:
        result = self._state.result
        self.spans = stretches_of(result.edited if result is not None else np.zeros(0, dtype=bool))
        self.setVisible(len(self.spans) > 0)
        self.update()

    def stretch_under(self, x: float) -> tuple[int, int] | None:
        """First and last frame of the stretch at pixel ``x``."""
        if not len(self.spans):
            return None
        scale = self._curves.time_scale()
        left, right = (np.asarray(scale.x_of(self.spans[:, end])) for end in (0, 1))
        away = np.maximum(np.maximum(left - x, x - right), 0)
        nearest = int(away.argmin())
        first, last = self.spans[nearest]
        return (int(first), int(last)) if away[nearest] <= REACH else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a line over each stretch, and a pencil where it begins."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.PANEL))
        scale = self._curves.time_scale()
        painter.setClipRect(QRectF(scale.left - PENCIL, 0, scale.right - scale.left + 2 * PENCIL, HEIGHT))
        left, right = (np.asarray(scale.x_of(self.spans[:, end])) for end in (0, 1))
        seen = np.flatnonzero((right >= scale.left) & (left <= scale.right))
        after = -np.inf
        for index in seen:
            start, end = max(float(left[index]), scale.left), float(right[index])
            if end - start > PENCIL:
                painter.fillRect(
                    QRectF(QPointF(start, HEIGHT - 2), QPointF(end, HEIGHT - 1)), QColor(colours.EDITED)
                )
            if start - after >= APART:
                place = QRectF(start - PENCIL / 2, 0, PENCIL, PENCIL)
                self._pencil.paint(painter, place.toRect())
                after = start

    def event(self, event: QEvent) -> bool:
        """Which frames, as a tooltip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.stretch_under(event.pos().x())
            if found is None:
                QToolTip.hideText()
            else:
                first, last = found
                frames = f"{'frame' if first == last else 'frames'} {span_words(first, last)}"
                QToolTip.showText(event.globalPos(), f"Edited by hand: {frames}", self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over a mark."""
        if self.stretch_under(event.position().x()) is None:
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes to the edited frame under the pointer."""
        found = self.stretch_under(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            frame = round(self._curves.time_scale().frame_at(event.position().x()))
            self._state.set_playing(False)
            self._state.set_frame(min(max(frame, found[0]), found[1]))


def stretches_of(marked: np.ndarray) -> np.ndarray:
    """(n, 2) first and last frame of each stretch of (T,) marked ones."""
    edges = np.diff(np.concatenate(([False], marked, [False])).astype(np.int8))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1], axis=1)

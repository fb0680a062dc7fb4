"""The range that plays, is fitted as the selection and is exported: handles at its in and out point, and the
actions that put them at the frame on show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from gui_app.document.actions import Actions
from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.timeline.time_row import TimeRow
from gui_app.widgets.buttons import NO_MOTION, allow
from gui_app.widgets.text import which_frames

if TYPE_CHECKING:
    from gui_app.timeline.curves import Curves

End = Literal["in", "out"]
ONE_FRAME = "There is one frame alone"
NO_IN, NO_OUT = "The range begins with the motion", "The range ends with the motion"
HEIGHT = 10
TRACK_TOP, TRACK = 4, 3
ARM = 5
"""Pixels that the arms of a handle reach into the range."""
REACH = 7
FILL_ALPHA = 110


class RangeRow(TimeRow):
    """A track with a bracket at each end of the range; without one they wait at both ends of the motion."""

    def __init__(
        self, document: Document, playback: Playback, curves: Curves, parent: QWidget | None = None
    ) -> None:
        super().__init__(document, playback, curves, parent)
        self._held: End | None = None
        self.setFixedHeight(HEIGHT)
        playback.selection_changed.connect(self.update)
        document.motion_changed.connect(self.update)
        on_theme_change(self.update)

    @property
    def span(self) -> tuple[int, int]:
        """First and last frame of the range, all of the motion where none is set."""
        return self._playback.selection or (0, max(self._document.frames - 1, 0))

    def places(self) -> dict[End, float]:
        """The pixel of each handle."""
        scale, (first, last) = self._curves.time_scale(), self.span
        left, right = float(scale.x_of(first - 0.5)), float(scale.x_of(last + 0.5))
        if self._playback.selection is None:
            left, right = max(left, scale.left), min(right, scale.right)
        return {"in": left, "out": right}

    def handle_at(self, x: float) -> End | None:
        """The handle at pixel ``x``."""
        if self._document.frames < 2:
            return None
        places = self.places()
        # Of two on one frame that one whose side the pointer is on.
        away = {end: abs(x - place) for end, place in places.items()}
        nearest: End = "in" if (away["in"], x) < (away["out"], places["in"]) else "out"
        return nearest if away[nearest] <= REACH else None

    def keeps_press(self, x: float) -> bool:
        """Takes hold of the handle there."""
        self._held = self.handle_at(x)
        return self._held is not None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The handle that is held goes along."""
        x = event.position().x()
        if self._held is None:
            over = self.handle_at(x) is not None and not event.buttons()
            self.setCursor(Qt.CursorShape.SizeHorCursor) if over else self.unsetCursor()
            return
        at, (first, last) = self._curves.time_scale().frame_at(x), self.span
        if self._held == "in":
            self._playback.set_in(min(round(at + 0.5), last))
        else:
            self._playback.set_out(max(round(at - 0.5), first))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go."""
        self._held = None
        super().mouseReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        """What the handles say, as a tooltip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            end = self.handle_at(event.pos().x())
            if end is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.tip_of(end), self)
            return True
        return super().event(event)

    def tip_of(self, end: End) -> str:
        """``In: frames 40–120 play, …``."""
        first, last = self.span
        key = {"in": "Shift+I", "out": "Shift+O"}[end]
        which = which_frames(first, last) if self._playback.selection is not None else "all frames"
        return (
            f"{end.capitalize()} point: {which} play, and can be fitted and exported by themselves. "
            f"Drag it, or {key} at the frame shown"
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the track, the range in it and both handles."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.PANEL))
        if self._document.opened is None:
            return
        scale, places, chosen = self._curves.time_scale(), self.places(), self._playback.selection is not None
        painter.fillRect(
            QRectF(scale.left, TRACK_TOP, scale.right - scale.left, TRACK), QColor(colours.RAISED)
        )
        painter.setClipRect(QRectF(scale.left - 1, 0, scale.right - scale.left + 3, HEIGHT))
        fill = QColor(colours.ACCENT if chosen else colours.LINE)
        if chosen:
            fill.setAlpha(FILL_ALPHA)
        painter.fillRect(QRectF(places["in"], TRACK_TOP, places["out"] - places["in"], TRACK), fill)
        if self._document.frames > 1:
            painter.setPen(QPen(QColor(colours.ACCENT if chosen else colours.TEXT_DISABLED), 2))
            for end, inwards in (("in", ARM), ("out", -ARM)):
                x = places[end] + (1 if inwards > 0 else -1)  # type: ignore[index]
                corners = [(x + inwards, 1), (x, 1), (x, HEIGHT - 1), (x + inwards, HEIGHT - 1)]
                painter.drawPolyline([QPointF(*corner) for corner in corners])
        painter.setClipping(False)
        self.draw_cursor(painter, 0, HEIGHT)


class RangeActions(QObject):
    """Sets and clears the in and the out point, and shows what lies between them alone."""

    def __init__(
        self, document: Document, playback: Playback, curves: Curves, actions: Actions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._curves = curves
        self._document, self._playback, self._actions = document, playback, actions
        actions.range_in.triggered.connect(self._set_in)
        actions.range_out.triggered.connect(self._set_out)
        actions.zoom_range.triggered.connect(self._zoom)
        actions.clear_in.triggered.connect(playback.clear_in)
        actions.clear_out.triggered.connect(playback.clear_out)
        document.motion_changed.connect(self._on_change)
        playback.selection_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def _set_in(self) -> None:
        self._playback.set_in(self._playback.frame)

    @Slot()
    def _set_out(self) -> None:
        self._playback.set_out(self._playback.frame)

    @Slot()
    def _zoom(self) -> None:
        self._curves.zoom_to(*(self._playback.selection or (0, self._document.frames - 1)))

    @Slot()
    def _on_change(self) -> None:
        actions, selection, last = self._actions, self._playback.selection, self._document.frames - 1
        for action in (actions.range_in, actions.range_out, actions.zoom_range):
            allow(action, "" if last > 0 else ONE_FRAME if last == 0 else NO_MOTION)
        allow(actions.clear_in, "" if selection is not None and selection[0] > 0 else NO_IN)
        allow(actions.clear_out, "" if selection is not None and selection[1] < last else NO_OUT)

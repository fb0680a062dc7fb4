"""The row of markers over the curves: a flag and a name each, to be clicked, dragged and renamed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from core.session.marker import Marker, marker_at
from core.shown_text import shown
from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.timeline.markers import Markers
from gui_app.timeline.time_row import TimeRow
from gui_app.widgets.name_field import HEIGHT as FIELD_HEIGHT
from gui_app.widgets.name_field import WIDTH as FIELD_WIDTH
from gui_app.widgets.name_field import NameField
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from gui_app.timeline.curves import Curves

HEIGHT = 16
POLE, FLAG_WIDTH, FLAG_HEIGHT = 1.0, 8.0, 7.0
WORDS_AT, LEAST_WORDS, GAP = 11.0, 14.0, 6.0
"""Pixels: where the name begins beside its pole, below which it is left out, and before the next pole."""
FONT_PIXELS = 11
REACH = 4
START_PIXELS = 3


class MarkerRow(TimeRow):
    """Not there while nothing is marked."""

    def __init__(
        self,
        document: Document,
        playback: Playback,
        curves: Curves,
        markers: Markers,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(document, playback, curves, parent)
        self._markers = markers
        self._held: Marker | None = None
        self._pressed_at, self._dragged_to = 0.0, None  # type: tuple[float, int | None]
        self._named = 0
        self._font = QFont(self.font())
        self._font.setPixelSize(FONT_PIXELS)
        # Beside the row, which is lower than a field.
        self.field = NameField("Name of the marker", parent or self)
        self.field.typed.connect(self._on_typed)
        self.setFixedHeight(HEIGHT)
        self.hide()
        markers.named.connect(self.edit)
        document.markers_changed.connect(self._on_markers)
        document.motion_changed.connect(self._on_markers)
        on_theme_change(self.update)

    @Slot()
    def _on_markers(self) -> None:
        self._held = self._dragged_to = None
        self.setVisible(bool(self._document.markers))
        self.update()

    @Slot(int)
    def edit(self, frame: int) -> None:
        """The name of the marker at a frame is typed where it stands."""
        marker = marker_at(self._document.markers, frame)
        home = self.field.parentWidget()
        if marker is None or home is None or not self._markers.can_change:
            return
        scale = self._curves.time_scale()
        x = min(max(float(scale.x_of(frame)), scale.left), scale.right + 1 - FIELD_WIDTH)
        at = self.mapTo(home, QPointF(x, (HEIGHT - FIELD_HEIGHT) / 2)) if home is not self else QPointF(x, 0)
        self._named = frame
        self.field.ask(marker.name, round(at.x()), max(round(at.y()), 0))

    @Slot(str)
    def _on_typed(self, name: str) -> None:
        self._markers.rename(self._named, name)

    def places(self) -> list[tuple[Marker, QRectF]]:
        """Those on the screen, with what is theirs of the row: up to the next one."""
        markers, scale = self._document.markers, self._curves.time_scale()
        frames = np.array([marker.frame for marker in markers], dtype=float)
        poles = np.asarray(scale.x_of(frames)) if len(frames) else frames
        ends = np.append(poles[1:] - GAP, np.inf)
        metrics = QFontMetricsF(self._font)
        found = []
        for marker, pole, end in zip(markers, poles, ends, strict=True):
            if scale.left - 1 <= pole <= scale.right + 1:
                wide = WORDS_AT + metrics.horizontalAdvance(shown(marker.name)) + 2
                right = min(float(pole) + wide, max(float(end), float(pole) + FLAG_WIDTH), scale.right + 1)
                found.append((marker, QRectF(float(pole), 0, right - float(pole), HEIGHT)))
        return found

    def marker_under(self, x: float) -> Marker | None:
        """The marker whose flag or name is at pixel ``x``."""
        under = [(marker, area) for marker, area in self.places() if area.left() - REACH <= x <= area.right()]
        # The one that begins last lies over the others.
        return under[-1][0] if under else None

    def keeps_press(self, x: float) -> bool:
        """Goes to the marker, and takes hold of it."""
        self._held = self.marker_under(x)
        self._pressed_at, self._dragged_to = x, None
        if self._held is not None:
            self._playback.go_to(self._held.frame)
        return self._held is not None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A marker that is held goes along; a hand over one that is not."""
        x = event.position().x()
        if self._held is None or not event.buttons():
            over = self.marker_under(x) is not None
            self.setCursor(Qt.CursorShape.PointingHandCursor) if over else self.unsetCursor()
        elif self._markers.can_change and (
            self._dragged_to is not None or abs(x - self._pressed_at) >= START_PIXELS
        ):
            frame = round(self._curves.time_scale().frame_at(x))
            self._dragged_to = min(max(frame, 0), self._document.frames - 1)
            self._playback.set_frame(self._dragged_to)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """It stays where it was let go."""
        held, to = self._held, self._dragged_to
        self._held = self._dragged_to = None
        if held is not None and to is not None:
            self._markers.move(held.frame, to)
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the marker under the pointer."""
        marker = self.marker_under(event.pos().x())
        if marker is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, do in (("Rename…", self.edit), ("Remove", self._markers.remove)):
            action = menu.addAction(words)
            action.setEnabled(self._markers.can_change)
            action.setData((do, marker.frame))
        menu.triggered.connect(self._on_menu)
        menu.popup(event.globalPos())

    def _on_menu(self, action: object) -> None:
        do, frame = action.data()  # type: ignore[attr-defined]
        do(frame)

    def event(self, event: QEvent) -> bool:
        """A double click renames; the whole name is a tooltip."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonDblClick:
            marker = self.marker_under(event.position().x())
            if marker is not None and event.button() == Qt.MouseButton.LeftButton:
                self.edit(marker.frame)
                return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            marker = self.marker_under(event.pos().x())
            if marker is None:
                QToolTip.hideText()
            else:
                words = f"{shown(marker.name)} · frame {marker.frame}\nDouble click to rename, drag to move"
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a flag and, as far as there is room, the name of each."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.PANEL))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        for marker, area in self.places():
            moved = marker is self._held and self._dragged_to is not None
            self._paint_flag(painter, area.left(), QColor(colours.TEXT_DISABLED if moved else colours.GOOD))
            room = area.width() - WORDS_AT
            whole = metrics.horizontalAdvance(shown(marker.name))
            if room >= min(whole, LEAST_WORDS) and not moved:
                words = metrics.elidedText(shown(marker.name), Qt.TextElideMode.ElideRight, room)
                painter.setPen(QColor(colours.TEXT))
                painter.drawText(
                    QRectF(area.left() + WORDS_AT, 0, room, HEIGHT), Qt.AlignmentFlag.AlignVCenter, words
                )
        if self._dragged_to is not None:
            x = float(self._curves.time_scale().x_of(self._dragged_to))
            self._paint_flag(painter, x, QColor(colours.GOOD))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.draw_cursor(painter, 0, HEIGHT)

    def _paint_flag(self, painter: QPainter, x: float, colour: QColor) -> None:
        painter.fillRect(QRectF(x, 1, POLE, HEIGHT - 1), colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        corners = [(0.0, 1.0), (FLAG_WIDTH, 1 + FLAG_HEIGHT / 2), (0.0, 1 + FLAG_HEIGHT)]
        painter.drawPolygon(QPolygonF([QPointF(x + across, down) for across, down in corners]))

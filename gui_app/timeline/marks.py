"""Marks along the top edge of the curves: where the problem frames are, and which frames were edited by
hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.document.problem_text import kind_colour, stretch_span, stretch_tip
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.style.theme import icon
from gui_app.timeline.time_row import TimeRow
from gui_app.widgets.text import span_words

if TYPE_CHECKING:
    from gui_app.document.analysis import Analysis
    from gui_app.timeline.curves import Curves

HEIGHT = 12
BAND = 4
QUIET, QUIET_WIDTH = 2, 5.0
ARROW = 5
REACH = 5
HANDLE = ((-4.5, 0), (4.5, 0), (4.5, 6), (0, 11), (-4.5, 6))
# Beyond so many on the screen they run into each other, and arrows would hide the bands.
MOST_ARROWS = 150


class ProblemMarks(TimeRow):
    """A band over each problem stretch and an arrow at its worst frame, to which a click goes; over them the
    handle of the frame on show."""

    def __init__(
        self, document: Document, playback: Playback, curves: Curves, parent: QWidget | None = None
    ) -> None:
        super().__init__(document, playback, curves, parent)
        self._kinds: list[QColor] = []
        self.setFixedHeight(HEIGHT)
        document.analysis_changed.connect(self._on_analysis)
        on_theme_change(self._on_analysis)

    @Slot()
    def _on_analysis(self) -> None:
        analysis = self._document.analysis
        places = analysis.places if analysis is not None else ()
        self._kinds = [QColor(kind_colour(stretch[0].kind)) for stretch in places]
        self.update()

    def place_under(self, x: float) -> int | None:
        """Index in ``Analysis.places`` of the mark at pixel ``x``."""
        analysis = self._document.analysis
        if analysis is None or not len(analysis.spans):
            return None
        scale = self._curves.time_scale()
        left, right = scale.x_of(analysis.spans[:, 0] - 0.5), scale.x_of(analysis.spans[:, 1] + 0.5)
        away = np.maximum(np.maximum(np.asarray(left) - x, x - np.asarray(right)), 0)
        # Of several under the pointer the one whose worst frame is nearest.
        away = away + 1e-3 * np.abs(np.asarray(scale.x_of(analysis.worst)) - x)
        index = int(away.argmin())
        return index if away[index] <= REACH + 1 else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the marks, and the handle of the cursor over them."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.PANEL))
        analysis = self._document.analysis
        if analysis is not None:
            self._paint_quiet(painter, analysis)
            if len(analysis.spans):
                self._paint_spans(painter, analysis)
        self._paint_handle(painter)

    def _paint_handle(self, painter: QPainter) -> None:
        scale = self._curves.time_scale()
        x = float(scale.x_of(self._playback.frame))
        painter.setClipping(False)
        self.draw_cursor(painter, 0, HEIGHT)
        if self._document.opened is not None and scale.left - 1 <= x <= scale.right + 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.ACCENT))
            painter.drawPolygon(QPolygonF([QPointF(x + across, down) for across, down in HANDLE]))

    def _paint_spans(self, painter: QPainter, analysis: Analysis) -> None:
        scale = self._curves.time_scale()
        painter.setClipRect(QRectF(scale.left - ARROW, 0, scale.right - scale.left + 2 * ARROW, HEIGHT))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        left = np.asarray(scale.x_of(analysis.spans[:, 0] - 0.5))
        right = np.asarray(scale.x_of(analysis.spans[:, 1] + 0.5))
        middle = np.asarray(scale.x_of(analysis.worst))
        seen = np.flatnonzero((right >= scale.left) & (left <= scale.right))
        for index in self._apart(seen, left):
            painter.setBrush(self._kinds[index])
            start, width = float(left[index]), max(float(right[index] - left[index]), 3.0)
            painter.drawRect(QRectF(min(start, float(middle[index]) - 1.5), 1, width, BAND))
            if len(seen) <= MOST_ARROWS:
                x = float(middle[index])
                tip = [QPointF(x - ARROW, BAND), QPointF(x + ARROW, BAND), QPointF(x, HEIGHT - 1)]
                painter.drawPolygon(QPolygonF(tip))

    def _paint_quiet(self, painter: QPainter, analysis: Analysis) -> None:
        """A thin grey line over what is accepted."""
        scale = self._curves.time_scale()
        painter.setClipRect(QRectF(scale.left - ARROW, 0, scale.right - scale.left + 2 * ARROW, HEIGHT))
        for stretch in analysis.quiet:
            first, last = stretch_span(stretch)
            ends = np.asarray(scale.x_of(np.array([first - 0.5, last + 0.5])))
            width = max(float(ends[1] - ends[0]), QUIET_WIDTH)
            painter.fillRect(QRectF(float(ends[0]), 1, width, QUIET), QColor(colours.TEXT_DISABLED))

    def _apart(self, seen: np.ndarray, left: np.ndarray) -> list[int]:
        """One of those that begin at the same pixel, so that thousands paint as quickly as a few."""
        _, first = np.unique(left[seen].astype(int), return_index=True)
        return [int(index) for index in seen[first]] if len(seen) > MOST_ARROWS else seen.tolist()

    def event(self, event: QEvent) -> bool:
        """The reason as a tooltip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.place_under(event.pos().x())
            analysis = self._document.analysis
            if index is None or analysis is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), stretch_tip(analysis.places[index]), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over a mark."""
        if self.place_under(event.position().x()) is None:
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def keeps_press(self, x: float) -> bool:
        """Goes to the worst frame of the mark."""
        index = self.place_under(x)
        if index is None or self._document.analysis is None:
            return False
        self._playback.go_to(int(self._document.analysis.worst[index]))
        return True


# Which frames were edited by hand: small pencils above the curves.

EDIT_HEIGHT = 13
PENCIL = 12
EDIT_REACH = 6
# Pencils that would lie on each other are left out.
APART = 9


class EditMarks(TimeRow):
    """A pencil at each stretch of edited frames; not there while no frame is edited."""

    def __init__(
        self, document: Document, playback: Playback, curves: Curves, parent: QWidget | None = None
    ) -> None:
        super().__init__(document, playback, curves, parent)
        self._pencil = icon("pencil-simple", "EDITED")
        self.spans = np.empty((0, 2), dtype=int)
        self.setFixedHeight(EDIT_HEIGHT)
        self.hide()
        document.result_changed.connect(self._on_result)
        document.motion_changed.connect(self._on_result)

    @Slot()
    def _on_result(self, *_: object) -> None:
        result = self._document.result
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
        return (int(first), int(last)) if away[nearest] <= EDIT_REACH else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a line over each stretch, and a pencil where it begins."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.PANEL))
        scale = self._curves.time_scale()
        painter.setClipRect(
            QRectF(scale.left - PENCIL, 0, scale.right - scale.left + 2 * PENCIL, EDIT_HEIGHT)
        )
        left, right = (np.asarray(scale.x_of(self.spans[:, end])) for end in (0, 1))
        seen = np.flatnonzero((right >= scale.left) & (left <= scale.right))
        after = -np.inf
        for index in seen:
            start, end = max(float(left[index]), scale.left), float(right[index])
            if end - start > PENCIL:
                painter.fillRect(
                    QRectF(QPointF(start, EDIT_HEIGHT - 2), QPointF(end, EDIT_HEIGHT - 1)),
                    QColor(colours.EDITED),
                )
            if start - after >= APART:
                place = QRectF(start - PENCIL / 2, 0, PENCIL, PENCIL)
                self._pencil.paint(painter, place.toRect())
                after = start
        self.draw_cursor(painter, 0, EDIT_HEIGHT)

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

    def keeps_press(self, x: float) -> bool:
        """Goes to the edited frame under the pointer."""
        found = self.stretch_under(x)
        if found is None:
            return False
        frame = round(self._curves.time_scale().frame_at(x))
        self._playback.set_playing(False)
        self._playback.set_frame(min(max(frame, found[0]), found[1]))
        return True


def stretches_of(marked: np.ndarray) -> np.ndarray:
    """(n, 2) first and last frame of each stretch of (T,) marked ones."""
    edges = np.diff(np.concatenate(([False], marked, [False])).astype(np.int8))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1], axis=1)

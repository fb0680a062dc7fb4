"""The lower part of the window: what is wrong and why, transport row, error curves and heat strip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget

from gui_app.document.state import AppState
from gui_app.history.distances import Distances
from gui_app.problems.frame_summary import WhyBar
from gui_app.timeline.curves import Curves
from gui_app.timeline.earlier_curves import EarlierFigures
from gui_app.timeline.followed_curves import ApartCurves, RulerCurves
from gui_app.timeline.heat_strip import HeatStrip
from gui_app.timeline.marker_row import MarkerRow
from gui_app.timeline.markers import Markers
from gui_app.timeline.marks import EditMarks, ProblemMarks
from gui_app.timeline.range_row import RangeActions, RangeRow
from gui_app.timeline.transport import Transport
from gui_app.viewport.pins import Pins
from gui_app.viewport.ruler_series import RulerSeries

if TYPE_CHECKING:
    from gui_app.document.actions import Actions
    from gui_app.document.history import History

USUAL_HEIGHT, BELOW = 300, 4
LEAST_WIDTH = 180
QWIDGETSIZE_MAX = 16_777_215


class _Rows(QWidget):
    """Rows over the same frames, of which the last is there only where it has room for all of itself.

    Args:
        rows: from above; ``stretched`` of them is as high as the others leave it.
        parent: the timeline.
    """

    def __init__(self, rows: Sequence[QWidget], stretched: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in rows:
            column.addWidget(row, int(row is stretched))
        self._column, self._last = column, rows[-1]

    def _height_without(self) -> int:
        least = self._column.totalMinimumSize().height()
        return least if self._last.isHidden() else least - self._last.minimumHeight()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Half of the last row would say less than none of it."""
        super().resizeEvent(event)
        self._look_again()

    def event(self, event: QEvent) -> bool:
        """Other rows come and go."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._look_again()
        return done

    def _look_again(self) -> None:
        self._last.setVisible(self.height() - self._height_without() >= self._last.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        """The last row does not count."""
        return QSize(LEAST_WIDTH, self._height_without())


class Timeline(QDockWidget):
    """Stays at the bottom; folded to its transport row, or hidden, on demand."""

    def __init__(
        self,
        state: AppState,
        history: History,
        actions: Actions,
        pins: Pins,
        earlier: EarlierFigures,
        distances: Distances,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Timeline", parent)
        self.setObjectName("timeline")
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.setTitleBarWidget(QWidget(self))
        self.is_low, self._height = False, USUAL_HEIGHT
        body = QWidget(self)
        body.setObjectName("timelineBody")
        body.setStyleSheet("#timelineBody { background: palette(window); }")
        self.why = WhyBar(state, actions, body)
        rulers = RulerSeries(state, self)
        self.curves = Curves(
            state.document, state.playback, state.activity, pins, earlier, distances, rulers, body
        )
        ApartCurves(state.view, self.curves, self)
        RulerCurves(state.view, self.curves, rulers, self)
        self.curves.menu.extra = (actions.before_fit,)
        self.transport = Transport(
            state.document, state.view, state.playback, actions, self.curves.menu, distances, body
        )
        self.marks = ProblemMarks(state.document, state.playback, self.curves, body)
        self.edits = EditMarks(state.document, state.playback, self.curves, body)
        self.range = RangeRow(state.document, state.playback, self.curves, body)
        RangeActions(state.document, state.playback, self.curves, actions, self)
        self.markers = Markers(state, history, actions, self)
        self.flags = MarkerRow(state.document, state.playback, self.curves, self.markers, body)
        self.strip = HeatStrip(state.document, state.view, state.playback, distances, self.curves, body)
        self._frames = _Rows(
            (self.flags, self.range, self.edits, self.marks, self.curves, self.strip), self.curves, body
        )
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.why)
        layout.addWidget(self.transport)
        layout.addWidget(self._frames, 1)
        self.setWidget(body)

    @property
    def least_height(self) -> int:
        """With every row."""
        rows = sum(row.minimumHeight() for row in (self.range, self.marks, self.curves, self.strip))
        return rows + self.why.sizeHint().height() + self.transport.sizeHint().height()

    def set_low(self, low: bool) -> None:
        """Only the transport row with its slider, or all of it, as high as it was."""
        if low == self.is_low:
            return
        self.is_low = low
        body = self.widget()
        if low:
            self._height = self.height()
        for part in (self.why, self._frames):
            part.setVisible(not low)
        self.transport.set_alone(low)
        body.setMaximumHeight(self.transport.sizeHint().height() + BELOW if low else QWIDGETSIZE_MAX)
        window = self.parentWidget()
        if not low and isinstance(window, QMainWindow):
            window.resizeDocks([self], [self._height], Qt.Orientation.Vertical)

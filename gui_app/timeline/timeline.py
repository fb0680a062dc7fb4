"""The lower part of the window: what is wrong and why, transport row, slider, error curves and heat strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget

from gui_app.document.state import AppState
from gui_app.problems.frame_summary import WhyBar
from gui_app.timeline.curves import LEFT_AXIS, Curves
from gui_app.timeline.earlier_curves import EarlierFigures
from gui_app.timeline.heat_strip import HeatStrip
from gui_app.timeline.marks import EditMarks, ProblemMarks
from gui_app.timeline.transport import Transport
from gui_app.viewport.pins import Pins

if TYPE_CHECKING:
    from gui_app.document.actions import Actions

USUAL_HEIGHT, BELOW = 300, 4
QWIDGETSIZE_MAX = 16_777_215


class Timeline(QDockWidget):
    """Stays at the bottom; folded to its transport row, or hidden, on demand."""

    def __init__(
        self,
        state: AppState,
        actions: Actions,
        pins: Pins,
        earlier: EarlierFigures,
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
        self.curves = Curves(state.document, state.playback, state.activity, pins, earlier, body)
        self.curves.menu.extra = (actions.before_fit,)
        self.transport = Transport(state.document, state.view, state.playback, actions, LEFT_AXIS, body)
        self.marks = ProblemMarks(state.document, state.playback, self.curves, body)
        self.edits = EditMarks(state.document, state.playback, self.curves, body)
        self.strip = HeatStrip(state.document, state.view, state.playback, self.curves, body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.why)
        layout.addWidget(self.transport)
        layout.addWidget(self.edits)
        layout.addWidget(self.marks)
        layout.addWidget(self.curves, 1)
        layout.addWidget(self.strip, 0)
        self.setWidget(body)
        self._more = (self.why, self.edits, self.marks, self.curves, self.strip)
        self._hidden_by_fold: list[QWidget] = []

    def set_low(self, low: bool) -> None:
        """Only the transport row with its slider, or all of it, as high as it was."""
        if low == self.is_low:
            return
        self.is_low = low
        body = self.widget()
        if low:
            self._height = self.height()
            self._hidden_by_fold = [part for part in self._more if not part.isHidden()]
        for part in self._hidden_by_fold:
            part.setVisible(not low)
        body.setMaximumHeight(self.transport.sizeHint().height() + BELOW if low else QWIDGETSIZE_MAX)
        window = self.parentWidget()
        if not low and isinstance(window, QMainWindow):
            window.resizeDocks([self], [self._height], Qt.Orientation.Vertical)

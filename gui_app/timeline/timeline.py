"""The lower part of the window: what is wrong and why, transport row, slider, error curves and heat strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

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


class Timeline(QDockWidget):
    """Stays at the bottom; the View menu hides it."""

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

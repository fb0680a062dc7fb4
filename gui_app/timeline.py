"""The lower part of the window: what is wrong and why, transport row, slider, error curves and heat strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from gui_app.curves import LEFT_AXIS, Curves
from gui_app.earlier_figures import EarlierFigures
from gui_app.edit_marks import EditMarks
from gui_app.heat_strip import HeatStrip
from gui_app.pins import Pins
from gui_app.problem_marks import ProblemMarks
from gui_app.state import AppState
from gui_app.transport import Transport
from gui_app.why_bar import WhyBar

if TYPE_CHECKING:
    from gui_app.actions import Actions


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
        self.curves = Curves(state, pins, earlier, body)
        self.curves.menu.extra = (actions.before_fit,)
        self.transport = Transport(state, actions, LEFT_AXIS, body)
        self.marks = ProblemMarks(state, self.curves, body)
        self.edits = EditMarks(state, self.curves, body)
        self.strip = HeatStrip(state, self.curves, body)
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

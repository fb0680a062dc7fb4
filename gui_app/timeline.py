"""The lower part of the window: transport row, slider and error curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from gui_app.curves import LEFT_AXIS, Curves
from gui_app.state import AppState
from gui_app.transport import Transport

if TYPE_CHECKING:
    from gui_app.actions import Actions


class Timeline(QDockWidget):
    """Stays at the bottom; the View menu hides it."""

    def __init__(self, state: AppState, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Timeline", parent)
        self.setObjectName("timeline")
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.setTitleBarWidget(QWidget(self))
        body = QWidget(self)
        body.setObjectName("timelineBody")
        body.setStyleSheet("#timelineBody { background: palette(window); }")
        self.transport = Transport(state, actions, LEFT_AXIS, body)
        self.curves = Curves(state, body)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.transport)
        layout.addWidget(self.curves, 1)
        self.setWidget(body)

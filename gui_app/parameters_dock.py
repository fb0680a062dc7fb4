"""The parameters panel beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from gui_app.editing import Editing
from gui_app.panel_dock import PanelDock
from gui_app.parameters_panel import ParametersPanel
from gui_app.state import AppState


class ParametersDock(PanelDock):
    """Stands on the right."""

    def __init__(
        self, state: AppState, editing: Editing, action: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__("Parameters", action, parent=parent)
        self.panel = ParametersPanel(state, editing, self)
        self.hold(self.panel, [self.panel.head])

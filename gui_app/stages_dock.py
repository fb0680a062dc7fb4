"""The stages panel beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from gui_app.panel_dock import LEFT, PanelDock
from gui_app.stages_panel import StagesPanel


class StagesDock(PanelDock):
    """Stands on the left."""

    def __init__(self, panel: StagesPanel, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__("Stages", action, LEFT, parent)
        self.panel = panel
        self.hold(panel)

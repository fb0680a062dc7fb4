"""The list of all steps beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui_app.actions import Actions
from gui_app.panel_dock import LEFT, PanelDock
from gui_app.runs_panel import RunsPanel


class RunsDock(PanelDock):
    """Stands on the left, where the stages are."""

    def __init__(self, panel: RunsPanel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("History", actions.runs, LEFT, parent)
        self.panel = panel
        self.hold(panel)

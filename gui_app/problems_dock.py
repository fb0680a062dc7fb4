"""The panel of problems beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui_app.actions import Actions
from gui_app.panel_dock import PanelDock
from gui_app.problems_panel import ProblemsPanel

# The bodies keep half of a window in which it can be made as wide.
MOST_WIDTH = 600


class ProblemsDock(PanelDock):
    """Stands on the right; the stages, with which problems are fitted again, on the left."""

    def __init__(self, panel: ProblemsPanel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Problems", actions.problems, parent=parent)
        self.panel = panel
        self.setMaximumWidth(MOST_WIDTH)
        self.hold(panel, [panel.head])

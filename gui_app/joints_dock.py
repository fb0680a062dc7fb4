"""The panel of joints beside the bodies, hidden until it is asked for."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gui_app.actions import Actions
from gui_app.inspection import Inspection
from gui_app.joints_panel import JointsPanel
from gui_app.panel_dock import MOST_WIDTH, PanelDock
from gui_app.pins import Pins
from gui_app.preferences import Preferences
from gui_app.rest_distance import RestDistance
from gui_app.state import AppState
from gui_app.viewport import Viewport


class JointsDock(PanelDock):
    """Stands on the right. While it is open, what is chosen in it shows on the bodies."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        pins: Pins,
        rest: RestDistance,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Joints", actions.joints, parent=parent)
        self._state, self._inspection = state, inspection
        self._none = actions.choose_none
        self.panel = JointsPanel(state, inspection, viewport, preferences, pins, rest, self)
        self.setMaximumWidth(MOST_WIDTH)
        self.hold(self.panel, [self.panel.title, self.panel.head], titled=False)
        actions.joints.toggled.connect(inspection.set_active)
        inspection.set_active(actions.joints.isChecked())
        self._none.triggered.connect(inspection.choose_nothing)
        inspection.looks_changed.connect(self._on_looks)
        state.run_changed.connect(self._on_looks)
        state.opening_changed.connect(self._on_looks)
        self._on_looks()

    @Slot()
    def _on_looks(self) -> None:
        # While a fit runs, or a correspondence is built for a file, the same key cancels it.
        busy = self._state.run.active or self._state.building is not None
        self._none.setEnabled(self._inspection.shows_something and not busy)

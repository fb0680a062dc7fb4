"""The model inspector: joint sets, the regressor and the correspondence, to be looked at, compared and
changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gui_app.document.inspect_selection import Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.inspect.correspondence.model import Correspondences
from gui_app.inspect.correspondence.page import CorrespondencePage
from gui_app.inspect.joint_sets.page import SetPage
from gui_app.inspect.looked_into import LookedInto
from gui_app.inspect.pages import InspectDock, InspectPanel
from gui_app.inspect.regressor.page import RegressorPage
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.pins import Pins
from gui_app.viewport.viewport import Viewport

if TYPE_CHECKING:
    from gui_app.document.actions import Actions

NO_MOTION = (
    "The regressor, the correspondence of the two bodies and joint sets of your own appear here.\n\n"
    "Open a motion: Ctrl+O"
)


class ModelPanel(InspectPanel):
    """What belongs to the bodies themselves, and can be exchanged."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        looked_into: LookedInto,
        pins: Pins,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("inspector", state, inspection, NO_MOTION, parent)
        self.regressors = looked_into.regressors
        self.sets = SetPage(state, inspection, viewport, preferences, looked_into.motion, pins, self)
        self.regressor = RegressorPage(state, inspection, self.regressors, preferences, self)
        self.maps = Correspondences(state, self)
        self.map = CorrespondencePage(state, inspection, viewport, self.maps, preferences, self)
        self.show_pages(
            (
                (
                    self.regressor,
                    "Regressor",
                    "The J_regressor that gives joints from vertices: figures, picture, another one compared",
                ),
                (
                    self.map,
                    "Correspondence",
                    "The correspondence of the two bodies: built from them, compared, saved",
                ),
                (self.sets, "Joint sets", "Joint sets of your own, followed over the motion"),
            )
        )
        self._rows = Coalescer(self._refresh_rows, self)
        inspection.looks_changed.connect(self._rows.ask)
        inspection.looks_changed.connect(self._on_looks)
        for signal in (
            looked_into.motion.changed, self.sets.sets.changed, self.sets.measured.changed, pins.changed,
            self.regressors.changed, self.regressors.measured, self.maps.changed,
        ):  # fmt: skip
            signal.connect(self.refresh_if_seen)

    @Slot()
    def _on_looks(self) -> None:
        # Out of sight nothing else would tell them.
        if not self._inspection.active or self._inspection.page != "sets":
            self.sets.show_nothing()

    @Slot()
    def _refresh_rows(self) -> None:
        if self.ready and self.page == "regressor":
            self.regressor.refresh_marks()


class ModelDock(InspectDock):
    """Stands on the right. While it is open, weights of the regressor can be typed in the table of joints."""

    def __init__(
        self, panel: ModelPanel, inspection: Inspection, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(panel, inspection, actions.inspector, parent)
        self.panel = panel
        actions.inspector.toggled.connect(panel.regressors.set_editing)
        panel.regressors.set_editing(actions.inspector.isChecked())

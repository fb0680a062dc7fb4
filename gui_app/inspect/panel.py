"""The panel of joints: the joints of both bodies with the vertices that regress them, and the other way
round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gui_app.document.inspect_selection import Inspection
from gui_app.document.preferences import Preferences
from gui_app.document.rest_distance import RestDistance
from gui_app.document.state import AppState
from gui_app.inspect.joints.support_page import SupportPage
from gui_app.inspect.joints.vertex_page import VertexPage
from gui_app.inspect.looked_into import LookedInto
from gui_app.inspect.pages import InspectDock, InspectPanel
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.viewport import Viewport

if TYPE_CHECKING:
    from gui_app.document.actions import Actions

NO_MOTION = "Joints of both bodies and the vertices that regress them appear here.\n\nOpen a motion: Ctrl+O"


class JointsPanel(InspectPanel):
    """A joint and its vertices, or a vertex and its joints."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        preferences: Preferences,
        looked_into: LookedInto,
        rest: RestDistance,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("joints", state, inspection, NO_MOTION, parent)
        self.motion = looked_into.motion
        self.joints = SupportPage(
            state, inspection, viewport, preferences, self.motion, looked_into.regressors, self
        )
        self.vertices = VertexPage(state, inspection, rest, self)
        self.show_pages(
            (
                (self.joints, "Joints", "Choose a joint, see its vertices"),
                (self.vertices, "Vertices", "Point at a vertex, see its joints"),
            )
        )
        self._rows = Coalescer(self._refresh_rows, self)
        inspection.looks_changed.connect(self._rows.ask)
        for signal in (rest.changed, self.motion.changed, looked_into.regressors.changed):
            signal.connect(self.refresh_if_seen)

    @Slot()
    def _refresh_rows(self) -> None:
        if self.ready and self.page == "joints":
            self.joints.refresh_rows()


class JointsDock(InspectDock):
    """Stands on the right."""

    def __init__(
        self, panel: JointsPanel, inspection: Inspection, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(panel, inspection, actions.joints, parent)
        self.panel = panel

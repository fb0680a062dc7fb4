"""What the panels that look into bodies share: how joints move, the regressors, and what shows on the
bodies."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from gui_app.document.inspect_selection import Inspection
from gui_app.document.state import AppState
from gui_app.inspect.joints.in_view import JointsInView
from gui_app.inspect.joints.series import JointMotion
from gui_app.inspect.regressor.model import Regressors
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import NOTHING_CHOSEN, RUNNING, allow


class LookedInto(QObject):
    """Made with the first of these panels.

    Args:
        state, inspection: of the window.
        viewport, probe: where what is chosen shows, and is chosen.
        none: the action that lets go of it.
        parent: the window.

    Attributes:
        motion: joints over the motion.
        regressors: of both bodies, with what was changed of them.
    """

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        viewport: Viewport,
        probe: VertexProbe,
        none: QAction,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection, self._none = state, inspection, none
        self.motion = JointMotion(state, inspection, self)
        self.regressors = Regressors(state, inspection, self)
        JointsInView(state.document, inspection, viewport, probe)
        none.triggered.connect(inspection.choose_nothing)
        inspection.looks_changed.connect(self._on_looks)
        state.activity.run_changed.connect(self._on_looks)
        state.activity.opening_changed.connect(self._on_looks)
        self._on_looks()

    @Slot()
    def _on_looks(self) -> None:
        # While a fit runs, or a file is read, the same key cancels it.
        busy = self._state.activity.run.active or bool(self._state.activity.opening)
        allow(self._none, NOTHING_CHOSEN if not self._inspection.shows_something else RUNNING if busy else "")

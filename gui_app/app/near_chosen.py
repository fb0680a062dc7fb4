"""Going near what is chosen, and back: a joint, a vertex, a problem, or the part that is worst."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from gui_app.document.actions import Actions
from gui_app.document.inspect_selection import BODIES, OF_JOINTS, Inspection, JointKey
from gui_app.document.state import AppState
from gui_app.problems.navigation import ProblemSteps
from gui_app.problems.selection import ProblemChoice
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import NO_MOTION, allow

VERTEX_M = 0.09
LEAST_M, MOST_M = 0.12, 0.45
"""Metres that are seen about a joint, whatever regresses it."""
AROUND = 1.35


class NearChosen(QObject):
    """A joint that is chosen is gone to at once, everything else by a key; another key goes back."""

    def __init__(
        self,
        state: AppState,
        inspection: Inspection,
        problems: ProblemChoice,
        steps: ProblemSteps,
        viewport: Viewport,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._inspection, self._viewport = state, inspection, viewport
        self._problems, self._steps, self._actions = problems, steps, actions
        self._gone_to: JointKey | None = None
        actions.go_near.triggered.connect(self.go_near)
        actions.go_back.triggered.connect(viewport.come_back)
        inspection.joint_changed.connect(self._on_joint)
        state.document.motion_changed.connect(self._on_motion)
        self._on_motion()

    @Slot()
    def go_near(self) -> None:
        """Brings what is chosen to the middle."""
        place = self._joint() or self._vertex()
        if place is not None:
            self._viewport.focus_on(*place)
        elif self._problems.is_chosen:
            self._steps.show(self._problems.rows[0].problem)
        else:
            self._actions.show_part.trigger()

    @Slot()
    def _on_joint(self) -> None:
        # Also told of where its vertices are others, for which the camera stays.
        joint = self._inspection.joint
        if joint != self._gone_to:
            self._gone_to = joint
            place = self._joint()
            if place is not None:
                self._viewport.focus_on(*place)

    def _joint(self) -> tuple[np.ndarray, float] | None:
        """Where the chosen joint is, and how far about it its vertices reach, metres."""
        inspection = self._inspection
        if not inspection.active or inspection.page not in OF_JOINTS or inspection.joint is None:
            return None
        for body in (inspection.body, *BODIES):
            found = inspection.support(body)
            if found is not None and np.isfinite(found[1]).all():
                support, place = found
                away = np.linalg.norm(inspection.posed(body)[0][support.vertices] - place, axis=1)
                reach = AROUND * float(away.max()) if len(away) else LEAST_M
                return place, float(np.clip(reach, LEAST_M, MOST_M))
        return None

    def _vertex(self) -> tuple[np.ndarray, float] | None:
        inspection = self._inspection
        if not inspection.active or inspection.vertex is None:
            return None
        place = inspection.posed(inspection.body)[0][inspection.vertex]
        return (place, VERTEX_M) if np.isfinite(place).all() else None

    @Slot()
    def _on_motion(self) -> None:
        for action in (self._actions.go_near, self._actions.go_back):
            allow(action, "" if self._state.document.opened is not None else NO_MOTION)

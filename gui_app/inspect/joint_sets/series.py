"""What the page of joint sets measures over the motion: SMPL's 24 joints of the fit, and picked vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.inspect_selection import Inspection
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.inspect.joint_sets.model import OwnSets
from gui_app.tasks.background_job import BackgroundJob

if TYPE_CHECKING:
    from core.measure.map_back import JointErrors
    from core.model.body_joints import BodyJoint

FAILED = "The joints of the set could not be followed over the motion; details are in the log"


@dataclass(frozen=True, eq=False)
class SmplOfFit:
    """SMPL's 24 joints: as points of the fit's skin, on the source, and how far they are apart."""

    on_fit: tuple[BodyJoint, ...]
    on_source: tuple[BodyJoint, ...]
    errors: JointErrors


@dataclass(frozen=True, eq=False)
class SetRequest(MeasureRequest):
    """Vertices of the fit, or SMPL's joints where there are none."""

    vertices: tuple[int, ...]


def measure_set(request: SetRequest, job: BackgroundJob[Any]) -> SmplOfFit | np.ndarray | str:
    """(T, n) millimetres of the vertices, or SMPL's joints; a sentence where these cannot be had."""
    from core.inspection.smpl_joints import smpl_joint_errors, smpl_joints_of_fit
    from core.measure.map_back import chain_ids
    from core.measure.vertex_series import vertex_series
    from core.model.body_joints import body_joints

    motion, bodies, result = request.motion, request.bodies, request.result
    if request.vertices:
        return vertex_series(motion, bodies, result, request.vertices, job.check)
    try:
        on_fit = smpl_joints_of_fit(bodies)
        errors = smpl_joint_errors(motion, bodies, result, job.check)
    except RefitError as error:
        return str(error)
    known = body_joints(bodies.source)
    return SmplOfFit(on_fit, tuple(known[joint] for joint in chain_ids(bodies.source)), errors)


class SetMotion(Measuring):
    """Of the fit on show, and only while the page is looked at; ``changed`` tells what is there or gone."""

    changed = Signal()

    def __init__(
        self, state: AppState, inspection: Inspection, sets: OwnSets, parent: QObject | None = None
    ) -> None:
        super().__init__("sets", measure_set, FAILED, state, parent)
        self._inspection, self._sets = inspection, sets
        self._result = state.document.result
        self._means: dict[int, float] = {}
        self._gave_up = False
        self.shows_smpl = False
        self.smpl: SmplOfFit | None = None
        self.why_not = ""
        state.document.motion_changed.connect(self._on_result)
        state.document.result_changed.connect(self._on_result)
        state.activity.run_changed.connect(self._soon.ask)
        inspection.looks_changed.connect(self._soon.ask)
        sets.changed.connect(self._soon.ask)

    def show_smpl(self, smpl: bool) -> None:
        """SMPL's joints are looked at, or one's own set."""
        if smpl != self.shows_smpl:
            self.shows_smpl = smpl
            self.changed.emit()
            self._soon.ask()

    @property
    def failed(self) -> bool:
        """Nothing came of it: there is nothing to wait for."""
        return self._gave_up

    def mean(self, vertex: int) -> float | None:
        """Mean millimetres over the motion of a vertex of the fit; None while not known."""
        return self._means.get(vertex)

    @Slot()
    def _on_result(self, *_: object) -> None:
        if self._state.document.result is not self._result:
            self._result = self._state.document.result
            self._drop_measuring()
            self.smpl, self.why_not, self._means, self._gave_up = None, "", {}, False
            self.changed.emit()
        self._soon.ask()

    def _measure_missing(self, opened: Opened) -> None:
        inspection, result = self._inspection, self._result
        looked_at = inspection.active and inspection.page == "sets"
        if not looked_at or result is None or not self._state.document.has_fit or self._gave_up:
            return
        vertices: tuple[int, ...] = ()
        if self.shows_smpl:
            if self.smpl is not None or self.why_not:
                return
        else:
            members = self._sets.now.members if self._sets.now is not None else ()
            picked = [one.vertex for one in members if one.vertex is not None]
            vertices = tuple(vertex for vertex in picked if vertex not in self._means)
            if not vertices or inspection.body != "fit":
                return
        if not isinstance(self._wanted, SetRequest) or self._wanted.vertices != vertices:
            self._measure(SetRequest(opened.motion, opened.bodies, result, vertices))

    def _keep(self, request: SetRequest, found: SmplOfFit | np.ndarray | str) -> None:
        from core.inspection.joint_errors import series_figures

        if isinstance(found, str):
            self.why_not = found
        elif isinstance(found, SmplOfFit):
            self.smpl = found
        else:
            for vertex, column in zip(request.vertices, found.T, strict=True):
                figures = series_figures(column)
                self._means[vertex] = float("nan") if figures is None else figures.mean
        self.changed.emit()
        self._soon.ask()

    def _tell_failed(self, sentence: str) -> None:
        self._gave_up = True
        super()._tell_failed(sentence)
        self.changed.emit()

"""The chosen joint over the whole motion, measured in a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.inspect_selection import Inspection
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.scene.picking import BodyName
from gui_app.tasks.background_job import BackgroundJob

if TYPE_CHECKING:
    from core.inspection.joint_errors import JointErrorSeries

FAILED = "The joints could not be followed over the motion; details are in the log"


@dataclass(frozen=True, eq=False)
class JointRequest(MeasureRequest):
    """What is measured of all joints at once: their errors, or those of a regressor on one body."""

    what: Literal["error", "source", "fit"]


def measure_joints(request: JointRequest, job: BackgroundJob[Any]) -> JointErrorSeries | np.ndarray:
    """All joints: another choice is shown at once."""
    from core.inspection.joint_errors import joint_error_series, regressed_over_fit_mm

    motion, bodies, result = request.motion, request.bodies, request.result
    if request.what == "error":
        return joint_error_series(motion, bodies, result, job.check)
    return regressed_over_fit_mm(motion, bodies, result, request.what, job.check)


class JointMotion(Measuring):
    """Series of the joint that is chosen, of the fit on show; ``changed`` tells when they are there or gone.

    Nothing is measured while no joint is looked at.
    """

    changed = Signal()

    def __init__(self, state: AppState, inspection: Inspection, parent: QObject | None = None) -> None:
        super().__init__("joints", measure_joints, FAILED, state, parent)
        self._inspection = inspection
        self._result = state.document.result
        self._errors: JointErrorSeries | None = None
        self._regressed: dict[BodyName, np.ndarray] = {}
        self._gave_up = False
        state.document.motion_changed.connect(self._on_result)
        state.document.result_changed.connect(self._on_result)
        state.activity.run_changed.connect(self._soon.ask)
        inspection.looks_changed.connect(self._soon.ask)

    @property
    def failed(self) -> bool:
        """Nothing came of it: there is nothing to wait for."""
        return self._gave_up

    def error(self) -> np.ndarray | None:
        """(T,) millimetres between the chosen joint of the source and of the fit; None while not known."""
        found = self._errors
        joint = self._inspection.found("fit")
        if found is None or joint is None:
            return None
        row = np.flatnonzero(found.target_index == joint.index)
        return found.error_mm[:, row[0]] if len(row) else None

    def means(self, body: BodyName) -> dict[int, float] | None:
        """Mean millimetres over the motion of each joint that both bodies have, by its index on one of them;
        None while not known."""
        from core.inspection.joint_errors import series_figures

        found = self._errors
        if found is None:
            return None
        index = found.source_index if body == "source" else found.target_index
        figures = (series_figures(column) for column in found.error_mm.T)
        return {int(joint): one.mean for joint, one in zip(index, figures, strict=True) if one is not None}

    def regressed(self) -> np.ndarray | None:
        """(T,) millimetres between the chosen joint by the regressor and by the chain, on the body listed."""
        body = self._inspection.body
        found, joint = self._regressed.get(body), self._inspection.found(body)
        if found is None or joint is None or joint.kind != "kinematic":
            return None
        return found[:, joint.index]

    @Slot()
    def _on_result(self, *_: object) -> None:
        if self._state.document.result is not self._result:
            self._result = self._state.document.result
            self._drop_measuring()
            told = self._errors is not None or self._gave_up
            self._errors, self._regressed, self._gave_up = None, {}, False
            if told:
                self.changed.emit()
        self._soon.ask()

    def _measure_missing(self, opened: Opened) -> None:
        what = self._missing()
        if what is None or self._result is None or self._gave_up:
            return
        if not isinstance(self._wanted, JointRequest) or self._wanted.what != what:
            self._measure(JointRequest(opened.motion, opened.bodies, self._result, what))

    def _missing(self) -> Literal["error", "source", "fit"] | None:
        """What people look at comes first."""
        inspection = self._inspection
        wanted = inspection.joint is not None or inspection.page == "sets"
        if not inspection.active or not wanted or not self._state.document.has_fit:
            return None
        if self._errors is None:
            return "error"
        joint = inspection.found(inspection.body)
        if joint is None or joint.kind != "kinematic" or inspection.body in self._regressed:
            return None
        return inspection.body

    def _keep(self, request: JointRequest, found: JointErrorSeries | np.ndarray) -> None:
        if isinstance(found, np.ndarray):
            self._regressed["source" if request.what == "source" else "fit"] = found
        else:
            self._errors = found
        self.changed.emit()
        self._soon.ask()

    def _tell_failed(self, sentence: str) -> None:
        self._gave_up = True
        super()._tell_failed(sentence)
        self.changed.emit()

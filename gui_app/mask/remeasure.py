"""The errors of the fit kept over the vertices that count: measured anew whenever the mask has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.history import History
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob

if TYPE_CHECKING:
    from core.model.fit_result import FitResult

FAILED = "The fit could not be measured with this mask; its errors are those of the mask before"


def measure(request: MeasureRequest, job: BackgroundJob[Any]) -> FitResult:
    """The fit with its errors over the mask of the request's bodies."""
    from core.measure.vertex_mask import measured_with

    return measured_with(request.motion, request.bodies, request.result, job.check)


class MaskFigures(Measuring):
    """Puts the fit with its new errors in the place of the one with the old ones, in the history as well."""

    def __init__(self, state: AppState, history: History, parent: QObject | None = None) -> None:
        super().__init__("mask figures", measure, FAILED, state, parent)
        self._history = history
        self._failed: FitResult | None = None
        for signal in (
            state.document.mask_changed,
            state.document.result_changed,
            state.activity.run_changed,
            state.document.motion_changed,
        ):
            signal.connect(self._soon.ask)

    def _measure_missing(self, opened: Opened) -> None:
        from core.measure.vertex_mask import measured_mask

        result = self._state.document.result
        wanted = self._wanted
        if result is None or result is self._failed or not result.fitted.any():
            self._drop_measuring()
            return
        if np.array_equal(measured_mask(result, opened.bodies.correspondence), opened.valid):
            self._drop_measuring()
        elif wanted is None or wanted.result is not result or wanted.bodies is not opened.bodies:
            self._measure(MeasureRequest(opened.motion, opened.bodies, result))

    def _keep(self, request: MeasureRequest, found: FitResult) -> None:
        state = self._state
        # What is being edited becomes part of the fit first; then this one is of yesterday.
        state.document.settle()
        if (
            state.document.result is request.result
            and state.document.opened
            and state.document.opened.bodies is request.bodies
        ):
            state.document.set_result(found, np.empty(0, np.intp))
            self._history.put_figures()
        else:
            self._soon.ask()

    def _tell_failed(self, sentence: str) -> None:
        self._failed = self._state.document.result
        super()._tell_failed(sentence)

"""A distance that was measured on the bodies, over the frames: measured in a thread of its own while somebody
looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.document.view import Ruler
from gui_app.tasks.background_job import BackgroundJob

if TYPE_CHECKING:
    from core.model.fit_result import FitResult

FAILED = "The distance could not be measured over the frames; details are in the log"


@dataclass(frozen=True, eq=False)
class RulerRequest(MeasureRequest):
    """A distance whose course is asked for; ``result`` may be None."""

    ruler: Ruler


def measure_ruler(request: RulerRequest, job: BackgroundJob[Any]) -> np.ndarray:
    """(T,) millimetres."""
    from core.measure.vertex_series import distance_series

    ends = request.ruler.first, request.ruler.second
    return distance_series(request.motion, request.bodies, request.result, ends, job.check)


class RulerSeries(Measuring):
    """Of one of the distances there are.

    Attributes:
        ruler: whose course is wanted; None for none.
        values: (T,) millimetres, NaN where an end is not posed; None until they are known.
    """

    changed = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__("distance", measure_ruler, FAILED, state, parent)
        self.ruler: Ruler | None = None
        self.values: np.ndarray | None = None
        self._result: FitResult | None = None
        state.document.motion_changed.connect(self._on_motion)
        state.document.result_changed.connect(self._on_result)
        state.activity.run_changed.connect(self._soon.ask)

    def want(self, ruler: Ruler | None) -> None:
        """Somebody looks at this one now."""
        if ruler != self.ruler:
            self.ruler = ruler
            self._forget()

    def _forget(self) -> None:
        self._drop_measuring()
        self.values = None
        self._soon.ask()

    @Slot()
    def _on_motion(self) -> None:
        self._forget()
        self.changed.emit()

    @Slot(object)
    def _on_result(self, _changed: object) -> None:
        ruler = self.ruler
        if ruler is not None and "fit" in (ruler.first[0], ruler.second[0]):
            self._forget()
            self.changed.emit()

    def _measure_missing(self, opened: Opened) -> None:
        if self.ruler is not None and self.values is None and not self.busy:
            result = self._state.document.result
            # None is what a distance on the source alone needs.
            request = RulerRequest(opened.motion, opened.bodies, result, self.ruler)  # type: ignore[arg-type]
            self._measure(request)

    def _keep(self, request: RulerRequest, found: np.ndarray) -> None:
        self.values = found.astype(float)
        self.changed.emit()

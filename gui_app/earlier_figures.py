"""Error over time of the fit before the one on show, for the figure that the curves show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.before_fit import BeforeFit
from gui_app.curve_choice import CHOSEN, CurveChoice
from gui_app.measuring import MeasureRequest, Measuring
from gui_app.opening import Opened
from gui_app.state import AppState

if TYPE_CHECKING:
    from core.fitting.result import FitResult

FAILED = "The fit before this one could not be measured; details are in the log"


@dataclass(frozen=True, eq=False)
class EarlierRequest(MeasureRequest):
    """The figure of an earlier fit that is asked for."""

    choice: CurveChoice


def measure_choice(request: EarlierRequest) -> np.ndarray:
    """(T,) the figure asked for; empty where these bodies have no such column."""
    from core.measure_motion import measure_motion

    metrics = measure_motion(request.motion, request.bodies, request.result, request.check)
    values = request.choice.values(metrics)
    # A copy, or all the other figures would stay in memory.
    return np.array([] if values is None else values, float)


@dataclass(frozen=True, eq=False)
class Known:
    """A figure of a fit over its frames; ``values`` is empty where it cannot be had."""

    result: FitResult
    choice: CurveChoice
    values: np.ndarray


class EarlierFigures(Measuring):
    """A fit holds its own mean, p95 and max. Another figure is kept from when that fit was on show, or
    measured where it was not chosen then."""

    changed = Signal()

    def __init__(self, state: AppState, before: BeforeFit, parent: QObject | None = None) -> None:
        super().__init__("before", measure_choice, state, parent)
        self.before = before
        self._choice = CurveChoice()
        self._asked: EarlierRequest | None = None
        self._of_shown: Known | None = None
        self._of_earlier: Known | None = None
        before.changed.connect(self._on_before)
        state.analysis_changed.connect(self._on_analysis)
        state.run_changed.connect(self._soon.ask)

    def series(self, choice: CurveChoice) -> dict[str, np.ndarray]:
        """(T,) of each line of ``choice``; nothing while there is none, or until it is measured."""
        if choice != self._choice:
            self._choice = choice
            self._keep_shown()
            self._soon.ask()
        earlier = self.before.earlier
        if not self.before.on or earlier is None:
            return {}
        if not choice.metric:
            return {name: getattr(earlier, name) for name in ("mean_mm", "p95_mm", "max_mm")}
        known = self._known(earlier)
        return {CHOSEN: known.values} if known is not None and len(known.values) else {}

    def _known(self, result: FitResult) -> Known | None:
        for known in (self._of_earlier, self._of_shown):
            if known is not None and known.result is result and known.choice == self._choice:
                return known
        return None

    def _keep_shown(self) -> None:
        analysis, choice = self._state.analysis, self._choice
        if analysis is None:
            return
        values = choice.values(analysis.metrics) if choice.metric else None
        self._of_shown = None
        if values is not None:
            self._of_shown = Known(analysis.result, choice, np.array(values, float))

    @Slot()
    def _on_analysis(self) -> None:
        self._keep_shown()
        self._soon.ask()

    @Slot()
    def _on_before(self) -> None:
        earlier = self.before.earlier
        if self._of_earlier is None or self._of_earlier.result is not earlier:
            self._abandon()
            self._of_earlier = self._known(earlier) if earlier is not None else None
        self._soon.ask()
        self.changed.emit()

    def _look_at(self, opened: Opened) -> None:
        state, earlier, choice = self._state, self.before.earlier, self._choice
        if not self.before.on or earlier is None or not choice.metric or self._known(earlier):
            self._abandon()
            return
        # The fit on show comes first.
        if state.analysis is None or state.analysis.result is not state.result:
            return
        asked = self._asked
        if self.busy and asked is not None and asked.result is earlier and asked.choice == choice:
            return
        self._asked = EarlierRequest(opened.motion_at(state.given_rate), opened.bodies, earlier, choice)
        self._ask(self._asked)

    def _take(self, request: EarlierRequest, found: np.ndarray) -> None:
        self._of_earlier = Known(request.result, request.choice, found)
        self._asked = None
        self.changed.emit()

    def _give_up(self) -> None:
        if self._asked is not None:
            # It is not tried again.
            self._of_earlier = Known(self._asked.result, self._asked.choice, np.empty(0))
        self._state.fail(FAILED)

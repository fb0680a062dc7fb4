"""How far two fits side by side are apart, frame by frame: measured beside the window whenever one is
another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.actions import SPECS, Actions, tip_with_keys
from gui_app.document.background_measure import MeasureRequest, Measuring
from gui_app.document.opened import Opened
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.measure.fit_distance import FitDistance
    from core.model.fit_result import FitResult

FAILED = "How far the two fits are apart could not be measured; details are in the log"
NO_SECOND = "Two fits have to be compared first"
MEASURING = "How far the two fits are apart is being measured"
SAME = "The two fits are the same in every frame that both have"


@dataclass(frozen=True, eq=False)
class PairRequest(MeasureRequest):
    """Two fits: ``result`` and the ``second``."""

    second: FitResult


def measure_pair(request: PairRequest, job: BackgroundJob[Any]) -> FitDistance:
    """How far the two are apart."""
    from core.measure.fit_distance import fit_distance

    return fit_distance(request.bodies.target, request.result, request.second, job.check)


class Distances(Measuring):
    """Follows the fit there is and the one beside it; goes to the frame where they differ most.

    Attributes:
        found: the figures of the two on show; None while they are not known, and where there is but one.
    """

    changed = Signal()

    def __init__(self, state: AppState, actions: Actions, parent: QObject) -> None:
        super().__init__("distances", measure_pair, FAILED, state, parent)
        self._action = actions.largest_difference
        self._of: tuple[FitResult, FitResult] | None = None
        self.found: FitDistance | None = None
        state.view.second_changed.connect(self._on_change)
        state.document.result_changed.connect(self._on_change)
        state.activity.run_changed.connect(self._soon.ask)
        self._action.triggered.connect(self.go_to_largest)
        self._present()

    @property
    def pair(self) -> tuple[FitResult, FitResult] | None:
        """The two on show; None where there is but one."""
        second, result = self._state.view.second, self._state.document.result
        return None if second is None or result is None else (result, second.result)

    @Slot()
    def go_to_largest(self) -> None:
        """Shows the frame in which the two differ most, by the mean over the skin."""
        largest = None if self.found is None else self.found.largest
        if largest is not None:
            self._state.playback.go_to(largest)

    @Slot()
    def _on_change(self, *_: object) -> None:
        if not _same(self.pair, self._of):
            known, self.found, self._of = self.found is not None, None, None
            self._drop_measuring()
            self._present()
            if known or self.pair is None:
                self.changed.emit()
        self._soon.ask()

    def _measure_missing(self, opened: Opened) -> None:
        pair = self.pair
        if pair is not None and not _same(pair, self._of):
            self._of = pair
            self._measure(PairRequest(opened.motion, opened.bodies, *pair))

    def _keep(self, request: PairRequest, found: FitDistance) -> None:
        if _same(self.pair, (request.result, request.second)):
            self.found = found
            self._present()
            self.changed.emit()

    def _present(self) -> None:
        largest = None if self.found is None else self.found.largest
        self._action.setEnabled(largest is not None)
        tip = SPECS["largest_difference"].tip
        if largest is not None:
            tip = f"{tip}: frame {largest}"
        elif self.found is not None:
            tip = SAME
        else:
            tip = NO_SECOND if self.pair is None else MEASURING
        self._action.setToolTip(plain_tip(tip_with_keys(SPECS["largest_difference"], tip)))


def _same(one: tuple[FitResult, FitResult] | None, other: tuple[FitResult, FitResult] | None) -> bool:
    """The same two fits: another frame rate makes another object with the same poses."""
    if one is None or other is None:
        return one is other
    return all(a.poses is b.poses for a, b in zip(one, other, strict=True))

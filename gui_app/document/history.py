"""Undo and redo: the fits that there were, one after another, with what made each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.state import AppState

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted

MOST_STEPS = 50
MOST_BYTES = 1_000_000_000


@dataclass(frozen=True, eq=False)
class HistoryState:
    """What there was between two steps.

    Attributes:
        result: the fit, None before the first one.
        rate: frames a second that the user gave, or None.
        step: what led here, ``'fit of all frames'``; empty for the first moment.
        changed: ids of the frames that the step changed, None for all.
        valid: (V,) bool, the vertices that count; None without a motion.
        accepted: the problems that are accepted as they are.
        weights: (V,) how much each vertex counts in fits; None for all alike.
    """

    result: FitResult | None
    rate: float | None
    step: str = ""
    changed: np.ndarray | None = None
    valid: np.ndarray | None = None
    accepted: tuple[Accepted, ...] = ()
    weights: np.ndarray | None = None


class History(QObject):
    """Moments in a row, and which of them is shown.

    Plain moments rather than QUndoCommands: every step replaces the whole fit by another whole fit, so there
    is nothing to do or to take back but to show another one, and the memory can be bounded by size.
    """

    changed = Signal()

    def __init__(
        self,
        state: AppState,
        parent: QObject | None = None,
        *,
        most_steps: int = MOST_STEPS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._most_steps, self._most_bytes = most_steps, most_bytes
        self._moments = [HistoryState(None, None)]
        self._at = 0
        state.document.motion_changed.connect(self._on_motion)
        state.document.rate_changed.connect(self._on_rate)

    @property
    def now(self) -> HistoryState:
        """Where the last step led, whatever a run that is going on shows."""
        return self._moments[self._at]

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self.now.step if self._at else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty where there is nothing."""
        return self._moments[self._at + 1].step if self._at + 1 < len(self._moments) else ""

    def before(self, shown: FitResult | None) -> FitResult | None:
        """The fit whose place ``shown`` has taken, or takes while a run goes on; None without one."""
        if shown is None:
            return None
        for moment in reversed(self._moments[: self._at + 1]):
            # Another frame rate makes another object with the same poses.
            if moment.result is None or moment.result.poses is not shown.poses:
                return moment.result
        return None

    def __len__(self) -> int:
        return len(self._moments) - 1

    def add(self, step: str, changed: np.ndarray | None = None) -> None:
        """What is shown now was made by ``step``; nothing can be redone any more."""
        self._put(self._shown(step, changed))

    def _shown(self, step: str = "", changed: np.ndarray | None = None) -> HistoryState:
        """What is shown now, as the step that led to it."""
        state = self._state
        return HistoryState(
            state.document.result,
            state.document.given_rate,
            step,
            changed,
            state.document.valid,
            state.document.accepted,
            state.document.weights,
        )

    def amend(self) -> None:
        """What is shown now takes the place of what the last step led to; nothing can be redone any more."""
        del self._moments[self._at + 1 :]
        state = self._state
        self._moments[self._at] = replace(
            self.now,
            result=state.document.result,
            rate=state.document.given_rate,
            valid=state.document.valid,
            weights=state.document.weights,
        )
        self.changed.emit()

    def put_figures(self) -> None:
        """The fit shown is the one that the last step led to, measured anew; what can be redone stays."""
        self._moments[self._at] = replace(self.now, result=self._state.document.result)

    @property
    def moments(self) -> tuple[HistoryState, ...]:
        """All that can be undone or redone, in order."""
        return tuple(self._moments)

    @property
    def at(self) -> int:
        """Which of the `moments` is shown."""
        return self._at

    def fits(self) -> Iterator[FitResult]:
        """The fits that led to the one shown, the last one first."""
        for moment in self._moments[self._at :: -1]:
            if moment.result is not None:
                yield moment.result

    def _put(self, moment: HistoryState) -> None:
        del self._moments[self._at + 1 :]
        self._moments.append(moment)
        while len(self._moments) > 2 and (len(self) > self._most_steps or self._bytes() > self._most_bytes):
            del self._moments[0]
        self._at = len(self._moments) - 1
        self.changed.emit()

    def undo(self) -> None:
        """Shows what there was before the last step."""
        self._state.document.settle()
        if self._at == 0 or self._state.activity.run.active:
            return
        taken_back = self.now
        self._at -= 1
        self._show(taken_back.changed)
        self._state.activity.say(f"Undid {taken_back.step}")

    def redo(self) -> None:
        """Shows what the step that was taken back had made."""
        self._state.document.settle()
        if self._at + 1 == len(self._moments) or self._state.activity.run.active:
            return
        self._at += 1
        self._show(self.now.changed)
        self._state.activity.say(f"Redid {self.now.step}")

    def go_to(self, index: int) -> None:
        """Shows what there was at one of the `moments`; the others stay."""
        self._state.document.settle()
        if not 0 <= index < len(self._moments) or index == self._at or self._state.activity.run.active:
            return
        self._at = index
        self._show(None)
        self._state.activity.say(f"Returned to {self.now.step or 'how it was opened'}")

    def _show(self, changed: np.ndarray | None) -> None:
        now = self.now
        self._state.document.restore(now.result, now.rate, changed, now.valid, now.accepted, now.weights)
        self.changed.emit()

    def _bytes(self) -> int:
        sizes: dict[int, int] = {}
        for moment in self._moments:
            if moment.result is not None:
                for item in fields(moment.result):
                    value = getattr(moment.result, item.name)
                    if isinstance(value, np.ndarray):
                        sizes[id(value)] = value.nbytes
        return sum(sizes.values())

    @Slot()
    def _on_motion(self) -> None:
        opened = self._state.document.opened
        session = opened.session if opened is not None else None
        if opened is not None and session is not None:
            own = opened.bodies.correspondence
            self._moments = [
                HistoryState(s.result, s.rate, s.name, s.changed, s.mask(own), s.accepted, s.weighing(own))
                for s in session.steps
            ]
            self._at = session.at
        else:
            result = opened.result if opened is not None else None
            self._moments = [replace(self._shown(), result=result, accepted=())]
            self._at = 0
        self.changed.emit()

    @Slot()
    def _on_rate(self) -> None:
        rate = self._state.document.given_rate
        if rate is None or rate == self.now.rate:
            return
        # The fit before a run that is going on: what the run shows so far is no step of its own.
        result = self.now.result if self._state.activity.run.active else self._state.document.result
        step = f"frame rate {rate:g} fps"
        self._put(replace(self._shown(step, np.empty(0, np.intp)), result=result, rate=rate))

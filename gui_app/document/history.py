"""Undo and redo: the fits that there were, one after another, with what made each of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence

from core.shown_text import shown
from gui_app.document.actions import SPECS
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.document_snapshot import DocumentSnapshot
from gui_app.document.undo_stack import UndoStack

if TYPE_CHECKING:
    from core.model.correspondence import Correspondence
    from core.model.fit_result import FitResult
    from core.session.session import SessionStep

MOST_STEPS = 50
MOST_BYTES = 1_000_000_000


@dataclass(frozen=True, eq=False)
class DocumentStep:
    """One step of the history.

    Attributes:
        name: what led here, ``'fit of all frames'``; empty for how it began.
        snapshot: the document after it.
        changed: ids of the frames that it changed, None for all.
    """

    name: str
    snapshot: DocumentSnapshot
    changed: np.ndarray | None = None

    @property
    def result(self) -> FitResult | None:
        """The fit after it, None before the first one."""
        return self.snapshot.result

    @classmethod
    def of_session(cls, step: SessionStep, own: Correspondence) -> DocumentStep:
        """A step of a session that is opened, for bodies with this correspondence."""
        snapshot = DocumentSnapshot(
            step.result, step.rate, step.accepted, step.mask(own), step.weighing(own), step.markers
        )
        return cls(shown(step.name), snapshot, step.changed)

    def for_session(self) -> SessionStep:
        """The step as a session keeps it."""
        from core.session.session import SessionStep

        now = self.snapshot
        return SessionStep(
            now.result,
            now.given_rate,
            self.name,
            self.changed,
            now.accepted,
            now.valid,
            now.weights,
            now.markers,
        )


class History(QObject):
    """The steps of the open motion, and which of them is shown.

    Snapshots rather than QUndoCommands: every step replaces the whole fit by another whole fit, so there is
    nothing to do or to take back but to show another one, and the memory can be bounded by size.
    """

    changed = Signal()

    def __init__(
        self,
        document: Document,
        activity: Activity,
        parent: QObject | None = None,
        *,
        most_steps: int = MOST_STEPS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        super().__init__(parent)
        self._document, self._activity = document, activity
        self._stack = UndoStack(
            DocumentStep("", document.snapshot), most=most_steps + 1, most_bytes=most_bytes, size=_bytes
        )
        document.motion_changed.connect(self._on_motion)
        document.rate_changed.connect(self._on_rate)

    @property
    def now(self) -> DocumentStep:
        """The last step, whatever a run that is going on shows."""
        return self._stack.now

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._stack.undo_name

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty where there is nothing."""
        return self._stack.redo_name

    @property
    def steps(self) -> tuple[DocumentStep, ...]:
        """All that can be undone or redone, in order; the first is how it began."""
        return self._stack.steps

    @property
    def at(self) -> int:
        """Which of the `steps` is shown."""
        return self._stack.at

    def before(self, shown: FitResult | None) -> FitResult | None:
        """The fit whose place ``shown`` has taken, or takes while a run goes on; None without one."""
        if shown is None:
            return None
        for step in self.steps[self.at :: -1]:
            # Another frame rate makes another object with the same poses.
            if step.result is None or step.result.poses is not shown.poses:
                return step.result
        return None

    def fits(self) -> Iterator[FitResult]:
        """The fits that led to the one shown, the last one first."""
        for step in self.steps[self.at :: -1]:
            if step.result is not None:
                yield step.result

    def __len__(self) -> int:
        return len(self._stack)

    def add(self, name: str, changed: np.ndarray | None = None, merge: Hashable | None = None) -> None:
        """The document as it is now was made by a step; nothing can be redone any more.

        Args:
            name: of the step, ``'fit of all frames'``.
            changed: ids of the frames that it changed, None for all.
            merge: steps with the same one become one if they follow closely; None for a step of its own.
        """
        self._stack.add(DocumentStep(shown(name), self._document.snapshot, changed), merge)
        self.changed.emit()

    def put_figures(self) -> None:
        """The fit shown is the one that the last step led to, measured anew; what can be redone stays."""
        snapshot = replace(self.now.snapshot, result=self._document.result)
        self._stack.put(replace(self.now, snapshot=snapshot))

    def undo(self) -> None:
        """Shows what there was before the last step."""
        self._document.settle()
        if self._activity.run.active:
            return
        step = self._stack.undo()
        if step is not None:
            self._show(step.changed, f"Undid {step.name}")

    def redo(self) -> None:
        """Shows what the step that was taken back had made."""
        self._document.settle()
        if self._activity.run.active:
            return
        step = self._stack.redo()
        if step is not None:
            self._show(step.changed, f"Redid {step.name}")

    def go_to(self, index: int) -> None:
        """Shows what there was after one of the `steps`; the others stay."""
        self._document.settle()
        if not self._activity.run.active and self._stack.go_to(index):
            self._show(None, f"Returned to {self.now.name or 'how it was opened'}")

    def _show(self, changed: np.ndarray | None, words: str) -> None:
        self._document.restore(self.now.snapshot, changed)
        self.changed.emit()
        self._activity.say(words)

    @Slot()
    def _on_motion(self) -> None:
        opened = self._document.opened
        if opened is not None and opened.session is not None:
            own = opened.bodies.correspondence
            steps = [DocumentStep.of_session(step, own) for step in opened.session.steps]
            self._stack.begin(steps, opened.session.at)
        else:
            # The fit of the file is shown in a moment.
            result = opened.result if opened is not None else None
            self._stack.begin([DocumentStep("", replace(self._document.snapshot, result=result))])
        self.changed.emit()

    @Slot()
    def _on_rate(self) -> None:
        now = self._document.snapshot
        if now.given_rate is None or now.given_rate == self.now.snapshot.given_rate:
            return
        if self._activity.run.active:
            # The fit before the run: what the run shows so far is no step of its own.
            now = replace(now, result=self.now.result)
        name = f"frame rate {now.given_rate:g} fps"
        self._stack.add(DocumentStep(name, now, np.empty(0, np.intp)))
        self.changed.emit()


def _bytes(steps: Sequence[DocumentStep]) -> int:
    """What all of them keep in memory; what they share counts once."""
    return sum({id(array): array.nbytes for step in steps for array in step.snapshot.arrays()}.values())


# Keys that undo and redo in a list with steps of its own, the same as those of the window.


def history_key(event: QKeyEvent) -> str:
    """``'undo'``, ``'redo'``, or '' for any other key."""
    pressed = QKeySequence(event.keyCombination())
    for name in ("undo", "redo"):
        if any(pressed == QKeySequence(key) for key in SPECS[name].keys):
            return name
    return ""

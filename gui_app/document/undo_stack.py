"""Steps in a row, one of which is where one stands: what can be undone, and redone."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Slot

from core.shown_text import shown

MERGE_SECONDS = 1.5
"""Steps that may become one do so if they follow each other as closely as this."""


class NamedStep(Protocol):
    """What a stack holds: whatever there was after a step, under the step's name."""

    @property
    def name(self) -> str:
        """What led here, ``'fit of all frames'``; empty for how it began."""


Step = TypeVar("Step", bound=NamedStep)


class UndoStack(Generic[Step]):
    """The steps of one thing, oldest first. Nothing in it is done or taken back: a step holds all that there
    was after it, and whoever owns the stack shows that again.

    Args:
        first: how it began.
        most: steps that are kept, the first one counted; beyond it the oldest are forgotten.
        most_bytes: that they may take, None for no bound. The last two are always kept.
        size: bytes that steps take together; what they share counts once.
        clock: seconds, for steps that become one.
    """

    def __init__(
        self,
        first: Step,
        *,
        most: int,
        most_bytes: int | None = None,
        size: Callable[[Sequence[Step]], int] = lambda _steps: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_bytes, self._size, self._clock = most, most_bytes, size, clock
        self._merged: tuple[Hashable, Step, float] | None = None
        self._steps = [first]
        self._at = 0

    def __len__(self) -> int:
        """Steps beside the first."""
        return len(self._steps) - 1

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that can be undone or redone, in order."""
        return tuple(self._steps)

    @property
    def at(self) -> int:
        """Index of the step that led to what there is."""
        return self._at

    @property
    def now(self) -> Step:
        """That step."""
        return self._steps[self._at]

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return shown(self.now.name) if self._at else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty where there is nothing."""
        return shown(self._steps[self._at + 1].name) if self._at + 1 < len(self._steps) else ""

    def add(self, step: Step, merge: Hashable | None = None) -> None:
        """Another step was made; nothing can be redone any more.

        Args:
            step: what there is after it.
            merge: a step takes the place of the one before it if both have the same one, and no more than
                `MERGE_SECONDS` and no other step lie between them; None for a step of its own.
        """
        del self._steps[self._at + 1 :]
        seconds, last = self._clock(), self._merged
        goes_on = last is not None and merge is not None and last[0] == merge and last[1] is self.now
        if goes_on and last is not None and seconds - last[2] < MERGE_SECONDS:
            self._steps[self._at] = step
        else:
            self._steps.append(step)
            while len(self._steps) > 2 and self._too_large():
                del self._steps[0]
            self._at = len(self._steps) - 1
        self._merged = None if merge is None else (merge, step, seconds)

    def put(self, step: Step) -> None:
        """Takes the place of the step that led to what there is; what can be redone stays."""
        self._steps[self._at] = step

    def begin(self, steps: Sequence[Step], at: int = 0) -> None:
        """Other steps in place of all that there are."""
        self._steps, self._at, self._merged = list(steps), at, None

    def undo(self) -> Step | None:
        """Goes one step back; gives the one taken back, None where there was nothing."""
        if not self._at:
            return None
        self._at -= 1
        return self._steps[self._at + 1]

    def redo(self) -> Step | None:
        """Goes one step on; gives it, None where there was nothing."""
        if self._at + 1 == len(self._steps):
            return None
        self._at += 1
        return self.now

    def go_to(self, index: int) -> bool:
        """Goes to one of the steps; False where one stands there already, or there is none."""
        if not 0 <= index < len(self._steps) or index == self._at:
            return False
        self._at = index
        return True

    def _too_large(self) -> bool:
        if len(self._steps) > self._most:
            return True
        return self._most_bytes is not None and self._size(self._steps) > self._most_bytes


class Undoable(QObject):
    """What shows the steps of one stack, or now of this one, now of another, and goes along them."""

    @property
    def undo_name(self) -> str:
        """What undo would take back; '' for nothing."""
        stack = self._stack()
        return "" if stack is None else stack.undo_name

    @property
    def redo_name(self) -> str:
        """What redo would do again; '' for nothing."""
        stack = self._stack()
        return "" if stack is None else stack.redo_name

    @Slot()
    def undo(self) -> None:
        """Back to what there was before the last step."""
        stack = self._stack()
        step = None if stack is None else stack.undo()
        if step is not None:
            self._announce(f"Undid {step.name}")

    @Slot()
    def redo(self) -> None:
        """The step that was taken back last, once more."""
        stack = self._stack()
        step = None if stack is None else stack.redo()
        if step is not None:
            self._announce(f"Redid {step.name}")

    def _stack(self) -> UndoStack[Any] | None:
        """The steps of what is shown; None while there is nothing."""
        raise NotImplementedError

    def _announce(self, words: str) -> None:
        """Says what has been done, and shows what there is now."""
        raise NotImplementedError

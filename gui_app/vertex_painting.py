"""What brush, lasso and sets do to the vertices, whichever it is that they change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import RefitError
from gui_app.history import History
from gui_app.mask_look import Shows
from gui_app.state import AppState

if TYPE_CHECKING:
    from core.inspection.mirror import MirrorMap


RUNNING = "The mask can be painted once the fit is over"


def why_blocked(state: AppState) -> str:
    """Why nothing can be painted now, as a sentence; '' where it can."""
    if state.opened is None:
        return "Open a motion: Ctrl+O"
    return RUNNING if state.run.active else ""


def ready(state: AppState) -> bool:
    """Something is about to be painted; False, and a sentence, where that cannot be."""
    if blocked := why_blocked(state):
        state.say(blocked)
        return False
    state.settle()
    return not why_blocked(state)


class VertexPainting(ABC):
    """A stroke is a draft until it ends; then it is a step."""

    stroke: ClassVar[str]
    unchanged: ClassVar[str]

    def __init__(self, state: AppState, history: History) -> None:
        self._state, self._history = state, history
        self.draft: np.ndarray | None = None

    @property
    @abstractmethod
    def resets(self) -> bool:
        """There is something to go back from."""

    @abstractmethod
    def shown(self, shows: Shows) -> Shows:
        """What the colours tell once this is in the hand, where they told ``shows``."""

    @abstractmethod
    def adds(self, opposite: bool) -> bool:
        """The brush gives, and does not take away."""

    @abstractmethod
    def begin(self) -> None:
        """Sets the brush down."""

    @abstractmethod
    def use_lasso(self, vertices: np.ndarray, opposite: bool) -> None:
        """Changes the vertices that a line goes around."""

    @abstractmethod
    def use(self, which: np.ndarray, name: str) -> None:
        """Changes a set of vertices (V,) bool that has a name."""

    @abstractmethod
    def mirror(self, mirror: MirrorMap) -> None:
        """Does to the mirror image of each vertex what was done to it."""

    @abstractmethod
    def reset(self) -> None:
        """As it was before anything was painted."""

    @abstractmethod
    def load(self, path: Path) -> None:
        """Takes it from a file."""

    @abstractmethod
    def save(self, path: Path, replace: bool) -> bool:
        """Writes it to a file; the sentence about it goes to the status bar."""

    def dab(self, vertices: np.ndarray, opposite: bool) -> bool:
        """Paints some vertices in the stroke under way; False where that changes nothing."""
        if self.draft is None:
            return False
        after = self._dabbed(self.draft, vertices, opposite)
        if np.array_equal(after, self.draft):
            return False
        self.draft = after
        return True

    def end(self) -> None:
        """Lifts the brush: the stroke is a step."""
        draft, self.draft = self.draft, None
        if draft is not None:
            self._make(self.stroke, draft, quiet=True)

    def _make(self, step: str, values: np.ndarray | None, quiet: bool = False) -> bool:
        """Makes what was painted a step; False, and a sentence, where that cannot be."""
        if not ready(self._state):
            return False
        before = self._standing()
        try:
            self._put(values)
        except RefitError as error:
            self._state.fail(str(error))
            return False
        if self._standing() is before:
            if not quiet:
                self._state.say(self.unchanged)
            return False
        self._history.add(step, np.empty(0, np.intp))
        if not quiet:
            self._state.say(f"{step[:1].upper()}{step[1:]} · {self._words()}")
        return True

    @abstractmethod
    def _dabbed(self, draft: np.ndarray, vertices: np.ndarray, opposite: bool) -> np.ndarray:
        """Another draft, with some vertices painted."""

    @abstractmethod
    def _standing(self) -> object:
        """What is another object after a change."""

    @abstractmethod
    def _put(self, values: np.ndarray | None) -> None:
        """Makes it part of the state."""

    @abstractmethod
    def _words(self) -> str:
        """What there is now, for the status bar."""

"""The weights of single vertices while they are painted: what brush, lasso and sets do in the mode Weigh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import RefitError
from gui_app.history import History
from gui_app.state import AppState

if TYPE_CHECKING:
    from core.inspection.mirror import MirrorMap

WEIGHT, LEAST_WEIGHT, MOST_WEIGHT = 4.0, 0.1, 10.0
ALIKE = "Every vertex weighs 1"
NOTHING_CHANGED = "The weights are as they were"


class WeightPainting:
    """A stroke is a draft until it ends; then it is a step."""

    def __init__(self, state: AppState, history: History) -> None:
        self._state, self._history = state, history
        self.weight = WEIGHT
        self.draft: np.ndarray | None = None

    @property
    def now(self) -> np.ndarray | None:
        """(V,) weights as they are painted now; None where all are alike."""
        return self.draft if self.draft is not None else self._state.weights

    def copy(self) -> np.ndarray:
        """(V,) float32 that may be changed."""
        now, valid = self.now, self._state.valid
        count = 0 if valid is None else len(valid)
        return np.ones(count, np.float32) if now is None else now.astype(np.float32)

    def begin(self) -> None:
        """Sets the brush down."""
        self.draft = self.copy()

    def dab(self, vertices: np.ndarray, opposite: bool) -> bool:
        """Gives vertices the weight of the brush, or 1 the other way round; False where they have it."""
        if self.draft is None:
            return False
        value = np.float32(1.0 if opposite else self.weight)
        if (self.draft[vertices] == value).all():
            return False
        self.draft = self.draft.copy()
        self.draft[vertices] = value
        return True

    def end(self) -> None:
        """Lifts the brush: the stroke is a step."""
        draft, self.draft = self.draft, None
        if draft is not None:
            self._make("weight brush", draft, quiet=True)

    def give(self, which: np.ndarray, words: str, opposite: bool = False) -> None:
        """Gives vertices, ids or booleans, the weight, or 1 the other way round."""
        weights = self.copy()
        weights[which] = 1.0 if opposite else self.weight
        self._make(words, weights)

    def weigh(self, which: np.ndarray, name: str) -> None:
        """Gives a set of vertices that has a name the weight."""
        self.give(which, f"weighing {name} ×{self.weight:g}")

    def mirror(self, mirror: MirrorMap) -> None:
        """Gives the mirror image of each vertex that does not weigh 1 its weight as well."""
        weights = self.copy()
        self._make("mirroring the weights", np.where(weights == 1, weights[mirror.vertices], weights))

    def reset(self) -> None:
        """All weigh 1 again."""
        self._make("resetting the weights", None)

    def load(self, path: Path) -> None:
        """Takes the weights from a file."""
        from core.files.vertex_weights import read_vertex_weights

        try:
            found = read_vertex_weights(path, len(self.copy()))
        except RefitError as error:
            self._state.fail(str(error))
            return
        self._make(f"weights of {path.name}", found)

    def save(self, path: Path, replace: bool) -> bool:
        """Writes the weights to a file; the sentence about it goes to the status bar."""
        from core.files.vertex_weights import write_vertex_weights

        weights = self.copy()
        try:
            write_vertex_weights(path, weights, overwrite=replace)
        except RefitError as error:
            self._state.fail(str(error))
            return False
        self._state.say(f"Saved the weights of {int((weights != 1).sum()):,} vertices as {path.name}")
        return True

    def _make(self, step: str, weights: np.ndarray | None, quiet: bool = False) -> None:
        state = self._state
        before = state.opened
        try:
            state.set_weights(weights)
        except RefitError as error:
            state.fail(str(error))
            return
        if state.opened is before:
            if not quiet:
                state.say(NOTHING_CHANGED)
            return
        self._history.add(step, np.empty(0, np.intp))
        if not quiet:
            words = ALIKE if state.weights is None else weighed_words(state.weights)
            state.say(f"{step[:1].upper()}{step[1:]} · {words}")


def weighed_words(weights: np.ndarray) -> str:
    """``512 vertices weigh ×0.5 to ×4``."""
    some = weights[weights != 1]
    least, most = float(some.min()), float(some.max())
    way = f"×{least:.3g}" if least == most else f"×{least:.3g} to ×{most:.3g}"
    return f"{len(some):,} vert{'ex weighs' if len(some) == 1 else 'ices weigh'} {way}"

"""The weights of single vertices while they are painted: what brush, lasso and sets do in the mode Weigh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import RefitError
from gui_app.history import History
from gui_app.mask_look import Shows
from gui_app.state import AppState
from gui_app.vertex_painting import VertexPainting

if TYPE_CHECKING:
    from core.inspection.mirror import MirrorMap

WEIGHT, LEAST_WEIGHT, MOST_WEIGHT = 4.0, 0.1, 10.0
ALIKE = "Every vertex weighs 1"


class WeightPainting(VertexPainting):
    """Gives vertices a weight."""

    stroke = "weight brush"
    unchanged = "The weights are as they were"

    def __init__(self, state: AppState, history: History) -> None:
        super().__init__(state, history)
        self.weight = WEIGHT

    @property
    def now(self) -> np.ndarray | None:
        """(V,) weights as they are painted now; None where all are alike."""
        return self.draft if self.draft is not None else self._state.weights

    @property
    def resets(self) -> bool:
        """Some do not weigh 1."""
        return self._state.weights is not None

    def shown(self, shows: Shows) -> Shows:
        """The weights."""
        return "weight"

    def adds(self, opposite: bool) -> bool:
        """The brush gives the weight, and not 1."""
        return not opposite

    def copy(self) -> np.ndarray:
        """(V,) float32 that may be changed."""
        now, valid = self.now, self._state.valid
        count = 0 if valid is None else len(valid)
        return np.ones(count, np.float32) if now is None else now.astype(np.float32)

    def begin(self) -> None:
        """Sets the brush down."""
        self.draft = self.copy()

    def use_lasso(self, vertices: np.ndarray, opposite: bool) -> None:
        """Gives the vertices that a line goes around the weight."""
        self.give(vertices, "weight lasso", opposite)

    def give(self, which: np.ndarray, words: str, opposite: bool = False) -> None:
        """Gives vertices, ids or booleans, the weight, or 1 the other way round."""
        self._make(words, self._dabbed(self.copy(), which, opposite))

    def use(self, which: np.ndarray, name: str) -> None:
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

    def _dabbed(self, draft: np.ndarray, vertices: np.ndarray, opposite: bool) -> np.ndarray:
        after = draft.copy()
        after[vertices] = self.weight if self.adds(opposite) else 1.0
        return after

    def _standing(self) -> object:
        return self._state.opened

    def _put(self, values: np.ndarray | None) -> None:
        self._state.set_weights(values)

    def _words(self) -> str:
        return ALIKE if self._state.weights is None else weighed_words(self._state.weights)


def weighed_words(weights: np.ndarray) -> str:
    """``512 vertices weigh ×0.5 to ×4``."""
    some = weights[weights != 1]
    least, most = float(some.min()), float(some.max())
    way = f"×{least:.3g}" if least == most else f"×{least:.3g} to ×{most:.3g}"
    return f"{len(some):,} vert{'ex weighs' if len(some) == 1 else 'ices weigh'} {way}"

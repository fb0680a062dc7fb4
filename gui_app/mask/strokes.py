"""What brush, lasso and sets do to the vertices: the mask of valid ones, or the weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import RefitError
from gui_app.document.history import History
from gui_app.document.state import AppState
from gui_app.scene.mask_colours import Shows

if TYPE_CHECKING:
    from core.geometry.mesh_graph import MeshGraph
    from core.geometry.mirror import MirrorMap

RUNNING = "The mask can be painted once the fit is over"


def why_blocked(state: AppState) -> str:
    """Why nothing can be painted now, as a sentence; '' where it can."""
    if state.document.opened is None:
        return "Open a motion: Ctrl+O"
    return RUNNING if state.activity.run.active else ""


def ready(state: AppState) -> bool:
    """Something is about to be painted; False, and a sentence, where that cannot be."""
    if blocked := why_blocked(state):
        state.activity.say(blocked)
        return False
    state.document.settle()
    return not why_blocked(state)


class VertexPainting(ABC):
    """A stroke is a draft until it ends; then it is a step."""

    stroke: ClassVar[str]
    unchanged: ClassVar[str]

    def __init__(self, state: AppState, history: History) -> None:
        self._state, self._history = state, history
        self.draft: np.ndarray | None = None
        self._said = ""

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

    def end_said(self) -> None:
        """What there is differs from what the status bar says of it."""
        self._state.activity.end(self._said)
        self._said = ""

    def _make(self, step: str, values: np.ndarray | None, quiet: bool = False) -> bool:
        """Makes what was painted a step; False, and a sentence, where that cannot be. It is ``quiet`` of what
        changes nothing."""
        if not ready(self._state):
            return False
        before = self._standing()
        try:
            self._put(values)
        except RefitError as error:
            self._state.activity.fail(str(error))
            return False
        if self._standing() is before:
            if not quiet:
                self._state.activity.say(self.unchanged)
            return False
        self._history.add(step, np.empty(0, np.intp))
        self._said = f"{step[:1].upper()}{step[1:]} · {self._words()}"
        self._state.activity.say(self._said)
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


# The mask of valid vertices while it is painted: what brush, lasso and sets do in Exclude and Include.


class ValidityPainting(VertexPainting):
    """Takes vertices out, or puts them back."""

    stroke = "mask brush"
    unchanged = "The mask is as it was"

    def __init__(self, state: AppState, history: History) -> None:
        super().__init__(state, history)
        self.puts_back = False

    @property
    def now(self) -> np.ndarray | None:
        """(V,) bool: the mask as it is painted now; None without a motion."""
        return self.draft if self.draft is not None else self._state.document.valid

    @property
    def resets(self) -> bool:
        """The mask is another than that of the models' files."""
        opened = self._state.document.opened
        return opened is not None and opened.bodies.correspondence.painted

    def shown(self, shows: Shows) -> Shows:
        """Not the weights."""
        return "validity" if shows == "weight" else shows

    def adds(self, opposite: bool) -> bool:
        """The brush puts back."""
        return self.puts_back != opposite

    def begin(self) -> None:
        """Sets the brush down."""
        if self._state.document.valid is not None:
            self.draft = self._state.document.valid.copy()

    def use_lasso(self, vertices: np.ndarray, opposite: bool) -> None:
        """Takes out the vertices that a line goes around, or puts them back."""
        if self._state.document.valid is not None:
            self._make("mask lasso", self._dabbed(self._state.document.valid, vertices, opposite))

    def use(self, which: np.ndarray, name: str) -> None:
        """Takes out a set of vertices, or puts it back."""
        if self.now is not None and self.puts_back:
            self._make(f"including {name}", self.now | which)
        elif self.now is not None:
            self._make(f"excluding {name}", self.now & ~which)

    def grow(self, graph: MeshGraph) -> None:
        """Takes out one more ring of vertices around those that are out."""
        from core.geometry.vertex_masks import grown

        if self.now is not None:
            self._make("growing the mask", ~grown(~self.now, graph))

    def shrink(self, graph: MeshGraph) -> None:
        """Puts the outermost ring of those that are out back."""
        from core.geometry.vertex_masks import shrunk

        if self.now is not None:
            self._make("shrinking the mask", ~shrunk(~self.now, graph))

    def invert(self) -> None:
        """Takes out what is valid, and puts back what was out."""
        if self.now is not None:
            self._make("inverting the mask", ~self.now)

    def mirror(self, mirror: MirrorMap) -> None:
        """Takes out the mirror image of what is out as well."""
        if self.now is not None:
            out = ~self.now
            self._make("mirroring the mask", ~(out | mirror.image(out)))

    def reset(self) -> None:
        """Back to the mask of the models' files."""
        if self._state.document.opened is not None:
            self._make("resetting the mask", self._state.document.opened.bodies.correspondence.own)

    def load(self, path: Path) -> None:
        """Takes the mask from a file."""
        from core.files.bodies.vertex_sets import read_vertex_list

        if self._state.document.valid is None:
            return
        try:
            found = read_vertex_list(path, len(self._state.document.valid))
        except RefitError as error:
            self._state.activity.fail(str(error))
            return
        if self._make(f"mask of {path.name}", found.valid):
            self._state.document.file_mask(path)
            way = "leaves out" if found.leaves_out else "names as valid"
            count = int(found.named.sum())
            self._state.activity.say(f"{path.name} {way} {count:,} vert{'ex' if count == 1 else 'ices'}")

    def save(self, path: Path, replace: bool) -> bool:
        """Writes the mask to a file; the sentence about it goes to the status bar."""
        from core.files.bodies.vertex_sets import write_vertex_list

        if self._state.document.valid is None:
            return False
        try:
            write_vertex_list(path, self._state.document.valid, overwrite=replace)
        except RefitError as error:
            self._state.activity.fail(str(error))
            return False
        self._state.document.file_mask(path)
        self._state.activity.say(
            f"Saved the {int(self._state.document.valid.sum()):,} valid vertices as {path.name}"
        )
        return True

    def _dabbed(self, draft: np.ndarray, vertices: np.ndarray, opposite: bool) -> np.ndarray:
        assert self._state.document.opened is not None
        after = draft.copy()
        after[vertices] = self.adds(opposite)
        filled: np.ndarray = self._state.document.opened.bodies.correspondence.filled
        return after & filled

    def _standing(self) -> object:
        return self._state.document.valid

    def _put(self, values: np.ndarray | None) -> None:
        if values is not None:
            self._state.document.set_mask(values)

    def _words(self) -> str:
        opened = self._state.document.opened
        return f"{int(opened.valid.sum()) if opened is not None else 0:,} vertices are valid"


# The weights of single vertices while they are painted: what brush, lasso and sets do in the mode Weight.

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
        return self.draft if self.draft is not None else self._state.document.weights

    @property
    def resets(self) -> bool:
        """Some do not weigh 1."""
        return self._state.document.weights is not None

    def shown(self, shows: Shows) -> Shows:
        """The weights."""
        return "weight"

    def adds(self, opposite: bool) -> bool:
        """The brush gives the weight, and not 1."""
        return not opposite

    def copy(self) -> np.ndarray:
        """(V,) float32 that may be changed."""
        now, valid = self.now, self._state.document.valid
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
        self.give(which, f"setting the weight of {name} to ×{self.weight:g}")

    def mirror(self, mirror: MirrorMap) -> None:
        """Gives the mirror image of each vertex that does not weigh 1 its weight as well."""
        weights = self.copy()
        self._make("mirroring the weights", np.where(weights == 1, weights[mirror.vertices], weights))

    def reset(self) -> None:
        """All weigh 1 again."""
        self._make("resetting the weights", None)

    def load(self, path: Path) -> None:
        """Takes the weights from a file."""
        from core.files.bodies.vertex_sets import read_vertex_weights

        try:
            found = read_vertex_weights(path, len(self.copy()))
        except RefitError as error:
            self._state.activity.fail(str(error))
            return
        if self._make(f"weights of {path.name}", found):
            self._state.document.file_weights(path)

    def save(self, path: Path, replace: bool) -> bool:
        """Writes the weights to a file; the sentence about it goes to the status bar."""
        from core.files.bodies.vertex_sets import write_vertex_weights

        weights = self.copy()
        try:
            write_vertex_weights(path, weights, overwrite=replace)
        except RefitError as error:
            self._state.activity.fail(str(error))
            return False
        self._state.document.file_weights(path)
        self._state.activity.say(
            f"Saved the weights of {int((weights != 1).sum()):,} vertices as {path.name}"
        )
        return True

    def _dabbed(self, draft: np.ndarray, vertices: np.ndarray, opposite: bool) -> np.ndarray:
        after = draft.copy()
        after[vertices] = self.weight if self.adds(opposite) else 1.0
        return after

    def _standing(self) -> object:
        return self._state.document.opened

    def _put(self, values: np.ndarray | None) -> None:
        self._state.document.set_weights(values)

    def _words(self) -> str:
        return ALIKE if self._state.document.weights is None else weighed_words(self._state.document.weights)


def weighed_words(weights: np.ndarray) -> str:
    """``512 vertices weigh ×0.5 to ×4``."""
    some = weights[weights != 1]
    least, most = float(some.min()), float(some.max())
    way = f"×{least:.3g}" if least == most else f"×{least:.3g} to ×{most:.3g}"
    return f"{len(some):,} vert{'ex weighs' if len(some) == 1 else 'ices weigh'} {way}"

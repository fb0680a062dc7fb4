"""The mask of valid vertices while it is painted: what brush, lasso and sets do in Take out and Put back."""

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
    from core.inspection.mesh_graph import MeshGraph
    from core.inspection.mirror import MirrorMap


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
        return self.draft if self.draft is not None else self._state.valid

    @property
    def resets(self) -> bool:
        """The mask is another than that of the models' files."""
        opened = self._state.opened
        return opened is not None and opened.bodies.correspondence.painted

    def shown(self, shows: Shows) -> Shows:
        """Not the weights."""
        return "validity" if shows == "weight" else shows

    def adds(self, opposite: bool) -> bool:
        """The brush puts back."""
        return self.puts_back != opposite

    def begin(self) -> None:
        """Sets the brush down."""
        if self._state.valid is not None:
            self.draft = self._state.valid.copy()

    def use_lasso(self, vertices: np.ndarray, opposite: bool) -> None:
        """Takes out the vertices that a line goes around, or puts them back."""
        if self._state.valid is not None:
            self._make("mask lasso", self._dabbed(self._state.valid, vertices, opposite))

    def use(self, which: np.ndarray, name: str) -> None:
        """Takes out a set of vertices, or puts it back."""
        if self.now is not None and self.puts_back:
            self._make(f"putting back {name}", self.now | which)
        elif self.now is not None:
            self._make(f"taking out {name}", self.now & ~which)

    def grow(self, graph: MeshGraph) -> None:
        """Takes out one more ring of vertices around those that are out."""
        from core.inspection.masks import grown

        if self.now is not None:
            self._make("growing the mask", ~grown(~self.now, graph))

    def shrink(self, graph: MeshGraph) -> None:
        """Puts the outermost ring of those that are out back."""
        from core.inspection.masks import shrunk

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
        if self._state.opened is not None:
            self._make("resetting the mask", self._state.opened.bodies.correspondence.own)

    def load(self, path: Path) -> None:
        """Takes the mask from a file."""
        from core.files.vertex_lists import read_vertex_list

        if self._state.valid is None:
            return
        try:
            found = read_vertex_list(path, len(self._state.valid))
        except RefitError as error:
            self._state.fail(str(error))
            return
        if self._make(f"mask of {path.name}", found.valid):
            way = "leaves out" if found.leaves_out else "names as valid"
            count = int(found.named.sum())
            self._state.say(f"{path.name} {way} {count:,} vert{'ex' if count == 1 else 'ices'}")

    def save(self, path: Path, replace: bool) -> bool:
        """Writes the mask to a file; the sentence about it goes to the status bar."""
        from core.files.vertex_lists import write_vertex_list

        if self._state.valid is None:
            return False
        try:
            write_vertex_list(path, self._state.valid, overwrite=replace)
        except RefitError as error:
            self._state.fail(str(error))
            return False
        self._state.say(f"Saved the {int(self._state.valid.sum()):,} valid vertices as {path.name}")
        return True

    def _dabbed(self, draft: np.ndarray, vertices: np.ndarray, opposite: bool) -> np.ndarray:
        assert self._state.opened is not None
        after = draft.copy()
        after[vertices] = self.adds(opposite)
        filled: np.ndarray = self._state.opened.bodies.correspondence.filled
        return after & filled

    def _standing(self) -> object:
        return self._state.valid

    def _put(self, values: np.ndarray | None) -> None:
        if values is not None:
            self._state.set_mask(values)

    def _words(self) -> str:
        opened = self._state.opened
        return f"{int(opened.valid.sum()) if opened is not None else 0:,} vertices are valid"

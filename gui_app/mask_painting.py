"""The mask of valid vertices while it is painted, or their weights: tools, strokes, steps in the history."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.history import History
from gui_app.mask_look import Shows
from gui_app.rest_distance import RestDistance
from gui_app.state import AppState
from gui_app.weight_painting import LEAST_WEIGHT, MOST_WEIGHT, WeightPainting

if TYPE_CHECKING:
    from gui_app.mask_worker import MaskTools

LEAST_RADIUS_MM, MOST_RADIUS_MM, RADIUS_MM = 2.0, 200.0, 30.0
RUNNING = "The mask can be painted once the fit is over"
NO_TOOLS = "The surface is being measured…"
NOTHING_CHANGED = "The mask is as it was"


class MaskPainting(QObject):
    """What is painted, and with what. A stroke is a draft until it ends; then it is a step.

    While it ``weighs``, brush, lasso and sets change the weights of vertices and not the mask.
    ``mask_changed``: the mask, or the draft of it. ``settings_changed``: brush, mode or colours.
    ``patch_changed``: what the brush would touch. ``tools_changed``: more of the tools can be used.
    """

    mask_changed = Signal()
    settings_changed = Signal()
    patch_changed = Signal()
    tools_changed = Signal()

    def __init__(
        self, state: AppState, history: History, rest: RestDistance, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self.rest = state, history, rest
        self.active = False
        self.brush_on = self.lasso_on = False
        self.puts_back = self.weighs = False
        self.weighing = WeightPainting(state, history)
        self.radius_mm = RADIUS_MM
        self.shows: Shows = "validity"
        self.tools: MaskTools | None = None
        self.draft: np.ndarray | None = None
        self.patch = np.empty(0, np.intp)
        self.patch_puts_back = False
        state.motion_changed.connect(self._on_motion)
        state.run_changed.connect(self._on_run)
        state.mask_changed.connect(self.mask_changed)

    @property
    def valid(self) -> np.ndarray | None:
        """(V,) bool: the mask as it is painted now; None without a motion."""
        return self.draft if self.draft is not None else self._state.valid

    @property
    def weights(self) -> np.ndarray | None:
        """(V,) weights of the vertices as they are painted now; None where all are alike."""
        return self.weighing.now

    @property
    def stroking(self) -> bool:
        """The brush is down."""
        return self.draft is not None or self.weighing.draft is not None

    @property
    def resets(self) -> bool:
        """There is something to go back from, in the mode that there is."""
        return self._state.weights is not None if self.weighs else self.painted

    @property
    def blocked(self) -> str:
        """Why nothing can be painted now, as a sentence; '' where it can."""
        if self._state.opened is None:
            return "Open a motion: Ctrl+O"
        return RUNNING if self._state.run.active else ""

    @property
    def painted(self) -> bool:
        """The mask is another than that of the models' files."""
        opened = self._state.opened
        return opened is not None and opened.bodies.correspondence.painted

    def set_active(self, active: bool) -> None:
        """Whether the panel is there; without it nothing is painted, and the skin has its own colours."""
        if active != self.active:
            self.active = active
            if not active:
                self.set_brush(False)
                self.set_lasso(False)
            self.settings_changed.emit()

    @Slot(bool)
    def set_brush(self, on: bool) -> None:
        """Takes the brush, or lays it down."""
        on = on and self.active
        if on != self.brush_on:
            self.brush_on = on
            if on:
                self.lasso_on = False
            else:
                self.end_stroke()
                self.point_at(None)
            self.settings_changed.emit()

    @Slot(bool)
    def set_lasso(self, on: bool) -> None:
        """Takes the lasso, or lays it down; brush and lasso are not in one hand."""
        on = on and self.active
        if on != self.lasso_on:
            if on:
                self.set_brush(False)
            self.lasso_on = on
            self.settings_changed.emit()

    def begin_lasso(self) -> bool:
        """A line is begun; False where nothing can be painted."""
        if self.blocked:
            self._state.say(self.blocked)
            return False
        self._state.settle()
        self._state.set_playing(False)
        return self._state.valid is not None and not self.blocked

    def use_lasso(self, vertices: np.ndarray, opposite: bool = False) -> None:
        """Takes out the vertices of the fit that a line goes around, or puts them back."""
        opened, valid = self._state.opened, self._state.valid
        if self.weighs:
            self._weigh(partial(self.weighing.give, vertices, "weight lasso", opposite))
        elif opened is not None and valid is not None:
            after = valid.copy()
            after[vertices] = self.puts_back != opposite
            self._make("mask lasso", after & opened.bodies.correspondence.filled)

    def set_radius(self, radius_mm: float) -> None:
        """Size of the brush, millimetres along the surface."""
        radius_mm = min(max(radius_mm, LEAST_RADIUS_MM), MOST_RADIUS_MM)
        if radius_mm != self.radius_mm:
            self.radius_mm = radius_mm
            self.settings_changed.emit()

    def set_puts_back(self, puts_back: bool) -> None:
        """Whether brush and sets make vertices valid, or take them out."""
        if puts_back != self.puts_back:
            self.puts_back = puts_back
            self.settings_changed.emit()

    def set_weighs(self, weighs: bool) -> None:
        """Whether brush and sets change weights in place of the mask; the colours follow."""
        if weighs != self.weighs:
            self.drop_stroke()
            self.weighs = weighs
            if weighs:
                self.shows = "weight"
            elif self.shows == "weight":
                self.shows = "validity"
            self.settings_changed.emit()

    def set_weight(self, weight: float) -> None:
        """What brush and sets make vertices weigh."""
        weight = min(max(weight, LEAST_WEIGHT), MOST_WEIGHT)
        if weight != self.weighing.weight:
            self.weighing.weight = weight
            self.settings_changed.emit()

    def set_shows(self, shows: Shows) -> None:
        """What the colours of the skin tell."""
        if shows != self.shows:
            self.shows = shows
            self.settings_changed.emit()

    def point_at(self, vertex: int | None, opposite: bool = False) -> None:
        """The brush is over a vertex of the fit, or beside it."""
        patch = np.empty(0, np.intp)
        if vertex is not None and self.tools is not None:
            patch = self.tools.graph.brush(vertex, self.radius_mm / 1000)
        puts_back = (self.weighs or self.puts_back) != opposite
        if puts_back != self.patch_puts_back or not np.array_equal(patch, self.patch):
            self.patch, self.patch_puts_back = patch, puts_back
            self.patch_changed.emit()

    def begin_stroke(self) -> bool:
        """Sets the brush down; False where it cannot be."""
        if self.blocked or self.tools is None:
            self._state.say(self.blocked or NO_TOOLS)
            return False
        self._state.settle()
        self._state.set_playing(False)
        if self._state.valid is None or self.blocked:
            return False
        if self.weighs:
            self.weighing.begin()
        else:
            self.draft = self._state.valid.copy()
        return True

    def dab(self, vertices: list[int], opposite: bool = False) -> None:
        """Paints around some vertices, along the surface and never through it."""
        opened = self._state.opened
        if self.weighs and self.tools is not None:
            radius = self.radius_mm / 1000
            found = np.concatenate([self.tools.graph.brush(vertex, radius) for vertex in vertices])
            if self.weighing.dab(found, opposite):
                self.mask_changed.emit()
            return
        if self.draft is None or self.tools is None or opened is None:
            return
        before = self.draft
        after = before.copy()
        for vertex in vertices:
            after[self.tools.graph.brush(vertex, self.radius_mm / 1000)] = self.puts_back != opposite
        after &= opened.bodies.correspondence.filled
        if not np.array_equal(after, before):
            self.draft = after
            self.mask_changed.emit()

    @Slot()
    def end_stroke(self) -> None:
        """Lifts the brush: the stroke is a step."""
        draft = self.draft
        if draft is not None:
            self.draft = None
            self._make("mask brush", draft, quiet=True)
            self.mask_changed.emit()
        elif self.weighing.draft is not None:
            self._weigh(self.weighing.end)
            self.weighing.draft = None
            self.mask_changed.emit()

    def drop_stroke(self) -> None:
        """Forgets the stroke under way."""
        if self.stroking:
            self.draft = self.weighing.draft = None
            self.mask_changed.emit()

    @Slot()
    def grow(self) -> None:
        """Takes out one more ring of vertices around those that are out."""
        from core.inspection.masks import grown

        if self.tools is not None and self.valid is not None:
            self._make("growing the mask", ~grown(~self.valid, self.tools.graph))

    @Slot()
    def shrink(self) -> None:
        """Puts the outermost ring of those that are out back."""
        from core.inspection.masks import shrunk

        if self.tools is not None and self.valid is not None:
            self._make("shrinking the mask", ~shrunk(~self.valid, self.tools.graph))

    @Slot()
    def invert(self) -> None:
        """Takes out what is valid, and puts back what was out."""
        if self.valid is not None:
            self._make("inverting the mask", ~self.valid)

    @Slot()
    def mirror(self) -> None:
        """Takes out the mirror image of what is out as well; of weights, gives it the same ones."""
        if self.weighs and self.tools is not None:
            self._weigh(partial(self.weighing.mirror, self.tools.mirror))
        elif self.tools is not None and self.valid is not None:
            out = ~self.valid
            self._make("mirroring the mask", ~(out | self.tools.mirror.image(out)))

    @Slot()
    def reset(self) -> None:
        """Back to the mask of the models' files, or to vertices that all weigh 1."""
        if self.weighs:
            self._weigh(self.weighing.reset)
        elif self._state.opened is not None:
            self._make("resetting the mask", self._state.opened.bodies.correspondence.own)

    def use_part(self, part: str) -> None:
        """Takes out a body part, or puts it back."""
        from core.inspection.masks import part_mask

        if self._state.opened is not None:
            self._use(part_mask(self._state.opened.bodies.target, part), part)

    def use_region(self, name: str) -> None:
        """Takes out a region, or puts it back."""
        if self.tools is not None and name in self.tools.regions:
            self._use(self.tools.regions[name], name)

    def beyond(self, distance_mm: float) -> np.ndarray | None:
        """(V,) bool: vertices further than this from the source's surface in the rest pose, or None while
        that is not known."""
        found = self.rest.found
        return None if found is None else np.asarray(found.distance_mm > distance_mm)

    def use_distance(self, distance_mm: float) -> None:
        """Takes out what is further than this from the source, or puts it back."""
        beyond = self.beyond(distance_mm)
        if beyond is not None:
            self._use(beyond, f"what is beyond {distance_mm:.1f} mm")

    def load(self, path: Path) -> None:
        """Takes the mask from a file, or the weights."""
        from core.files.vertex_lists import read_vertex_list

        if self._state.valid is None:
            return
        if self.weighs:
            self._weigh(partial(self.weighing.load, path))
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
        """Writes the mask to a file, or the weights; the sentence about it goes to the status bar."""
        from core.files.vertex_lists import write_vertex_list

        if self._state.valid is None:
            return False
        if self.weighs:
            return self.weighing.save(path, replace)
        try:
            write_vertex_list(path, self._state.valid, overwrite=replace)
        except RefitError as error:
            self._state.fail(str(error))
            return False
        self._state.say(f"Saved the {int(self._state.valid.sum()):,} valid vertices as {path.name}")
        return True

    def _use(self, which: np.ndarray, words: str) -> None:
        if self.weighs:
            self._weigh(partial(self.weighing.weigh, which, words))
        elif self.valid is not None and self.puts_back:
            self._make(f"putting back {words}", self.valid | which)
        elif self.valid is not None:
            self._make(f"taking out {words}", self.valid & ~which)

    def _weigh(self, change: Callable[[], None]) -> None:
        """Changes the weights, unless a fit runs."""
        if self.blocked:
            self._state.say(self.blocked)
            return
        self._state.settle()
        if not self.blocked:
            change()

    def _make(self, step: str, valid: np.ndarray, quiet: bool = False) -> bool:
        """Makes another mask a step; False, and a sentence, where that cannot be."""
        state = self._state
        if self.blocked:
            state.say(self.blocked)
            return False
        state.settle()
        if self.blocked:
            return False
        before = state.valid
        try:
            state.set_mask(valid)
        except RefitError as error:
            state.fail(str(error))
            return False
        if state.valid is before:
            if not quiet:
                state.say(NOTHING_CHANGED)
            return False
        self._history.add(step, np.empty(0, np.intp))
        if not quiet:
            count = int(opened.valid.sum()) if (opened := state.opened) is not None else 0
            state.say(f"{step[:1].upper()}{step[1:]} · {count:,} vertices are valid")
        return True

    def set_tools(self, tools: MaskTools | None) -> None:
        """More is known of the bodies."""
        self.tools = tools
        self.tools_changed.emit()

    @Slot()
    def _on_motion(self) -> None:
        self.draft = self.weighing.draft = None
        self.patch = np.empty(0, np.intp)
        opened = self._state.opened
        if self.tools is not None and (opened is None or not _same_target(self.tools, opened.bodies.target)):
            self.set_tools(None)
        self.mask_changed.emit()

    @Slot()
    def _on_run(self) -> None:
        if self._state.run.active:
            self.drop_stroke()
        self.settings_changed.emit()


def _same_target(tools: MaskTools, target: object) -> bool:
    return tools.bodies.target is target

"""The mask of valid vertices while it is painted, or their weights: tools, strokes, steps in the history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.history import History
from gui_app.document.rest_distance import RestDistance
from gui_app.document.state import AppState
from gui_app.mask.strokes import (
    LEAST_WEIGHT,
    MOST_WEIGHT,
    ValidityPainting,
    VertexPainting,
    WeightPainting,
    ready,
    why_blocked,
)
from gui_app.scene.mask_colours import Shows

if TYPE_CHECKING:
    from gui_app.mask.worker import MaskTools

LEAST_RADIUS_MM, MOST_RADIUS_MM, RADIUS_MM = 2.0, 200.0, 30.0
NO_TOOLS = "The surface is being measured…"


class MaskPainting(QObject):
    """What is painted, and with what. Brush, lasso and sets change what ``paint`` is: the validity of
    vertices, or their weights.

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
        self._state, self.rest = state, rest
        self.active = False
        self.brush_on = self.lasso_on = False
        self.validity = ValidityPainting(state, history)
        self.weighing = WeightPainting(state, history)
        self.paint: VertexPainting = self.validity
        self.radius_mm = RADIUS_MM
        self.shows: Shows = "validity"
        self.tools: MaskTools | None = None
        self.patch = np.empty(0, np.intp)
        self.patch_puts_back = False
        state.document.motion_changed.connect(self._on_motion)
        state.activity.run_changed.connect(self._on_run)
        state.document.mask_changed.connect(self._on_mask)

    @property
    def valid(self) -> np.ndarray | None:
        """(V,) bool: the mask as it is painted now; None without a motion."""
        return self.validity.now

    @property
    def weights(self) -> np.ndarray | None:
        """(V,) weights of the vertices as they are painted now; None where all are alike."""
        return self.weighing.now

    @property
    def stroking(self) -> bool:
        """The brush is down."""
        return self.paint.draft is not None

    @property
    def weighs(self) -> bool:
        """Brush, lasso and sets change weights in place of the mask."""
        return self.paint is self.weighing

    @property
    def puts_back(self) -> bool:
        """They make vertices valid, and do not take them out."""
        return self.validity.puts_back

    @property
    def resets(self) -> bool:
        """There is something to go back from, in the mode that there is."""
        return self.paint.resets

    @property
    def blocked(self) -> str:
        """Why nothing can be painted now, as a sentence; '' where it can."""
        return why_blocked(self._state)

    @property
    def painted(self) -> bool:
        """The mask is another than that of the models' files."""
        return self.validity.resets

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

    def begin(self) -> bool:
        """Something is about to be painted, on a body that stands still; False where nothing can be."""
        if not ready(self._state):
            return False
        self._state.playback.set_playing(False)
        return self._state.document.valid is not None

    def use_lasso(self, vertices: np.ndarray, opposite: bool = False) -> None:
        """Changes the vertices of the fit that a line goes around."""
        self.paint.use_lasso(vertices, opposite)

    def set_radius(self, radius_mm: float) -> None:
        """Size of the brush, millimetres along the surface."""
        radius_mm = min(max(radius_mm, LEAST_RADIUS_MM), MOST_RADIUS_MM)
        if radius_mm != self.radius_mm:
            self.radius_mm = radius_mm
            self.settings_changed.emit()

    def set_puts_back(self, puts_back: bool) -> None:
        """Whether brush and sets make vertices valid, or take them out."""
        if puts_back != self.puts_back:
            self.validity.puts_back = puts_back
            self.settings_changed.emit()

    def set_weighs(self, weighs: bool) -> None:
        """Whether brush and sets change weights in place of the mask; the colours follow."""
        if weighs != self.weighs:
            self.drop_stroke()
            self.paint = self.weighing if weighs else self.validity
            self.shows = self.paint.shown(self.shows)
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
        puts_back = self.paint.adds(opposite)
        if puts_back != self.patch_puts_back or not np.array_equal(patch, self.patch):
            self.patch, self.patch_puts_back = patch, puts_back
            self.patch_changed.emit()

    def begin_stroke(self) -> bool:
        """Sets the brush down; False where it cannot be."""
        if self.tools is None and not self.blocked:
            self._state.activity.say(NO_TOOLS)
            return False
        if not self.begin():
            return False
        self.paint.begin()
        return True

    def dab(self, vertices: list[int], opposite: bool = False) -> None:
        """Paints around some vertices, along the surface and never through it."""
        if self.tools is None or not self.stroking:
            return
        radius = self.radius_mm / 1000
        found = np.concatenate([self.tools.graph.brush(vertex, radius) for vertex in vertices])
        if self.paint.dab(found, opposite):
            self.paint.end_said()
            self.mask_changed.emit()

    @Slot()
    def end_stroke(self) -> None:
        """Lifts the brush: the stroke is a step."""
        if self.stroking:
            self.paint.end()
            self.mask_changed.emit()

    def drop_stroke(self) -> None:
        """Forgets the stroke under way."""
        if self.stroking:
            self.paint.draft = None
            self.mask_changed.emit()

    @Slot()
    def grow(self) -> None:
        """Takes out one more ring of vertices around those that are out."""
        if self.tools is not None:
            self.validity.grow(self.tools.graph)

    @Slot()
    def shrink(self) -> None:
        """Puts the outermost ring of those that are out back."""
        if self.tools is not None:
            self.validity.shrink(self.tools.graph)

    @Slot()
    def invert(self) -> None:
        """Takes out what is valid, and puts back what was out."""
        self.validity.invert()

    @Slot()
    def mirror(self) -> None:
        """Does to the mirror image of each vertex what was done to it."""
        if self.tools is not None:
            self.paint.mirror(self.tools.mirror)

    @Slot()
    def reset(self) -> None:
        """Back to the mask of the models' files, or to vertices that all weigh 1."""
        self.paint.reset()

    def use_part(self, part: str) -> None:
        """Changes a body part."""
        from core.geometry.vertex_masks import part_mask

        if self._state.document.opened is not None:
            self.paint.use(part_mask(self._state.document.opened.bodies.target, part), part)

    def use_region(self, name: str) -> None:
        """Changes a region."""
        if self.tools is not None and name in self.tools.regions:
            self.paint.use(self.tools.regions[name], name)

    def beyond(self, distance_mm: float) -> np.ndarray | None:
        """(V,) bool: vertices further than this from the source's surface in the rest pose, or None while
        that is not known."""
        found = self.rest.found
        return None if found is None else np.asarray(found.distance_mm > distance_mm)

    def use_distance(self, distance_mm: float) -> None:
        """Changes what is further than this from the source."""
        beyond = self.beyond(distance_mm)
        if beyond is not None:
            self.paint.use(beyond, f"what is beyond {distance_mm:.1f} mm")

    def load(self, path: Path) -> None:
        """Takes the mask from a file, or the weights."""
        if self._state.document.valid is not None:
            self.paint.load(path)

    def save(self, path: Path, replace: bool) -> bool:
        """Writes the mask to a file, or the weights; the sentence about it goes to the status bar."""
        return self._state.document.valid is not None and self.paint.save(path, replace)

    def set_tools(self, tools: MaskTools | None) -> None:
        """More is known of the bodies."""
        self.tools = tools
        if tools is not None:
            self._state.activity.end(NO_TOOLS)
        self.tools_changed.emit()

    @Slot()
    def _on_motion(self) -> None:
        self.paint.draft = None
        self.patch = np.empty(0, np.intp)
        opened = self._state.document.opened
        target = None if opened is None else opened.bodies.target
        if self.tools is not None and self.tools.bodies.target is not target:
            self.set_tools(None)
        self.mask_changed.emit()

    @Slot()
    def _on_mask(self) -> None:
        for paint in (self.validity, self.weighing):
            paint.end_said()
        self.mask_changed.emit()

    @Slot()
    def _on_run(self) -> None:
        if self._state.activity.run.active:
            self.drop_stroke()
        self.settings_changed.emit()

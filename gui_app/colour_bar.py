"""The slim scale beside the fit: millimetres from good to bad, or weights; violet for vertices without."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkRenderer, vtkTextActor

from gui_app import colours
from gui_app.colours import rgb
from gui_app.flat import flat_actor
from gui_app.in_place import write_points
from gui_app.labels import NARROW, place_text, text_actor
from gui_app.ramp import STEPS, ramp

RIGHT_MARGIN = 104
WIDTH = 8
# In a narrow view: as much as the longest tick needs, and the line on violet in the corner.
NARROW_MARGIN, NARROW_WIDTH = 54, 6
CORNER_MARGIN, CORNER_BOTTOM = 106, 8
TEXT_SIZE = 12
TICKS = 5


class ColourBar:
    """A vertical scale in pixels of its view; ``layout`` after every change of size.

    Args:
        renderer: of the view.
        strip: (256, 3) uint8 colours from the lowest to the highest; None for those of errors.
        unit: what stands above.
    """

    def __init__(self, renderer: vtkRenderer, strip: np.ndarray | None = None, unit: str = "mm") -> None:
        self._renderer = renderer
        self._range_mm: float | None = None
        self._points = np.zeros((2 * STEPS + 4, 3), np.float32)
        corners = np.arange(2 * STEPS).reshape(-1, 2)
        quads = np.column_stack([np.full(STEPS - 1, 4), corners[:-1], corners[1:, ::-1]])
        last = 2 * STEPS
        faces = np.append(quads.ravel(), [4, last, last + 1, last + 2, last + 3])
        self._mesh = pv.PolyData(self._points, faces)
        colour = np.repeat(ramp() if strip is None else strip, 2, axis=0)
        violet = np.tile(np.array(rgb(colours.INVALID_QUIET), np.uint8), (4, 1))
        self._mesh.point_data["colour"] = np.concatenate([colour, violet])
        self._mesh.GetPointData().SetActiveScalars("colour")
        self._bar = flat_actor(self._mesh)
        quiet = colours.TEXT_SECONDARY
        self._ticks = [text_actor("", TEXT_SIZE, quiet, vertical="centre") for _ in range(TICKS)]
        self._unit = text_actor(unit, TEXT_SIZE, quiet, vertical="centre")
        self._not_compared = text_actor("not compared", TEXT_SIZE - 1, quiet, vertical="centre")
        for actor in self._actors():
            renderer.AddViewProp(actor)

    def _actors(self) -> list[vtkActor2D | vtkTextActor]:
        return [self._bar, *self._ticks, self._unit, self._not_compared]

    def set_visible(self, visible: bool) -> None:
        """Shows or hides bar, ticks and unit together."""
        for actor in self._actors():
            actor.SetVisibility(visible)

    def set_range(self, range_mm: float) -> None:
        """The error at the top of the scale; asked for with every frame."""
        if range_mm == self._range_mm:
            return
        self._range_mm = range_mm
        for index, actor in enumerate(self._ticks):
            value = range_mm * index / (TICKS - 1)
            text = f"{value:.0f}" if abs(value - round(value)) < 1e-6 else f"{value:.1f}"
            actor.SetInput(f"≥ {text}" if index == TICKS - 1 else text)

    def set_ticks(self, words: tuple[str, ...]) -> None:
        """Words beside the scale, `TICKS` of them from the lowest to the highest."""
        for actor, text in zip(self._ticks, words, strict=True):
            actor.SetInput(text)

    def layout(self, size: tuple[int, int], scale: float) -> None:
        """Places everything in a view of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        view_width, view_height = size
        narrow = view_width < NARROW * scale
        height = min(0.46 * view_height, 300 * scale)
        bottom = (view_height - height) / 2
        left = view_width - (NARROW_MARGIN if narrow else RIGHT_MARGIN) * scale
        right = left + (NARROW_WIDTH if narrow else WIDTH) * scale
        points = self._points
        y = np.linspace(bottom, bottom + height, STEPS)
        points[: 2 * STEPS : 2] = np.column_stack([np.full(STEPS, left), y, np.zeros(STEPS)])
        points[1 : 2 * STEPS : 2] = np.column_stack([np.full(STEPS, right), y, np.zeros(STEPS)])
        text_left = right + 7 * scale
        for index, actor in enumerate(self._ticks):
            place_text(actor, text_left, bottom + height * index / (TICKS - 1))
        place_text(self._unit, left - 1 * scale, bottom + height + 20 * scale)
        low = (CORNER_BOTTOM if narrow else bottom / scale - 34) * scale
        if narrow:
            left = view_width - CORNER_MARGIN * scale
        right, high = left + WIDTH * scale, low + 8 * scale
        points[2 * STEPS :] = [(left, low, 0), (right, low, 0), (right, high, 0), (left, high, 0)]
        write_points(self._mesh, points)
        place_text(self._not_compared, right + 7 * scale, (low + high) / 2)

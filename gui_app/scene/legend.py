"""What colours mean: names beside them at the edge of a view, and the slim scale of the error."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkRenderer, vtkTextActor

from gui_app.scene.colour_maps import STEPS, ramp
from gui_app.scene.vtk_tools import (
    LABEL_MARGIN,
    LINE_HEIGHT,
    NARROW,
    flat_actor,
    place_text,
    text_actor,
    write_points,
)
from gui_app.style import colours
from gui_app.style.colours import rgb

ROW, LOW_ROW = 22, 18
SWATCH = 10
TEXT_SIZE, LOW_TEXT_SIZE = 12, 11
LETTER = 7.4
LOW = 2
LOW_LETTER = 6.0
BODY, LEGS = 0.2, 0.12
"""Half of the width of a body, and of its legs, of the height of its view."""
OF_LEGS = 0.35
"""So much of the height of a view, from its foot, is beside the legs."""


class Legend:
    """A column of swatches with words; ``layout`` after every change of size or of rows.

    Args:
        renderer: of the view.
        rows: words and colour of each.
        high: in the upper corner.
        short: the words of each row where the view is narrow, and shorter ones for where it is narrower
            still: then they stand beside the feet, where a body leaves most room. Where none of them have
            room there, nothing is shown.
    """

    def __init__(
        self,
        renderer: vtkRenderer,
        rows: tuple[tuple[str, str], ...],
        *,
        high: bool = False,
        short: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self._rows, self._high, self._short = rows, high, short
        self._visible, self._no_room = False, False
        count = len(rows)
        faces = np.column_stack([np.full(count, 4), np.arange(4 * count).reshape(-1, 4)])
        self._mesh = pv.PolyData(np.zeros((4 * count, 3), np.float32), faces.ravel())
        self._mesh.point_data["colour"] = np.repeat(
            np.array([rgb(colour) for _, colour in rows], np.uint8), 4, axis=0
        )
        self._mesh.GetPointData().SetActiveScalars("colour")
        self._swatches = flat_actor(self._mesh)
        self._words: list[vtkTextActor] = []
        renderer.AddViewProp(self._swatches)
        for words, _ in rows:
            actor = text_actor(words, TEXT_SIZE, colours.TEXT_SECONDARY, vertical="centre")
            # A body may stand behind them.
            actor.GetTextProperty().ShadowOn()
            renderer.AddViewProp(actor)
            self._words.append(actor)
        self.set_visible(False)

    def set_visible(self, visible: bool) -> None:
        """Shows or hides all of it."""
        self._visible = visible
        for actor in (self._swatches, *self._words):
            actor.SetVisibility(visible and not self._no_room)

    def _beside_feet(self, size: tuple[int, int], scale: float) -> tuple[str, ...] | None:
        """The longest words that have room beside the feet, None where none have."""
        width, height = size
        legs = LOW_ROW * scale * len(self._rows) < OF_LEGS * height
        room = width / 2 - (LEGS if legs else BODY) * height
        around = LABEL_MARGIN + SWATCH + 8
        fits = (
            words for words in self._short if (max(map(len, words)) * LOW_LETTER + around) * scale <= room
        )
        return next(fits, None)

    def layout(self, size: tuple[int, int], scale: float) -> None:
        """Places everything in a view of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        width, height = size
        longest = max(len(words) for words, _ in self._rows)
        left, row = width - (longest * LETTER + SWATCH + 24) * scale, ROW * scale
        top = height / 2 + row * len(self._rows) / 2
        narrow = width < NARROW * scale or left < width / 2 + BODY * height
        low = narrow and bool(self._short)
        words = self._beside_feet(size, scale) if low else None
        self._no_room = low and words is None
        self.set_visible(self._visible)
        if low:
            left, row = LABEL_MARGIN * scale, LOW_ROW * scale
            top = row * len(self._rows) + LABEL_MARGIN / 2 * scale
        elif self._high:
            # Below the words in the other corner, where there is no room beside them.
            top = height - (LABEL_MARGIN + LINE_HEIGHT * narrow) * scale
        elif len(self._rows) == 1 and narrow:
            # A line in the middle would lie on the body: into the lower corner.
            top = (ROW + LOW) * scale
        corners = np.zeros((len(self._rows), 4, 3), np.float32)
        half = SWATCH * scale / 2
        for index, actor in enumerate(self._words):
            actor.SetInput(self._rows[index][0] if words is None else words[index])
            actor.GetTextProperty().SetFontSize(LOW_TEXT_SIZE if low else TEXT_SIZE)
            middle = top - (index + 0.5) * row
            corners[index, :, 0] = (left, left + 2 * half, left + 2 * half, left)
            corners[index, :, 1] = (middle - half, middle - half, middle + half, middle + half)
            place_text(actor, left + (SWATCH + 8) * scale, middle)
        write_points(self._mesh, corners.reshape(-1, 3))


# The slim scale beside the fit: millimetres from good to bad, or weights; violet for vertices without.

RIGHT_MARGIN = 104
WIDTH = 8
# In a narrow view: as much as the longest tick needs, and the line on violet in the corner.
NARROW_MARGIN, NARROW_WIDTH = 54, 6
CORNER_MARGIN, CORNER_BOTTOM = 106, 8
# Where a body would stand behind it: a strip at the foot with the word of its far end, or nothing.
STRIP_MARGIN, STRIP_HEIGHT, STRIP_WIDTH, LEAST_STRIP = 8, 5, 80, 24
BAR_TEXT_SIZE = 12
TICKS = 5
INVALID = ("invalid", "INVALID_QUIET")
"""Words and colour of vertices that have no number."""


class ColourBar:
    """A vertical scale in pixels of its view; ``layout`` after every change of size.

    It gives way to the body: in a view that has no room beside it, it lies at the foot, and in one that has
    none there either it is not shown.

    Args:
        renderer: of the view.
        strip: (256, 3) uint8 colours from the lowest to the highest; None for those of errors.
        unit: what stands above.
        apart: words and colour of what is on no scale; None where nothing is.
    """

    def __init__(
        self,
        renderer: vtkRenderer,
        strip: np.ndarray | None = None,
        unit: str = "mm",
        apart: tuple[str, str] | None = INVALID,
    ) -> None:
        self._renderer = renderer
        self._range_mm: float | None = None
        self._visible, self._lies, self._no_room = True, False, False
        self._size, self._scale = (0, 0), 1.0
        self._points = np.zeros((2 * STEPS + 4, 3), np.float32)
        corners = np.arange(2 * STEPS).reshape(-1, 2)
        quads = np.column_stack([np.full(STEPS - 1, 4), corners[:-1], corners[1:, ::-1]])
        last = 2 * STEPS
        faces = np.append(quads.ravel(), [4, last, last + 1, last + 2, last + 3])
        self._mesh = pv.PolyData(self._points, faces)
        colour = np.repeat(ramp() if strip is None else strip, 2, axis=0)
        self._has_apart = self._apart = apart is not None
        words, role = apart or ("", INVALID[1])
        violet = np.tile(np.array(rgb(colours.of(role)), np.uint8), (4, 1))
        self._mesh.point_data["colour"] = np.concatenate([colour, violet])
        self._mesh.GetPointData().SetActiveScalars("colour")
        self._bar = flat_actor(self._mesh)
        quiet = colours.TEXT_SECONDARY
        self._ticks = [text_actor("", BAR_TEXT_SIZE, quiet, vertical="centre") for _ in range(TICKS)]
        self._unit = text_actor(unit, BAR_TEXT_SIZE, quiet, vertical="centre")
        self._not_compared = text_actor(words, BAR_TEXT_SIZE - 1, quiet, vertical="centre")
        for actor in self._actors():
            renderer.AddViewProp(actor)

    def _actors(self) -> list[vtkActor2D | vtkTextActor]:
        return [self._bar, *self._ticks, self._unit, self._not_compared]

    def set_visible(self, visible: bool, *, apart: bool = True) -> None:
        """Shows or hides bar, ticks and unit together, and with ``apart`` what is on no scale."""
        self._visible = visible
        if self._has_apart and apart != self._apart:
            self._apart = apart
            self._lay_out_again()
        self._show()

    def _show(self) -> None:
        here = self._visible and not self._no_room
        for actor in (self._bar, self._ticks[-1], self._unit):
            actor.SetVisibility(here)
        for actor in self._ticks[:-1]:
            actor.SetVisibility(here and not self._lies)
        self._not_compared.SetVisibility(here and not self._lies and self._apart)

    def set_range(self, range_mm: float) -> None:
        """The error at the top of the scale; asked for with every frame."""
        if range_mm == self._range_mm:
            return
        self._range_mm = range_mm
        for index, actor in enumerate(self._ticks):
            value = range_mm * index / (TICKS - 1)
            text = f"{value:.0f}" if abs(value - round(value)) < 1e-6 else f"{value:.1f}"
            actor.SetInput(f"≥ {text}" if index == TICKS - 1 else text)
        self._lay_out_again()

    def set_ticks(self, words: tuple[str, ...]) -> None:
        """Words beside the scale, `TICKS` of them from the lowest to the highest."""
        for actor, text in zip(self._ticks, words, strict=True):
            actor.SetInput(text)
        self._lay_out_again()

    def _lay_out_again(self) -> None:
        if self._size != (0, 0):
            self.layout(self._size, self._scale)

    def layout(self, size: tuple[int, int], scale: float) -> None:
        """Places everything in a view of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        self._size, self._scale = size, scale
        width, height = size
        self._lies = width / 2 - BODY * height < NARROW_MARGIN * scale
        self._no_room = self._lies and self._strip_width() < LEAST_STRIP
        self._points[:] = 0
        if self._lies:
            self._lay_down()
        else:
            self._stand()
        write_points(self._mesh, self._points)
        self._show()

    def _strip_width(self) -> float:
        """Logical pixels."""
        letters = len(self._ticks[-1].GetInput()) + 1 + len(self._unit.GetInput())
        room = self._size[0] / self._scale - 2 * STRIP_MARGIN - letters * LETTER
        return min(STRIP_WIDTH, room)

    def _lay_down(self) -> None:
        scale = self._scale
        left, low = STRIP_MARGIN * scale, STRIP_MARGIN * scale
        right, high = left + self._strip_width() * scale, low + STRIP_HEIGHT * scale
        x, flat = np.linspace(left, right, STEPS), np.zeros(STEPS)
        self._points[: 2 * STEPS : 2] = np.column_stack([x, flat + high, flat])
        self._points[1 : 2 * STEPS : 2] = np.column_stack([x, flat + low, flat])
        middle, place = (low + high) / 2, right + STRIP_MARGIN / 2 * scale
        place_text(self._ticks[-1], place, middle)
        place_text(self._unit, place + (len(self._ticks[-1].GetInput()) + 1) * LETTER * scale, middle)

    def _stand(self) -> None:
        (view_width, view_height), scale = self._size, self._scale
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
        if self._apart:
            points[2 * STEPS :] = [(left, low, 0), (right, low, 0), (right, high, 0), (left, high, 0)]
        place_text(self._not_compared, right + 7 * scale, (low + high) / 2)

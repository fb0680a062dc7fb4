"""Names beside their colours, at the right edge of a view or in a corner."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from gui_app import colours
from gui_app.colours import rgb
from gui_app.flat import flat_actor
from gui_app.in_place import write_points
from gui_app.labels import LABEL_MARGIN, LINE_HEIGHT, NARROW, place_text, text_actor

ROW, LOW_ROW = 22, 18
SWATCH = 10
TEXT_SIZE, LOW_TEXT_SIZE = 12, 11
LETTER = 7.4
LOW = 2


class Legend:
    """A column of swatches with words; ``layout`` after every change of size or of rows.

    Args:
        renderer: of the view.
        rows: words and colour of each.
        high: in the upper corner.
        short: the words of each row where the view is narrow: then they stand beside the feet, where a body
            leaves most room.
    """

    def __init__(
        self,
        renderer: vtkRenderer,
        rows: tuple[tuple[str, str], ...],
        *,
        high: bool = False,
        short: tuple[str, ...] = (),
    ) -> None:
        self._rows, self._high, self._short = rows, high, short
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
        for actor in (self._swatches, *self._words):
            actor.SetVisibility(visible)

    def layout(self, size: tuple[int, int], scale: float) -> None:
        """Places everything in a view of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        width, height = size
        longest = max(len(words) for words, _ in self._rows)
        left, row = width - (longest * LETTER + SWATCH + 24) * scale, ROW * scale
        top = height / 2 + row * len(self._rows) / 2
        narrow = width < NARROW * scale
        low = narrow and bool(self._short)
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
            actor.SetInput(self._short[index] if low else self._rows[index][0])
            actor.GetTextProperty().SetFontSize(LOW_TEXT_SIZE if low else TEXT_SIZE)
            middle = top - (index + 0.5) * row
            corners[index, :, 0] = (left, left + 2 * half, left + 2 * half, left)
            corners[index, :, 1] = (middle - half, middle - half, middle + half, middle + half)
            place_text(actor, left + (SWATCH + 8) * scale, middle)
        write_points(self._mesh, corners.reshape(-1, 3))

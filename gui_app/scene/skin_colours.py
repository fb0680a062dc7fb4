"""What the colours of the skin can tell. Each says all of itself; menus, palette, legends, pictures and
sessions are made from the list.

A colour is either that of a body's vertices, the same in every frame, or a number for each vertex of the
frame, which a scale of fixed colours shows. Numbers that have to be worked out come from ``core``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gui_app.scene.colour_maps import (
    DEFAULT_RANGE_MM,
    invalid_colours,
    part_colours,
    place_colours,
    plain_colours,
)
from gui_app.scene.subject import BodyShape, FramePicture, SceneDescription
from gui_app.style import colours

Rows = tuple[tuple[str, str], ...]
INVALID_WORDS = "invalid vertices"


@dataclass(frozen=True)
class Scale:
    """The slim bar beside the fit.

    Attributes:
        unit: what stands above it.
        most: the number at its far end, from 0; None for the millimetres that are set in the toolbar, for
            each such colour by itself.
        usual: these millimetres where nobody has set any.
        invalid: some vertices may have no number.
    """

    unit: str
    most: float | None = None
    usual: float = DEFAULT_RANGE_MM
    invalid: bool = True


@dataclass(frozen=True, eq=False)
class Moment:
    """One body in one frame.

    Attributes:
        body: ``'source'``, ``'fit'``, or ``'second'`` for a second fit beside the first.
        picture: the frame, of source and of the first or the second fit.
        subject: the motion.
        other: the frame with the other of the two fits; None where there is but one.
    """

    body: str
    picture: FramePicture
    subject: SceneDescription
    other: FramePicture | None = None

    @property
    def vertices(self) -> np.ndarray | None:
        """(V, 3) metres in the motion's own world; None where the frame is not fitted."""
        return self.picture.source_vertices if self.body == "source" else self.picture.fit_vertices


@dataclass(frozen=True)
class SkinColour:
    """One colour; with ``of_shape`` or with ``values`` and a ``scale``, or plain.

    Attributes:
        name: unique; sessions and preferences keep it, and its action is ``colour_NAME``.
        text: in menus, with the unit.
        word: on the button, after "Colour:".
        tip: its tooltip.
        keys: its shortcut, if it has one.
        on_both: the source wears it as well.
        of_shape: takes a body, which of its vertices (V,) bool are valid, and the body's own colour; gives
            (V, 3) uint8, the same in every frame.
        values: (V,) numbers of a body in a frame, NaN for vertices without; None where there are none.
        scale: of the values.
        legend: words and colour of each, in the theme in use.
        of_body: the legend is of a body, whether there is a fit or not; otherwise of the fit.
        missing: a sentence for where there are no values, in lines; they are plain then.
    """

    name: str
    text: str
    word: str
    tip: str
    keys: tuple[str, ...] = ()
    on_both: bool = False
    of_shape: Callable[[BodyShape, np.ndarray, str], np.ndarray] | None = None
    values: Callable[[Moment], np.ndarray | None] | None = None
    scale: Scale | None = None
    legend: Callable[[], Rows] | None = None
    of_body: bool = False
    missing: str = ""

    @property
    def in_range(self) -> bool:
        """It is shown up to the millimetres that are set in the toolbar."""
        return self.scale is not None and self.scale.most is None

    @property
    def usual_range(self) -> float:
        """The number at the far end of its scale where nobody has set one; 0 without a scale."""
        return 0.0 if self.scale is None else self.scale.usual if self.scale.most is None else self.scale.most


def part_rows() -> Rows:
    """Name and colour of each body part."""
    from core.model.joints import PARTS

    return tuple(zip(PARTS, colours.PARTS, strict=True))


def invalid_rows() -> Rows:
    """That of vertices which are not compared."""
    return ((INVALID_WORDS, colours.INVALID_SKIN),)


ERROR = SkinColour(
    "error",
    "v2v error (mm)",
    "error",
    "How far each vertex is from its target",
    values=lambda moment: moment.picture.error_mm,
    scale=Scale("mm"),
)


def _apart_mm(moment: Moment) -> np.ndarray | None:
    other = moment.other.fit_vertices if moment.other is not None else None
    if moment.body == "source" or moment.vertices is None or other is None:
        return None
    from core.measure.fit_distance import vertex_distance_mm

    return vertex_distance_mm(moment.vertices, other)


DIFFERENCE = SkinColour(
    "apart",
    "Difference A–B (mm)",
    "difference A–B",
    "How far each vertex is from its place in the second fit",
    values=_apart_mm,
    scale=Scale("mm A–B", usual=5.0, invalid=False),
    missing="No second fit to compare with yet:\nView, Compare two fits (V)",
)
INVALID = SkinColour(
    "invalid",
    "Invalid vertices",
    "invalid vertices",
    "Vertices without a counterpart",
    of_shape=lambda _shape, valid, own: invalid_colours(valid, own),
    legend=invalid_rows,
)
PARTS = SkinColour(
    "parts",
    "Body parts",
    "body parts",
    "The parts that errors are given for",
    on_both=True,
    of_shape=lambda shape, _valid, _own: part_colours(shape),
    legend=part_rows,
    of_body=True,
)
CORRESPONDENCE = SkinColour(
    "correspondence",
    "Correspondence",
    "correspondence",
    "The fit has the colours of where it maps to on the source",
    on_both=True,
    of_shape=lambda shape, valid, _own: place_colours(shape.place, valid),
    legend=invalid_rows,
)
PLAIN = SkinColour(
    "plain",
    "Plain",
    "plain",
    "One colour for each body",
    of_shape=lambda shape, _valid, own: plain_colours(shape.size, own),
)

COLOURS = (ERROR, DIFFERENCE, INVALID, PARTS, CORRESPONDENCE, PLAIN)
"""In the order of the menus."""
COLOUR = {colour.name: colour for colour in COLOURS}

"""How the bodies may be shown: layouts, colourings and layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gui_app.scene.skin_colours import COLOUR

LayoutName = Literal["side", "overlay", "source", "fit"]
"""Side by side, the fit over a ghost of the source, or one body alone."""

LAYOUTS: tuple[LayoutName, ...] = ("side", "overlay", "source", "fit")

Place = tuple[float, float, float, float] | None


def places(layout: LayoutName, compares: bool) -> tuple[Place, Place, Place]:
    """Where the views of the source, the fit and the second fit are in the window, which share its width;
    None for those that the layout does without."""
    source, fit = layout in ("side", "source"), layout != "source"
    drawn = (source, fit, fit and compares)
    width, found, left = 1 / sum(drawn), list[Place](), 0.0
    for there in drawn:
        found.append((left, 0.0, min(left + width, 1.0), 1.0) if there else None)
        left += width * there
    return found[0], found[1], found[2]


Colouring = str
"""One of `COLOURINGS`."""

COLOURINGS: tuple[Colouring, ...] = tuple(COLOUR)
"""The names of `gui_app.scene.skin_colours`."""


@dataclass(frozen=True)
class Layers:
    """What is drawn.

    Attributes:
        skin: the surface of the bodies.
        opacity: of the skin, 0..1.
        wireframe: its edges.
        skeleton: bones and joints, over the skin.
        ground: grid, light and shadow.
        trajectory: path of the pelvis over the motion.
    """

    skin: bool = True
    opacity: float = 1.0
    wireframe: bool = False
    skeleton: bool = False
    ground: bool = True
    trajectory: bool = False


LAYERS = ("skin", "wireframe", "skeleton", "ground", "trajectory")
"""The names of the layers that are there or not."""

LEAST_OPACITY = 0.1

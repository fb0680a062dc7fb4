"""How the mask of valid vertices is coloured on the fit's skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gui_app.scene.colour_maps import STEPS, error_colours
from gui_app.style import colours

Shows = Literal["validity", "distance", "weight", "difference"]

# How much of a colour is left where the brush would touch, or under what is not valid.
UNDER_BRUSH, UNDER_INVALID = 0.45, 0.5
DIFFERENCE_MM = 5.0
"""Where the colours of the difference between two correspondences end: beyond it vertices are counted."""
IN_ONE_ONLY = "in one of the two only"


@dataclass(frozen=True, eq=False)
class MaskLook:
    """Colours of the fit's vertices, (V, 3) uint8, and what they tell."""

    colours: np.ndarray
    shows: Shows


MASK_WORDS = (
    ("valid", "no counterpart", "by mask file", "by hand"),
    ("valid", "no pair", "by file", "by hand"),
)
"""The words of `mask_rows` where there is little room, and where there is less."""


def mask_rows() -> tuple[tuple[str, str], ...]:
    """Words and colours in the order of `core.inspection.mask_report.Reason`."""
    return (
        ("valid", colours.FIT_SKIN),
        ("no counterpart", colours.INVALID_QUIET),
        ("excluded by mask file", colours.INVALID_SKIN),
        ("excluded by hand", colours.TAKEN_OUT),
    )


def validity_colours(reasons: np.ndarray) -> np.ndarray:
    """(V, 3) uint8 from (V,) `core.inspection.mask_report.Reason`."""
    return np.array([colours.rgb(colour) for _, colour in mask_rows()], np.uint8)[reasons]


def distance_colours(distance_mm: np.ndarray, range_mm: float, valid: np.ndarray) -> np.ndarray:
    """(V, 3) uint8: the distance of each vertex, veiled where it is not ``valid``."""
    out = np.empty((len(distance_mm), 3), np.uint8)
    error_colours(distance_mm, range_mm, out)
    return _mixed(out, ~valid, colours.INVALID_SKIN, UNDER_INVALID)


def weight_colours(weights: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(V, 3) uint8: less than 1 and more than 1 in hues of their own, veiled where it is not ``valid``."""
    out = weight_ramp()[np.round((np.log10(weights) + 1) / 2 * (STEPS - 1)).clip(0, STEPS - 1).astype(int)]
    out[~valid] = colours.rgb(colours.INVALID_QUIET)
    return out


def weight_ramp() -> np.ndarray:
    """(256, 3) uint8: from 0.1 by way of 1, the skin's own colour, to 10; even in the logarithm."""
    ends = np.array([colours.rgb(one) for one in (colours.LIGHTER, colours.FIT_SKIN, colours.HEAVIER)], float)
    at = np.linspace(-1, 1, STEPS)
    mixed = np.column_stack([np.interp(at, (-1, 0, 1), ends[:, channel]) for channel in range(3)])
    return np.round(mixed).astype(np.uint8)


def difference_colours(distance_mm: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """(V, 3) uint8: how far the two counterparts of each vertex lie apart; ``alone`` are ids of vertices that
    have one counterpart only."""
    out = np.empty((len(distance_mm), 3), np.uint8)
    error_colours(distance_mm, DIFFERENCE_MM, out)
    out[alone] = colours.rgb(colours.TAKEN_OUT)
    return out


def with_patch(base: np.ndarray, patch: np.ndarray, colour: str) -> np.ndarray:
    """The colours with those of some vertices, ids, mixed with that of the brush."""
    return _mixed(base, patch, colour, UNDER_BRUSH) if len(patch) else base


def _mixed(base: np.ndarray, which: np.ndarray, colour: str, kept: float) -> np.ndarray:
    out = base.copy()
    other = np.array(colours.rgb(colour))
    out[which] = np.round(kept * base[which] + (1 - kept) * other).astype(np.uint8)
    return out

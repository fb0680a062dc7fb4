"""How the mask of valid vertices is coloured on the fit's skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gui_app import colours
from gui_app.ramp import error_colours

Shows = Literal["validity", "distance", "difference"]

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


def mask_rows() -> tuple[tuple[str, str], ...]:
    """Words and colours in the order of `core.inspection.mask_report.Reason`."""
    return (
        ("valid", colours.FIT_SKIN),
        ("no counterpart", colours.INVALID_QUIET),
        ("left out by the list", colours.INVALID_SKIN),
        ("taken out by hand", colours.TAKEN_OUT),
    )


def validity_colours(reasons: np.ndarray) -> np.ndarray:
    """(V, 3) uint8 from (V,) `core.inspection.mask_report.Reason`."""
    return np.array([colours.rgb(colour) for _, colour in mask_rows()], np.uint8)[reasons]


def distance_colours(distance_mm: np.ndarray, range_mm: float, valid: np.ndarray) -> np.ndarray:
    """(V, 3) uint8: the distance of each vertex, veiled where it is not ``valid``."""
    out = np.empty((len(distance_mm), 3), np.uint8)
    error_colours(distance_mm, range_mm, out)
    return _mixed(out, ~valid, colours.INVALID_SKIN, UNDER_INVALID)


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

"""Colours of a body's vertices that do not change from frame to frame."""

from __future__ import annotations

import numpy as np

from gui_app import colours
from gui_app.subject import BodyShape


def plain_colours(size: int, colour: str) -> np.ndarray:
    """(size, 3) uint8: one colour all over."""
    return np.tile(np.array(colours.rgb(colour), np.uint8), (size, 1))


def part_colours(shape: BodyShape) -> np.ndarray:
    """(V, 3) uint8: a colour for each body part, in the order of `core.joints.PARTS`."""
    palette = np.array([colours.rgb(colour) for colour in colours.PARTS], np.uint8)
    return palette[shape.part]


def invalid_colours(valid: np.ndarray, colour: str) -> np.ndarray:
    """(V, 3) uint8: violet where a vertex is not ``valid``, (V,) bool, ``colour`` elsewhere."""
    result = plain_colours(len(valid), colour)
    result[~valid] = colours.rgb(colours.INVALID_SKIN)
    return result

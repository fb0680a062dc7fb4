"""Worlds with different axes up: which coordinate is the height, and points of one world in another."""

from __future__ import annotations

import numpy as np

from core.model.motion import UpAxis


def vertical(up_axis: UpAxis) -> tuple[int, list[int], int]:
    """The coordinate that is the height, the two that are not, and -1 where it counts downwards, else 1."""
    height = "xyz".index(up_axis[-1])
    return height, [axis for axis in range(3) if axis != height], -1 if up_axis[0] == "-" else 1


# Of each coordinate of a z-up world, which one of another world it is, and its sign.
_Z_UP: dict[str, tuple[tuple[int, int], ...]] = {
    "z": ((0, 1), (1, 1), (2, 1)),
    "-z": ((0, 1), (1, -1), (2, -1)),
    "y": ((0, 1), (2, -1), (1, 1)),
    "-y": ((0, 1), (2, 1), (1, -1)),
    "x": ((2, -1), (1, 1), (0, 1)),
    "-x": ((2, 1), (1, 1), (0, -1)),
}


def turned(points: np.ndarray, from_up: str, to_up: str) -> np.ndarray:
    """Points (..., 3) of a world with one axis up in a world with another."""
    if from_up == to_up:
        return points
    found = np.empty_like(points)
    for (source, sign), (place, other) in zip(_Z_UP[from_up], _Z_UP[to_up], strict=True):
        np.multiply(points[..., source], sign * other, out=found[..., place])
    return found

"""Positions far from the origin of their world: kept from an origin of their own, without loss."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

# Metres from which on float32 has no tenths of millimetres.
_FAR = 1000.0
NOWHERE = 1e12
"""Nothing is as far away, in millimetres of a geographic world either."""


def somewhere(trans: np.ndarray) -> np.ndarray:
    """(T,) bool: positions (T, 3) in whatever unit at which there can be somebody."""
    with np.errstate(invalid="ignore"):
        found: np.ndarray = (np.abs(trans) < NOWHERE).all(1)
    return found


def near_origin(
    trans: np.ndarray, known: np.ndarray | None = None
) -> tuple[np.ndarray, tuple[float, float, float] | None]:
    """(T, 3) float32 positions near an origin of their own, without loss, and it; None for the world's own.

    Args:
        trans: (T, 3) float64 metres in the file's world.
        known: (3,) finite, the origin that a result of Refit was worked out from; None to look for one.
    """
    good = trans[somewhere(trans)]
    if known is not None:
        middle = known
    elif len(good):
        middle = origin_near(np.median(good, axis=0))
    else:
        middle = np.zeros(3)
    with np.errstate(over="ignore", invalid="ignore"):
        near = (trans - middle).astype(np.float32)
    return near, as_origin(middle)


def origin_near(middle: np.ndarray) -> np.ndarray:
    """(3,) metres: where the origin of positions about ``middle`` is put; along an axis along which they are
    near the world's own it is that.
    """
    return np.where(np.abs(middle) < _FAR, 0.0, middle.round())


def as_origin(middle: np.ndarray) -> tuple[float, float, float] | None:
    """Where an origin lies, None for the world's own."""
    x, y, z = middle.tolist()
    return (x, y, z) if middle.any() else None


def exact_numbers(place: Iterable[float]) -> list[str]:
    """Coordinates without loss, as short as they can be told."""
    return [f"{value + 0.0:.15g}" for value in place]


def far_note(origin: tuple[float, float, float]) -> str:
    """A sentence on positions that are kept from an origin of their own."""
    where = ", ".join(exact_numbers(origin))
    return (
        f"The positions lie far from the origin: work is relative to ({where}), and so are meshes, which say "
        "so in a comment; results and tables are in their world."
    )

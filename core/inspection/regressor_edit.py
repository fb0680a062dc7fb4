"""Weights of a J_regressor changed by hand: every function gives a new matrix, the old one stays."""

from __future__ import annotations

import numpy as np

from core.errors import RefitError


def with_weight(regressor: np.ndarray, joint: int, vertex: int, weight: float) -> np.ndarray:
    """One weight set; zero takes the vertex out.

    Args:
        regressor: (J, V).
        joint: id.
        vertex: id.
        weight: any finite number.

    Returns:
        (J, V) of the same type.
    """
    if not np.isfinite(weight):
        raise RefitError(f"{weight} is no weight; it must be a finite number.")
    out = regressor.copy()
    out[joint, vertex] = weight
    return out


def renormalised(regressor: np.ndarray, joint: int) -> np.ndarray:
    """A joint's row scaled so that it sums to one.

    Raises:
        RefitError: its weights sum to zero.
    """
    total = regressor[joint].astype(np.float64).sum()
    if abs(total) < 1e-9:
        raise RefitError("The weights of this joint sum to zero: they cannot be scaled to sum to one.")
    out = regressor.copy()
    out[joint] = regressor[joint] / total
    return out

"""A joint over a motion: between both bodies, and between two ways to find it on one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.bodies import BodyPair
from core.fitting.result import FitResult
from core.inspection.regressed import regressed_difference_mm
from core.motion import Motion
from core.posed import check_belonging


@dataclass(frozen=True)
class SeriesFigures:
    """What a series of millimetres comes to.

    Attributes:
        mean: over the frames that have a value.
        largest: of them.
        frame: the first with the largest.
    """

    mean: float
    largest: float
    frame: int


def series_figures(values: np.ndarray) -> SeriesFigures | None:
    """Mean and maximum of (T,) values, None where not one is finite."""
    finite = np.isfinite(values)
    if not finite.any():
        return None
    frame = int(np.where(finite, values, -np.inf).argmax())
    return SeriesFigures(float(values[finite].mean(dtype=np.float64)), float(values[frame]), frame)


def regressed_over_fit_mm(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    which: Literal["source", "fit"],
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Distance of each joint that ``J_regressor`` finds on the posed skin from that of the chain.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        which: the body looked at.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Returns:
        (T, J) float32 millimetres, NaN in frames without a pose.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    if which == "source":
        return regressed_difference_mm(motion, bodies.source, on_progress=on_progress)
    check_belonging(motion, bodies, result)
    found = regressed_difference_mm(result.as_motion(), bodies.target, on_progress=on_progress)
    found[~result.fitted] = np.nan
    return found

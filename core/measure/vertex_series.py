"""How far a few vertices of a fit are off over a whole motion, and two vertices from each other, without
posing the rest of the skin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from core.measure.counted_vertices import counted_valid
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posed_points import CHUNK, PosedPoints
from core.model.posing import check_belonging
from core.model.vertex_errors import lengths_mm


def vertex_series(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    vertices: Sequence[int],
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Distances of some vertices of a fit from their targets.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit, as long as the motion.
        vertices: ids of n target vertices.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Returns:
        (T, n) float32 millimetres, NaN for frames without a fit and for vertices without a target.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    check_belonging(motion, bodies, result)
    ids, count, fit = np.asarray(vertices, dtype=int), len(motion), result.as_motion()
    usable = motion.finite_frames() & result.fitted & fit.finite_frames()
    corners = np.unique(bodies.correspondence.matrix[ids].indices)
    rows = bodies.correspondence.rows(ids, corners)
    theirs, ours = PosedPoints(bodies.source, corners), PosedPoints(bodies.target, ids)
    out = np.full((count, len(ids)), np.nan, dtype=np.float32)
    with torch.no_grad():
        for start in range(0, count, CHUNK):
            frames = start + np.flatnonzero(usable[start : start + CHUNK])
            if len(frames) and len(corners):
                # Relative to the source's trans: a body far from the origin keeps its digits.
                here = motion.trans[frames].astype(np.float64)
                source = theirs.posed(motion, frames, np.zeros_like(here))
                target = (rows @ source.reshape(len(corners), -1)).view(len(ids), 3, -1)
                off = ours.posed(fit, frames, fit.trans[frames] - here) - target
                out[frames] = lengths_mm(off, 1).T.cpu().numpy()
            if on_progress:
                on_progress(min(start + CHUNK, count), count)
    out[:, ~counted_valid(bodies, result)[ids]] = np.nan
    return out


def distance_series(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult | None,
    ends: tuple[tuple[str, int], tuple[str, int]],
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Distance between two vertices, of one body or of both.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit, as long as the motion; None where there is none.
        ends: each ``'source'`` or ``'fit'``, and the id of a vertex of that body.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Returns:
        (T,) float32 millimetres, NaN for frames in which one of the two is not posed.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    count, out = len(motion), np.full(len(motion), np.nan, dtype=np.float32)
    usable, fit = motion.finite_frames(), None
    if any(body == "fit" for body, _ in ends):
        if result is None:
            return out
        check_belonging(motion, bodies, result)
        fit = result.as_motion()
        usable = usable & result.fitted & fit.finite_frames()
    points = [
        PosedPoints(bodies.source if body == "source" else bodies.target, np.array([vertex]))
        for body, vertex in ends
    ]
    with torch.no_grad():
        for start in range(0, count, CHUNK):
            frames = start + np.flatnonzero(usable[start : start + CHUNK])
            if len(frames):
                # Relative to the source's trans: a body far from the origin keeps its digits.
                here = motion.trans[frames].astype(np.float64)
                places = []
                for (body, _), point in zip(ends, points, strict=True):
                    of = motion if body == "source" or fit is None else fit
                    places.append(point.posed(of, frames, of.trans[frames] - here))
                out[frames] = lengths_mm(places[0] - places[1], 1)[0].cpu().numpy()
            if on_progress:
                on_progress(min(start + CHUNK, count), count)
    return out

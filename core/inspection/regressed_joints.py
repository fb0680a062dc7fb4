"""Joints that a J_regressor finds on the posed skin, against those of the kinematic chain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy import sparse

from core.model.body import BodyModel
from core.model.motion import Motion
from core.model.posed_points import CHUNK, PosedPoints
from core.model.vertex_errors import lengths_mm

WHY_DIFFERENT = (
    "The regressor is defined in the rest pose: on a posed body skinning bends the vertices around a joint "
    "and pose correctives move them, so that their weighted mean no longer is the joint of the chain."
)


def regressed_joints(skin: np.ndarray, regressor: np.ndarray, trans: np.ndarray) -> np.ndarray:
    """The joints that a regressor finds on the skin of one frame.

    Rows that do not sum to one are taken about ``trans``, so that such a joint is off by the same wherever
    the body stands; for all others it makes no difference.

    Args:
        skin: (V, 3) metres.
        regressor: (J, V).
        trans: (3,) metres, the motion's in that frame.

    Returns:
        (J, 3) float64 metres.
    """
    at = np.asarray(trans, np.float64)
    return sparse.csr_matrix(regressor, dtype=np.float64) @ (skin.astype(np.float64) - at) + at


def regressed_difference_mm(
    motion: Motion,
    body: BodyModel,
    regressor: np.ndarray | None = None,
    frames: np.ndarray | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Distance of each regressed joint from the chain's, over a motion; only the vertices it needs are posed.

    Args:
        motion: T frames in the body's own family.
        body: of the motion.
        regressor: (J, V) in place of the body's own.
        frames: ids of n frames; None for all.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Returns:
        (n, J) float32 millimetres, NaN in frames that are not finite.
    """
    matrix = body.J_regressor if regressor is None else regressor
    ids = np.arange(len(motion)) if frames is None else np.asarray(frames, dtype=int)
    used = np.flatnonzero((matrix != 0).any(0))
    points, rows = PosedPoints(body, used), body.tensor(matrix[:, used])
    finite = motion.finite_frames()[ids]
    out = np.full((len(ids), body.num_joints), np.nan, dtype=np.float32)
    with torch.no_grad():
        for start in range(0, len(ids), CHUNK):
            here = start + np.flatnonzero(finite[start : start + CHUNK])
            if len(here):
                # About the motion's trans, as `regressed_joints`: far from the origin digits are kept.
                skin, chain = points.posed_with_joints(motion, ids[here], np.zeros((len(here), 3)))
                found = (rows @ skin.flatten(1)).view_as(chain)
                out[here] = lengths_mm(found - chain, 1).T.cpu().numpy()
            if on_progress:
                on_progress(min(start + CHUNK, len(ids)), len(ids))
    return out

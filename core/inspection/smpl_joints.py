"""SMPL's 24 joints of a fit against the source's own, over a motion, by the joints-only path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.measure.map_back import SMPL_JOINTS, JointErrors, SmplRegressor, chain_ids
from core.model.body import BodyModel
from core.model.body_joints import BodyJoint, body_joints
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posed_points import CHUNK, PosedPoints
from core.model.posing import check_belonging
from core.model.vertex_errors import lengths_mm


def smpl_joint_errors(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    on_progress: Callable[[int, int], None] | None = None,
) -> JointErrors:
    """What `core.measure.map_back.check_inverse` says of the joints, posing only the vertices that they are
    made of.

    The joints of the fit are those that SMPL's regressor finds on it: the inverse correspondence, then the
    regressor.

    Args:
        motion: the source of the fit.
        bodies: the pair it was made with.
        result: the fit.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Raises:
        FileError: the folder of models has no correspondence from the target to the source, and none can be
            built.
        RefitError: motion, bodies and result do not belong together, or both bodies are SMPL-X.
    """
    check_belonging(motion, bodies, result)
    regress, fit = SmplRegressor(bodies), result.as_motion()
    ours, theirs = _Rows(bodies, "target", regress.over_target), _Rows(bodies, "source", regress.over_source)
    own = chain_ids(bodies.source)
    usable = result.fitted & fit.finite_frames() & motion.finite_frames()
    count = len(motion)
    empty = np.full((count, len(SMPL_JOINTS)), np.nan, dtype=np.float32)
    out = JointErrors(np.full((*empty.shape, 3), np.nan, dtype=np.float32), empty, empty.copy())
    with torch.no_grad():
        for start in range(0, count, CHUNK):
            frames = start + np.flatnonzero(usable[start : start + CHUNK])
            if len(frames):
                # Relative to the source's trans: a body far from the origin keeps its digits.
                trans = motion.trans[frames].astype(np.float64)
                found, _ = ours.joints(fit, frames, fit.trans[frames] - trans)
                same, chain = theirs.joints(motion, frames, np.zeros_like(trans))
                out.joints[frames] = found.permute(2, 0, 1).cpu().numpy() + trans[:, None]
                out.error_mm[frames] = lengths_mm(found - chain[own], 1).T.cpu().numpy()
                out.regressed_error_mm[frames] = lengths_mm(found - same, 1).T.cpu().numpy()
            if on_progress:
                on_progress(min(start + CHUNK, count), count)
    return out


def smpl_joints_of_fit(bodies: BodyPair) -> tuple[BodyJoint, ...]:
    """SMPL's 24 joints as points of the target's skin: inverse correspondence, then regressor.

    A joint none of whose vertices has a counterpart is nowhere: its place is NaN.

    Raises:
        FileError: the folder of models has no correspondence from the target to the source, and none can be
            built.
        RefitError: both bodies are SMPL-X.
    """
    return _as_points(bodies.target, SmplRegressor(bodies).over_target)


def smpl_joints(bodies: BodyPair, which: str) -> tuple[BodyJoint, ...]:
    """SMPL's 24 joints of the ``'source'`` or the ``'target'``, by SMPL's names.

    Those of SMPL-X are points of its skin, as `smpl_joints_of_fit` has them; those of SMPL and SMPL-H are
    joints of their chain.

    Raises:
        FileError: there is no correspondence from SMPL-X to the other body, and none can be built.
        RefitError: both bodies are SMPL-X.
    """
    body = bodies.source if which == "source" else bodies.target
    if body.family == "smplx":
        regress = SmplRegressor(bodies)
        return _as_points(body, regress.over_source if which == "source" else regress.over_target)
    known = body_joints(body)
    return tuple(
        replace(known[joint], name=name) for name, joint in zip(SMPL_JOINTS, chain_ids(body), strict=True)
    )


def _as_points(body: BodyModel, rows: Tensor) -> tuple[BodyJoint, ...]:
    joints = []
    for name, row in zip(SMPL_JOINTS, rows.cpu().numpy(), strict=True):
        known = bool(np.isfinite(row).all())
        used = np.flatnonzero(row) if known else np.zeros(1, int)
        weights = row[used].astype(np.float64) if known else np.full(1, np.nan)
        parent = int((np.abs(weights) @ body.weights[used]).argmax()) if known else 0
        joints.append(BodyJoint(-1, name, "vertex", parent, used, weights))
    return tuple(joints)


class _Rows:
    """Joints as (24, V) rows over one body's vertices, of which only those with weight are posed."""

    def __init__(self, bodies: BodyPair, which: str, rows: Tensor) -> None:
        body = bodies.target if which == "target" else bodies.source
        known = torch.isfinite(rows).all(1)
        used = np.flatnonzero((rows[known] != 0).any(0).cpu().numpy())
        self.points, self.rows = PosedPoints(body, used), rows[:, used].clone()
        self.rows[~known] = torch.nan

    def joints(self, motion: Motion, frames: np.ndarray, transl: np.ndarray) -> tuple[Tensor, Tensor]:
        """(24, 3, k) regressed joints and the (J, 3, k) joints of the chain, metres."""
        skin, chain = self.points.posed_with_joints(motion, frames, transl)
        return (self.rows @ skin.flatten(1)).unflatten(1, (3, -1)), chain

"""Another state for some frames of a fit to start from: what their neighbours have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.fitting.stage.initial_pose import source_pose
from core.fitting.stage.partial_result import nearest
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion


def from_neighbours(
    motion: Motion, bodies: BodyPair, result: FitResult, frames: np.ndarray, suspects: np.ndarray
) -> FitResult | None:
    """The fit with the poses of some frames taken from the nearest fitted frames that are no suspects.

    What a neighbour's joints turn away from its source's, and how far it stands from it, a frame's do from
    its own source: the body may move fast.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        frames: ids with finite sources, ascending.
        suspects: ids of frames to take nothing from, the above among them.

    Returns:
        The fit with other ``poses`` and ``transl`` (its errors are not measured anew), or None where there is
        no other fitted frame.
    """
    usable = result.fitted & result.as_motion().finite_frames() & motion.finite_frames()
    known = np.setdiff1d(np.flatnonzero(usable), suspects)
    if not len(known):
        return None
    near = known[nearest(known, frames)]
    there, here = (_rotations(source_pose(motion, bodies, ids)) for ids in (near, frames))
    turned = here * (there.inv() * _rotations(result.poses[near]))
    poses, transl = result.poses.copy(), result.transl.copy()
    poses[frames] = turned.as_rotvec().reshape(len(frames), -1, 3)
    transl[frames] = motion.trans[frames] + (result.transl[near] - motion.trans[near])
    return replace(result, poses=poses, transl=transl)


def _rotations(poses: np.ndarray) -> Rotation:
    return Rotation.from_rotvec(poses.reshape(-1, 3).astype(np.float64))

"""How far joints are turned, and how far source and fit are apart there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation


@dataclass(frozen=True, eq=False)
class JointAngles:
    """Of the J joints of a fit, degrees in 0..180; NaN where there is no such joint or no fit.

    Attributes:
        source: (J,) how far the source's joint is turned against its parent.
        fit: (J,) how far the fit's is.
        apart: (J,) angle of the rotation that takes the one to the other.
    """

    source: np.ndarray
    fit: np.ndarray
    apart: np.ndarray


def joint_angles(source_pose: np.ndarray, pose: np.ndarray, source_joints: np.ndarray) -> JointAngles:
    """Angles of one frame.

    Args:
        source_pose: (Js, 3) axis-angle, radians.
        pose: (J, 3) axis-angle of the fit, radians; NaN where there is no fit.
        source_joints: (J,) the source's joint for each of the fit's, or -1.
    """
    source_pose = np.where((source_joints >= 0)[:, None], source_pose[source_joints], np.nan)
    one, other = _finite(source_pose), _finite(pose)
    source, fit, apart = (np.full(len(pose), np.nan) for _ in "abc")
    for where, angles, rotations in ((one, source, source_pose), (other, fit, pose)):
        if where.any():
            angles[where] = np.degrees(_rotations(rotations[where]).magnitude())
    both = one & other
    if both.any():
        turn = _rotations(source_pose[both]).inv() * _rotations(pose[both])
        apart[both] = np.degrees(turn.magnitude())
    return JointAngles(source, fit, apart)


def _finite(rotations: np.ndarray) -> np.ndarray:
    return np.isfinite(rotations).all(axis=1)


def _rotations(rotations: np.ndarray) -> Rotation:
    return Rotation.from_rotvec(rotations.astype(np.float64))

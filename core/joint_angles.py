"""How far joints are turned, and how far source and fit are apart there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation


@dataclass(frozen=True, eq=False)
class JointAngles:
    """Of the J joints of a fit, degrees in 0..180; NaN where the source has no such joint.

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
        pose: (J, 3) axis-angle of the fit, radians.
        source_joints: (J,) the source's joint for each of the fit's, or -1.
    """
    here = np.flatnonzero(source_joints >= 0)
    here = here[np.isfinite(source_pose[source_joints[here]]).all(1)]
    source, apart = (np.full(len(pose), np.nan) for _ in "ab")
    fit = Rotation.from_rotvec(pose.astype(np.float64))
    if len(here):
        of_source = Rotation.from_rotvec(source_pose[source_joints[here]].astype(np.float64))
        source[here] = np.degrees(of_source.magnitude())
        apart[here] = np.degrees((of_source.inv() * fit[here]).magnitude())
    return JointAngles(source, np.degrees(fit.magnitude()), apart)

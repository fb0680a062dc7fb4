"""Every joint of a fit against the source's joint of the same name, over the motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.bodies import BodyPair
from core.fitting.result import FitResult
from core.inspection.joint_series import JointSeries
from core.inspection.joints import body_joints
from core.motion import Motion
from core.posed import check_belonging
from core.posed_points import CHUNK


@dataclass(frozen=True, eq=False)
class JointErrorSeries:
    """Joints that both bodies have, k of them, over T frames.

    Attributes:
        names: k names.
        source_index, target_index: (k,) index among all joints of each body.
        error_mm: (T, k) float32 distance of the fit's joint from the source's; NaN where not fitted.
    """

    names: tuple[str, ...]
    source_index: np.ndarray
    target_index: np.ndarray
    error_mm: np.ndarray


def joint_error_series(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    on_progress: Callable[[int, int], None] | None = None,
) -> JointErrorSeries:
    """Kinematic and vertex joints (and landmarks) that source and target share by name, over a motion.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        on_progress: told the frames done and their total; what it raises ends the measuring.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    check_belonging(motion, bodies, result)
    there = {(joint.name, joint.kind): joint for joint in body_joints(bodies.source)}
    ours = [joint for joint in body_joints(bodies.target) if (joint.name, joint.kind) in there]
    theirs = [there[joint.name, joint.kind] for joint in ours]
    count, fit = len(motion), result.as_motion()
    source, target = JointSeries(bodies.source, theirs), JointSeries(bodies.target, ours)
    out = np.full((count, len(ours)), np.nan, dtype=np.float32)
    usable = result.fitted & motion.finite_frames()
    for start in range(0, count, CHUNK):
        frames = start + np.flatnonzero(usable[start : start + CHUNK])
        if len(frames):
            # Relative to the source's trans: a body far from the origin keeps its digits.
            about = motion.trans[frames].astype(np.float64)
            apart = target.places(fit, frames, about) - source.places(motion, frames, about)
            out[frames] = 1000 * np.linalg.norm(apart, axis=2)
        if on_progress:
            on_progress(min(start + CHUNK, count), count)
    return JointErrorSeries(
        names=tuple(joint.name for joint in ours),
        source_index=np.array([joint.index for joint in theirs]),
        target_index=np.array([joint.index for joint in ours]),
        error_mm=out,
    )

"""Joints of a fit against the source's joints of the same name: all of them, or one over the motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.inspection.joint_series import JointSeries
from core.inspection.regressed_joints import regressed_difference_mm
from core.model.body_joints import body_joints
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posed_points import CHUNK
from core.model.posing import check_belonging


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


# A joint over a motion: between both bodies, and between two ways to find it on one of them.


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

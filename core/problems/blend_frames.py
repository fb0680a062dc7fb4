"""Where frames that were fitted again meet those that were not: joined over a few frames, and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from core.measure.frame_errors import measured, swapped
from core.measure.joint_metrics import shared_joints
from core.measure.joint_neighbours import second_differences
from core.model.body_pair import BodyPair
from core.model.fit_result import LEFT, FitResult
from core.model.motion import Motion
from core.model.posing import joints_of
from core.problems.edited import FIGURES

REACH = 6
"""Frames on either side over which a new fit fades into the one around it."""


def margin(
    motion: Motion,
    result: FitResult,
    frames: np.ndarray,
    suspects: Sequence[int] | np.ndarray = (),
) -> np.ndarray:
    """Ids of the frames around some frames that can fade from one fit into another, ascending.

    They lie within `REACH` of the frames, without a gap: a frame without a good fit, or one that was edited
    by hand, ends it. Nothing where no frame of the motion would be left as it is, for then there is no seam.

    Args:
        motion: the source.
        result: the fit that there is.
        frames: ids of the frames to fit again.
        suspects: ids of frames that are not good either.
    """
    finite = motion.finite_frames()
    usable = finite & result.fitted & ~result.edited
    usable[np.asarray(suspects, dtype=int)] = False
    near = np.zeros(len(motion), dtype=bool)
    chosen = near.copy()
    chosen[frames] = True
    # A frame that cannot be fitted has nothing that others could fade into.
    chosen &= finite
    for towards in (1, -1):
        front = chosen.copy()
        for _ in range(REACH):
            front = _shifted(front, towards) & usable & ~chosen
            near |= front
    return np.flatnonzero(near) if (finite & ~near & ~chosen).any() else np.empty(0, dtype=int)


def joined(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    found: FitResult,
    frames: np.ndarray,
    suspects: Sequence[int] | np.ndarray = (),
) -> FitResult:
    """The fit with some frames from another one, into which it fades over the frames around them.

    Args:
        motion: the source.
        bodies: of both fits.
        result: the fit that there is.
        found: the other one, which holds the frames and their `margin`; it shares the shape.
        frames: ids of the frames to take over.
        suspects: as in `margin`.

    Returns:
        ``result`` with other frames; those that fade are measured anew.
    """
    around = margin(motion, result, frames, suspects)
    around = around[found.fitted[around]]
    if not len(around):
        return swapped(result, found, np.asarray(frames))
    share = _share(around, np.asarray(frames))[:, None]
    values: dict[str, Any] = {name: array.copy() for name, array in found.by_frame().items()}
    old, new = (_rotations(fit.poses[around]) for fit in (result, found))
    turned = (old.inv() * new).as_rotvec() * np.repeat(share, found.poses.shape[1], 0)
    mixed = (old * Rotation.from_rotvec(turned)).as_rotvec()
    values["poses"][around] = mixed.reshape(len(around), -1, 3)
    values["transl"][around] = _mixed(result.transl[around], found.transl[around], share)
    if result.expression.shape == found.expression.shape:
        values["expression"][around] = _mixed(result.expression[around], found.expression[around], share)
    own, others = result.frame_betas, found.frame_betas
    if own is not None and others is not None and own.shape == others.shape:
        values["frame_betas"][around] = _mixed(own[around], others[around], share)
    values["converged"][around] &= result.converged[around]
    for name, nothing in LEFT.items():
        values[name][around] = nothing
    span = np.arange(around[0], around[-1] + 1)
    faded = replace(found, **values)
    errors = measured(motion.cut(span[0], span[-1] + 1), bodies, faded.take(span), around - span[0])
    for name in FIGURES:
        values[f"{name}_mm"][around] = getattr(errors, name)
    return swapped(result, replace(found, **values), np.union1d(around, frames))


def seam_jump(motion: Motion, bodies: BodyPair, result: FitResult, frames: np.ndarray) -> float:
    """The largest acceleration of a joint of the fit beyond the source's own, from the first and last of some
    frames to where their surroundings are untouched, mm/frame²; NaN where there are no surroundings.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        frames: ids of the frames that were fitted again.
    """
    zone = _seam_frames(len(motion), np.asarray(frames))
    if not len(zone):
        return float("nan")
    known = motion.finite_frames() & result.fitted & result.as_motion().finite_frames()
    most = np.full(len(motion), np.nan)
    for first, last in _runs(zone):
        span = slice(max(0, first - 1), min(last + 2, len(motion)))
        excess = excess_acceleration(motion, bodies, result, span)
        excess[~known[span]] = np.nan
        most[first : last + 1] = excess[first - span.start : last + 1 - span.start]
    found = most[zone][np.isfinite(most[zone])]
    return float(found.max()) if len(found) else float("nan")


def excess_acceleration(motion: Motion, bodies: BodyPair, result: FitResult, span: slice) -> np.ndarray:
    """(n,) by how much the joint that does so most accelerates more than the source's, mm/frame², at least 0;
    NaN in the first and last frame of the span and beside what is not finite."""
    names = shared_joints(bodies)
    origin = np.nan_to_num(motion.trans[span.start].astype(np.float64))
    sizes = []
    for which, body in ((motion, bodies.source), (result.as_motion(), bodies.target)):
        transl = body.tensor((which.trans[span] - origin).astype(np.float32))
        with torch.no_grad():
            joints = joints_of(which, body, span, transl).cpu().numpy().astype(np.float64)
        wanted = [body.joint_names.index(name) for name in names]
        sizes.append(1000 * np.linalg.norm(second_differences(joints[:, wanted]), axis=2))
    return np.maximum(sizes[1] - sizes[0], 0).max(1)


def _share(around: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """(n,) how much of the new fit each frame has: from nearly all beside ``frames`` to nearly none."""
    distance = np.abs(around[:, None] - frames[None]).min(1)
    share = 1 - distance / (REACH + 1)
    return share * share * (3 - 2 * share)


def _seam_frames(count: int, frames: np.ndarray) -> np.ndarray:
    chosen = np.zeros(count, dtype=bool)
    chosen[frames] = True
    near = np.zeros(count, dtype=bool)
    for towards in (1, -1):
        front = chosen.copy()
        for _ in range(REACH + 1):
            front = _shifted(front, towards) & ~chosen
            near |= front
        # The first and the last of the frames themselves.
        near |= chosen & _shifted(~chosen, towards)
    return np.flatnonzero(near)


def _runs(frames: np.ndarray) -> list[tuple[int, int]]:
    cuts = np.flatnonzero(np.diff(frames) > 1)
    firsts, lasts = frames[np.r_[0, cuts + 1]], frames[np.r_[cuts, len(frames) - 1]]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _shifted(flags: np.ndarray, by: int) -> np.ndarray:
    out = np.zeros_like(flags)
    if by > 0:
        out[by:] = flags[:-by]
    else:
        out[:by] = flags[-by:]
    return out


def _rotations(poses: np.ndarray) -> Rotation:
    return Rotation.from_rotvec(poses.reshape(-1, 3).astype(np.float64))


def _mixed(old: np.ndarray, new: np.ndarray, share: np.ndarray) -> np.ndarray:
    return (old + share * (new.astype(np.float64) - old)).astype(np.float32)

"""Heads, arms, hands, legs and feet by side: how far each is off, and one taken over from good frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation, Slerp

from core.geometry.rigid_alignment import rigid_motions
from core.measure.counted_vertices import counted_valid
from core.measure.frame_errors import compared
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import joint_part
from core.model.motion import Motion

_SIDED = {"arms": "arm", "hands": "hand", "legs": "leg", "feet": "foot"}
LIMBS = ("head", *(f"{side} {limb}" for limb in _SIDED.values() for side in ("left", "right")))
"""What can be taken over: those nearer to the trunk before what hangs on them."""

HANGS_ON = {"hand": "arm", "foot": "leg"}

AROUND = 3
"""So many good frames on each side are looked at, and the best of them is taken."""

# A limb is off where it is further than usual by this share, and by as much.
OFF_SHARE, OFF_MM = 0.5, 1.0
LEAST_VERTICES = 3


@dataclass(frozen=True, eq=False)
class Borrowed:
    """A fit with limbs taken over from other frames.

    Attributes:
        result: with other ``poses``; its errors are not measured anew.
        limbs: names of the limbs taken over, in any of the frames.
    """

    result: FitResult
    limbs: tuple[str, ...]


def limb_of(joint: str) -> str:
    """The limb that a joint moves, one of `LIMBS`; '' for the trunk, collars included."""
    part = joint_part(joint)
    if part in _SIDED:
        return f"{joint.split('_')[0]} {_SIDED[part]}"
    return part if part == "head" else ""


def limb_joints(body: BodyModel, limb: str) -> np.ndarray:
    """Ids of its joints."""
    return np.array([i for i, name in enumerate(body.joint_names) if limb_of(name) == limb], dtype=int)


def limb_errors(
    motion: Motion, bodies: BodyPair, result: FitResult, frames: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far the limbs are off in some frames: as they stand, and in their own shape.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        frames: (n,) ids.

    Returns:
        (n, len(LIMBS)) mean distance of each limb's skin, millimetres; NaN in a frame that is not fitted, and
        for a limb with hardly a vertex that counts. The same once each limb is laid onto its target as a
        whole, wherever the rest of the body has put it.
    """
    body = bodies.target
    of_joint = np.array([limb_of(name) for name in body.joint_names])
    members = of_joint[body.weights[counted_valid(bodies, result)].argmax(1)]
    placed, shaped = (np.full((len(frames), len(LIMBS)), np.nan) for _ in range(2))
    for some, skin, target in compared(motion, bodies, result, frames):
        for index, limb in enumerate(LIMBS):
            rows = torch.as_tensor(np.flatnonzero(members == limb), device=skin.device)
            if len(rows) < LEAST_VERTICES:
                continue
            ours, theirs = (points[rows].permute(2, 0, 1) for points in (skin, target))
            placed[some, index] = _apart_mm(ours, theirs)
            rotation, shift = rigid_motions(ours, theirs)
            shaped[some, index] = _apart_mm(ours @ rotation.mT + shift[:, None], theirs)
    return placed, shaped


def _apart_mm(ours: torch.Tensor, theirs: torch.Tensor) -> np.ndarray:
    """(n,) mean distance of points (n, V, 3), metres."""
    mean: np.ndarray = 1000 * (ours - theirs).square().sum(2).sqrt().mean(1).cpu().numpy()
    return mean


def borrowed(
    motion: Motion, bodies: BodyPair, result: FitResult, frames: np.ndarray, suspects: np.ndarray
) -> Borrowed | None:
    """The fit with the limbs that are off in some frames laid between the good frames before and after.

    The joints of such a limb turn on the shortest arc from the best good frame before to the best one after,
    or stay as in one of them where there is no other; everything else of the frames is as it was. A limb is
    off where it is further from its target than in the good frames around; what only hangs on one that is off
    is left alone. Where none is, the one that is least as usual is taken.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        frames: ids of the frames, ascending.
        suspects: ids of frames to take nothing from, the above among them.

    Returns:
        None where there is no good frame.
    """
    usable = result.fitted & result.as_motion().finite_frames() & motion.finite_frames()
    good = np.setdiff1d(np.flatnonzero(usable), suspects)
    if not len(good):
        return None
    found = replace(result, poses=result.poses.copy())
    taken: set[str] = set()
    for stretch in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
        taken |= _borrow(motion, bodies, found, stretch, good)
    return Borrowed(found, tuple(limb for limb in LIMBS if limb in taken))


@dataclass(frozen=True, eq=False)
class _Usual:
    """What limbs have in the good frames on both sides of a stretch."""

    sides: tuple[np.ndarray, np.ndarray]
    errors: tuple[np.ndarray, np.ndarray]

    @property
    def errors_of_all(self) -> np.ndarray:
        return np.concatenate(self.errors)

    def most(self) -> np.ndarray:
        """(len(LIMBS),) from where on a limb is off; NaN where that is not known."""
        usual = np.median(self.errors_of_all, 0)
        return usual + np.maximum(OFF_SHARE * usual, OFF_MM)

    def lenders(self, index: int) -> np.ndarray:
        """Ids of the frames to take a limb from, one on each side that there is."""
        pairs = zip(self.sides, self.errors, strict=True)
        return np.array([side[errors[:, index].argmin()] for side, errors in pairs if len(side)])


def _borrow(
    motion: Motion, bodies: BodyPair, found: FitResult, stretch: np.ndarray, good: np.ndarray
) -> set[str]:
    """Changes the poses of frames in a row; returns which limbs it has taken over."""
    at = int(np.searchsorted(good, stretch[0]))
    sides = good[max(0, at - AROUND) : at], good[at : at + AROUND]
    before, after, now = (limb_errors(motion, bodies, found, frames) for frames in (*sides, stretch))
    placed, shaped = (_Usual(sides, errors) for errors in zip(before, after, strict=True))
    here, shape = (errors.mean(0) for errors in now)
    # NaN is never more than anything.
    off, bent = here > placed.most(), shape > shaped.most()
    taken: set[str] = set()
    for index, limb in enumerate(LIMBS):
        side, _, kind = limb.partition(" ")
        hangs = f"{side} {HANGS_ON.get(kind, '')}" in taken
        if bent[index] if hangs else off[index]:
            _borrow_limb(bodies, found, stretch, placed.lenders(index), limb)
            taken.add(limb)
    usual = np.median(placed.errors_of_all, 0)
    if not taken and np.isfinite(usual).any():
        index = int(np.nanargmax(here / np.maximum(usual, 1e-3)))
        _borrow_limb(bodies, found, stretch, placed.lenders(index), LIMBS[index])
        taken.add(LIMBS[index])
    return taken


def _borrow_limb(
    bodies: BodyPair, found: FitResult, stretch: np.ndarray, lenders: np.ndarray, limb: str
) -> None:
    joints = limb_joints(bodies.target, limb)
    found.poses[np.ix_(stretch, joints)] = _between(found.poses[np.ix_(lenders, joints)], lenders, stretch)


def _between(poses: np.ndarray, lenders: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """(n, k, 3) rotation vectors of frames between one or two others, whose ids are ``lenders``."""
    if len(lenders) == 1:
        return np.repeat(poses, len(stretch), 0)
    out = np.empty((len(stretch), poses.shape[1], 3), dtype=np.float32)
    for joint in range(poses.shape[1]):
        path = Slerp(lenders, Rotation.from_rotvec(poses[:, joint].astype(np.float64)))
        out[:, joint] = path(stretch).as_rotvec()
    return out

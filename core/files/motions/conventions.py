"""Units, angles and sides of a file, brought to Refit's own: metres, radians, the body's left and right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.files.assumption import ANGLES, SIDES, UNIT
from core.files.motions.settle import Settling
from core.model.joints import JOINT_NAMES
from core.model.motion import Motion

# Metres from which on float32 has no tenths of millimetres.
_FAR = 1000.0
_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def in_metres(lengths: np.ndarray, settling: Settling) -> np.ndarray:
    """Lengths of a file in metres."""
    factor = _UNITS[settling.take(UNIT, default=("m", "as a rule"))]
    return lengths if factor == 1.0 else (lengths * lengths.dtype.type(factor))


def in_radians(poses: np.ndarray, settling: Settling) -> np.ndarray:
    """(T, J, 3) poses of a file in radians."""
    degrees = settling.take(ANGLES, default=("radians", "as a rule")) == "degrees"
    return np.deg2rad(poses).astype(np.float32) if degrees else poses


def on_their_sides(poses: np.ndarray, family: str, settling: Settling) -> np.ndarray:
    """(T, J, 3) poses with those of left joints on the left: what the file has under one side's joints goes
    to the other's, where its sides are swapped.
    """
    if settling.take(SIDES, default=("as-is", "as a rule")) == "as-is":
        return poses
    return poses[:, [JOINT_NAMES[family].index(_opposite(name)) for name in JOINT_NAMES[family]]]


def _opposite(joint: str) -> str:
    side, _, rest = joint.partition("_")
    other = {"left": "right", "right": "left"}.get(side)
    return f"{other}_{rest}" if other else joint


def near_origin(
    trans: np.ndarray, known: np.ndarray | None
) -> tuple[np.ndarray, tuple[float, float, float] | None]:
    """(T, 3) float32 positions near an origin of their own, without loss, and it; None for the world's own.

    Args:
        trans: (T, 3) float64 metres in the file's world.
        known: the origin that a result of Refit was worked out from; None to look for one.
    """
    good = trans[np.isfinite(trans).all(1)]
    if known is not None and known.shape == (3,) and known.dtype.kind == "f" and np.isfinite(known).all():
        middle = known.astype(np.float64)
    elif len(good):
        middle = np.median(good, axis=0).round()
        middle[np.abs(middle) < _FAR] = 0.0
    else:
        middle = np.zeros(3)
    with np.errstate(over="ignore", invalid="ignore"):
        near = (trans - middle).astype(np.float32)
    x, y, z = middle.tolist()
    return near, (x, y, z) if middle.any() else None


def from_origin(motion: Motion, origin: tuple[float, float, float] | None) -> Motion:
    """The same motion with its positions from another origin, None for that of the file's world."""
    if motion.origin == origin:
        return motion
    moved = np.array(motion.origin or (0.0,) * 3) - np.array(origin or (0.0,) * 3)
    with np.errstate(over="ignore", invalid="ignore"):
        trans = (motion.trans.astype(np.float64) + moved).astype(np.float32)
    return replace(motion, trans=trans, origin=origin)


def far_note(origin: tuple[float, float, float]) -> str:
    """A sentence on positions that are kept from an origin of their own."""
    where = ", ".join(f"{value:.0f}" for value in origin)
    return (
        f"The positions lie far from the origin: work is relative to ({where}), and so are meshes, which say "
        "so in a comment; results and tables are in their world."
    )

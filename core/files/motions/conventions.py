"""Units, angles and sides of a file, brought to Refit's own: metres, radians, the body's left and right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.assumption import ANGLES, SIDES, UNIT
from core.files.containers.arrays import numbers
from core.files.motions.settle import Settling
from core.model.joints import JOINT_NAMES
from core.model.motion import BodyTerms, Motion
from core.world_origin import somewhere

# From the origin of a result its positions lie no further: nobody walks as far.
_MOST_AWAY = 1e5
_ORIGIN = "refit_origin"
_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def in_metres(lengths: np.ndarray, settling: Settling) -> np.ndarray:
    """Lengths of a file in metres."""
    factor = _UNITS[settling.take(UNIT, default=("m", "as a rule"))]
    return lengths if factor == 1.0 else (lengths * lengths.dtype.type(factor))


def in_radians(poses: np.ndarray, settling: Settling) -> np.ndarray:
    """(T, J, 3) poses of a file in radians."""
    degrees = settling.take(ANGLES, default=("radians", "as a rule")) == "degrees"
    return np.deg2rad(poses).astype(np.float32) if degrees else poses


def on_their_sides(
    poses: np.ndarray, terms: BodyTerms | None, family: str, settling: Settling
) -> tuple[np.ndarray, BodyTerms | None]:
    """(T, J, 3) poses with those of left joints on the left, and what is told in terms of the body likewise:
    what the file has under one side's joints goes to the other's, where its sides are swapped.
    """
    if settling.take(SIDES, default=("as-is", "as a rule")) == "as-is":
        return poses, terms
    if terms is not None and terms.hand_components is not None:
        terms = replace(terms, hand_components=np.ascontiguousarray(terms.hand_components[:, ::-1]))
    return poses[:, [JOINT_NAMES[family].index(_opposite(name)) for name in JOINT_NAMES[family]]], terms


def _opposite(joint: str) -> str:
    side, _, rest = joint.partition("_")
    other = {"left": "right", "right": "left"}.get(side)
    return f"{other}_{rest}" if other else joint


def origin_in(path: Path, array: np.ndarray | None, trans: np.ndarray) -> np.ndarray | None:
    """(3,) float64, the origin that a result of Refit says; None where there is none.

    Args:
        path: the file, for messages.
        array: what it has as ``refit_origin``.
        trans: (T, 3) float64 metres in the file's world.

    Raises:
        FileError: it is no place, or so far from the positions that they would lose their digits.
    """
    if array is None:
        return None
    middle = numbers(path, _ORIGIN, array, (3,), np.float64)
    good = trans[somewhere(trans)]
    with np.errstate(over="ignore", invalid="ignore"):
        away = float(np.linalg.norm(np.median(good - middle, axis=0))) if len(good) else 0.0
    if not (np.isfinite(middle).all() and away < _MOST_AWAY):
        where = ", ".join(f"{value:g}" for value in middle)
        raise FileError(
            path, f"is ({where}), expected a place within {_MOST_AWAY:g} m of 'trans'", key=_ORIGIN
        )
    return middle


def from_origin(motion: Motion, origin: tuple[float, float, float] | None) -> Motion:
    """The same motion with its positions from another origin, None for that of the file's world."""
    if motion.origin == origin:
        return motion
    moved = np.array(motion.origin or (0.0,) * 3) - np.array(origin or (0.0,) * 3)
    with np.errstate(over="ignore", invalid="ignore"):
        trans = (motion.trans.astype(np.float64) + moved).astype(np.float32)
        vertices = motion.vertices
        if vertices is not None:
            vertices = np.stack([(mesh + moved).astype(np.float32) for mesh in vertices])
    return replace(motion, trans=trans, vertices=vertices, origin=origin)

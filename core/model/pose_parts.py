"""The pieces of a pose under the names that the `smplx` package's layers take them by."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.errors import RefitError
from core.model.joints import JOINT_NAMES, LEFT_HAND, RIGHT_HAND

PART_JOINTS: dict[str, tuple[str, ...]] = {
    "global_orient": ("pelvis",),
    "body_pose": tuple(name for name in JOINT_NAMES["smpl"] if name != "pelvis"),
    "jaw_pose": ("jaw",),
    "leye_pose": ("left_eye_smplhf",),
    "reye_pose": ("right_eye_smplhf",),
    "left_hand_pose": LEFT_HAND,
    "right_hand_pose": RIGHT_HAND,
}
"""Joints of each piece, in their order; ``body_pose`` has 23 of them in SMPL, 21 elsewhere."""


class _Posed(Protocol):
    @property
    def family(self) -> str: ...
    @property
    def poses(self) -> np.ndarray: ...


def joints_in(part: str, family: str) -> tuple[int, ...]:
    """Ids of the joints of a piece, which follow one another; none where the family lacks it."""
    names = JOINT_NAMES[family]
    return tuple(names.index(name) for name in PART_JOINTS[part] if name in names)


class PoseParts:
    """What has a ``family`` and ``poses`` (T, J, 3) names their pieces.

    All are axis-angle in radians, float32, a view of ``poses`` with the joints of a frame in a row, as the
    layers of the `smplx` package take them; hands are absolute (``flat_hand_mean=True`` there). What the
    family does not have is None: the hands of SMPL, jaw and eyes of all but SMPL-X.
    """

    @property
    def global_orient(self: _Posed) -> np.ndarray:
        """(T, 3) rotation of the root.

        Raises:
            RefitError: it is meshes alone, without rotations.
        """
        return _needed(self, "global_orient")

    @property
    def body_pose(self: _Posed) -> np.ndarray:
        """(T, 63), of SMPL (T, 69): the body's joints but for the root.

        Raises:
            RefitError: it is meshes alone, without rotations.
        """
        return _needed(self, "body_pose")

    @property
    def left_hand_pose(self: _Posed) -> np.ndarray | None:
        """(T, 45) or None."""
        return _part(self, "left_hand_pose")

    @property
    def right_hand_pose(self: _Posed) -> np.ndarray | None:
        """(T, 45) or None."""
        return _part(self, "right_hand_pose")

    @property
    def jaw_pose(self: _Posed) -> np.ndarray | None:
        """(T, 3) or None."""
        return _part(self, "jaw_pose")

    @property
    def leye_pose(self: _Posed) -> np.ndarray | None:
        """(T, 3) or None."""
        return _part(self, "leye_pose")

    @property
    def reye_pose(self: _Posed) -> np.ndarray | None:
        """(T, 3) or None."""
        return _part(self, "reye_pose")


def _part(posed: _Posed, part: str) -> np.ndarray | None:
    joints = joints_in(part, posed.family)
    if not joints or not posed.poses.shape[1]:
        return None
    return posed.poses[:, joints[0] : joints[-1] + 1].reshape(len(posed.poses), 3 * len(joints))


def _needed(posed: _Posed, part: str) -> np.ndarray:
    found = _part(posed, part)
    if found is None:
        raise RefitError(f"There is no {part}: this motion is meshes alone, which have no rotations.")
    return found

"""Finger poses from a curl per finger and a spread, for hands with fingers along the arm, palm down."""

from __future__ import annotations

import numpy as np
from rotations import MIRROR, from_degrees, to_rotvec
from scipy.spatial.transform import Rotation

FINGERS = ("index", "middle", "pinky", "ring", "thumb")
"""Order of the fingers in the pose vector, three joints each."""

FULL_CURL = {"index": (76, 96, 60), "middle": (78, 98, 60), "ring": (78, 98, 60), "pinky": (80, 95, 60)}
"""Flexion in degrees of knuckle, middle and end joint when curl is 1 (a fist)."""

AXIS = {"index": (0.05, 0, -1), "middle": (0, 0, -1), "ring": (-0.10, 0, -1), "pinky": (-0.18, 0, -1)}
"""Axis of flexion of the left hand, across the finger as it fans out."""

SPREAD = {"index": 11.0, "middle": 2.0, "ring": -8.0, "pinky": -18.0}
"""Sideways angle in degrees towards the thumb when spread is 1."""

# Left thumb: rotation vectors in degrees of its joints; x goes under the palm, y towards the fingers.
THUMB_CURL = ((18.2, 26.2, -1.6), (23.9, 34.4, -2.1), (34.2, 49.2, -3.0))
THUMB_SPREAD = (-4.0, -18.0, 6.0)

RELAXED = {"index": 0.17, "middle": 0.24, "ring": 0.29, "pinky": 0.32, "thumb": 0.35}
"""Curl of a hand at rest."""


def _unit(axis: tuple[float, float, float]) -> np.ndarray:
    return np.array(axis) / np.linalg.norm(axis)


def hand_pose(curls: dict[str, np.ndarray], spread: np.ndarray, right: bool) -> np.ndarray:
    """Curl of each finger (T,), 0 straight to 1 fist, and spread (T,) -> rotation vectors (T, 45)."""
    joints = []
    for finger in FINGERS:
        curl = np.asarray(curls[finger], float)
        if finger == "thumb":
            angles = [np.multiply.outer(curl, full) for full in THUMB_CURL]
            angles[0] = angles[0] + np.multiply.outer(spread, THUMB_SPREAD)
            joints += [np.radians(a) for a in angles]
            continue
        # fingers cannot spread while they are curled
        side = from_degrees(y=-SPREAD[finger] * spread * np.clip(1 - 0.9 * curl, 0, 1))
        for k, full in enumerate(FULL_CURL[finger]):
            bend = Rotation.from_rotvec(np.multiply.outer(np.radians(full) * curl, _unit(AXIS[finger])))
            joints.append(to_rotvec(side * bend if k == 0 else bend))
    pose = np.stack(joints, axis=1)
    if right:
        pose = pose * MIRROR
    return pose.reshape(len(pose), 45)


def relaxed_hands(count: int) -> np.ndarray:
    """Two relaxed hands for `count` frames: (T, 90)."""
    curls = {finger: np.full(count, curl) for finger, curl in RELAXED.items()}
    spread = np.full(count, 0.1)
    return np.concatenate([hand_pose(curls, spread, right) for right in (False, True)], axis=1)

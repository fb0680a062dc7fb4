"""Two-bone leg solver: the feet are told where to be, hips and knees follow."""

from __future__ import annotations

import numpy as np
from rotations import frames_to_rotation
from scipy.spatial.transform import Rotation
from skeleton import INDEX, Body

REACH = 0.9995
"""The leg is never stretched beyond this part of its full length."""


def soft_reach(distance: np.ndarray, limit: float, margin: float) -> np.ndarray:
    """Distances (T,) in metres that approach `limit` smoothly instead of passing it."""
    start = limit - margin
    over = np.maximum(distance - start, 0)
    return np.where(distance > start, start + margin * (1 - np.exp(-over / margin)), distance)


def knee_angle(thigh: np.ndarray, shin: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Flexion (T,) in radians about +x that puts the ankle `distance` (T,) from the hip."""
    fixed = thigh[0] * shin[0]
    cos_part = thigh[1] * shin[1] + thigh[2] * shin[2]
    sin_part = thigh[2] * shin[1] - thigh[1] * shin[2]
    wanted = (distance**2 - thigh @ thigh - shin @ shin) / 2 - fixed
    size = np.hypot(cos_part, sin_part)
    return np.arctan2(sin_part, cos_part) + np.arccos(np.clip(wanted / size, -1, 1))


def solve_leg(
    body: Body,
    side: str,
    pelvis: Rotation,
    hip: np.ndarray,
    ankle: np.ndarray,
    knee_axis: np.ndarray,
    margin: float = 0.006,
) -> tuple[Rotation, Rotation, Rotation]:
    """Local rotations of hip and knee, and the shin's world rotation.

    pelvis: (T,) world rotations; hip, ankle: (T, 3) world positions in metres; knee_axis: (T, 3) the
    direction about which the knee should flex, +x for a knee that points forward; margin: metres before
    the full reach in which the leg gives way softly.
    """
    thigh, shin = body.bone(side + "hip", side + "knee"), body.bone(side + "knee", side + "ankle")
    target = ankle - hip
    longest = np.linalg.norm(thigh) + np.linalg.norm(shin)
    distance = soft_reach(np.linalg.norm(target, axis=1), REACH * longest, margin)
    flexion = knee_angle(thigh, shin, distance)
    knee = Rotation.from_rotvec(np.multiply.outer(flexion, [1.0, 0.0, 0.0]))
    unturned = thigh + knee.apply(shin)
    rest_frame = frames_to_rotation(unturned, np.broadcast_to([1.0, 0.0, 0.0], unturned.shape))
    hip_world = frames_to_rotation(target, knee_axis) * rest_frame.inv()
    return pelvis.inv() * hip_world, knee, hip_world * knee


def hip_place(body: Body, side: str, pelvis: Rotation, place: np.ndarray) -> np.ndarray:
    """World position (T, 3) of a hip from the pelvis' rotation and place (T, 3)."""
    return place + pelvis.apply(body.joints[INDEX[side + "hip"]] - body.joints[0])

"""Contact with the ground for captured clips: height, planted feet, toes that bend. Model axes, y up."""

from __future__ import annotations

import numpy as np
from legs import hip_place, solve_leg
from rotations import from_degrees, to_rotvec
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation
from skeleton import INDEX, Body

STILL = 0.40
"""A foot slower than this (metres a second) and near the ground is planted."""
SHORTEST = 4
"""Frames; shorter contacts are left alone."""
SINK = 0.012
"""Metres by which the body is lowered over a planted foot."""
SIDES = ("left_", "right_")


def lowest(body: Body, pose: np.ndarray, trans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height of the lowest skin point of the body (T,) and of each foot (T, 2), left then right."""
    feet = [body.weights[:, [7 + k, 10 + k]].sum(axis=1) > 0.5 for k in (0, 1)]
    whole, each = [], []
    for start in range(0, len(pose), 64):
        part = slice(start, start + 64)
        height = body.pose(pose[part], trans[part])[1][..., 1]
        whole.append(height.min(axis=1))
        each.append(np.stack([height[:, foot].min(axis=1) for foot in feet], axis=1))
    return np.concatenate(whole), np.concatenate(each)


def set_on_ground(body: Body, pose: np.ndarray, trans: np.ndarray, near: float) -> np.ndarray:
    """Shift trans (T, 3) up or down so that what is lowest in contact touches the ground, y = 0.

    Frames within `near` metres of the usual lowest level count as contact; flight keeps its height.
    """
    low, _ = lowest(body, pose, trans)
    contact = np.flatnonzero(low < np.quantile(low, 0.3) + near)
    lift = np.interp(np.arange(len(low)), contact, -low[contact])
    lift = gaussian_filter1d(lift, 2.0, mode="nearest")
    # rounding the corners must not push the body below the ground
    lift = gaussian_filter1d(np.maximum(lift, -low), 1.0, mode="nearest")
    moved = trans.copy()
    moved[:, 1] += lift
    return moved


def _runs(flags: np.ndarray) -> list[slice]:
    """Runs of True in flags (T,), at least SHORTEST long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= SHORTEST]


def planting(ball: np.ndarray, low: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (T, 3) that hold a foot still and on the ground while it is planted, and when it is (T,).

    ball: (T, 3) place of the ball of the foot; low: (T,) height of the foot's lowest point. Between two
    contacts the offset moves from one to the other, so that the swing goes along.
    """
    smooth = gaussian_filter1d(ball, 1.5, axis=0, mode="nearest")
    speed = np.linalg.norm(np.gradient(smooth, axis=0)[:, [0, 2]], axis=1) * fps
    every = np.arange(len(ball))
    planted = np.zeros(len(ball), bool)
    offset = np.zeros_like(ball)
    for run in _runs((speed < STILL) & (low < 0.03)):
        planted[run] = True
        offset[run] = ball[run].mean(axis=0) - ball[run]
        offset[run, 1] = -low[run]
    known = np.flatnonzero(planted)
    if len(known):
        offset = np.stack([np.interp(every, known, offset[known, k]) for k in range(3)], axis=1)
        # far from any contact the captured path is right
        distance = np.abs(every[:, None] - known[None]).min(axis=1)
        offset *= np.clip(1.6 - distance / 15, 0, 1)[:, None]
    offset = gaussian_filter1d(offset, 1.5, axis=0, mode="nearest")
    sunk = np.maximum(-low - offset[:, 1], 0)
    offset[:, 1] += gaussian_filter1d(sunk, 1.0, mode="nearest")
    return offset, planted


def carried_by_feet(body: Body, pose: np.ndarray, trans: np.ndarray, fps: float) -> np.ndarray:
    """trans (T, 3) moved level so that the foot that bears the weight does not slide.

    For a clip whose recorded root drifts against its feet.
    """
    _, places = body.forward(pose, trans)
    _, low = lowest(body, pose, trans)
    ball = places[:, [INDEX[side + "foot"] for side in SIDES]]
    speed = np.gradient(gaussian_filter1d(ball, 1.5, axis=0, mode="nearest"), axis=0) * fps
    # the lower and slower a foot, the more it bears
    bears = np.exp(-np.maximum(low, 0) / 0.02 - (np.linalg.norm(speed, axis=2) / 1.0) ** 2)
    total = bears.sum(axis=1)
    slide = np.sum(bears[..., None] * speed, axis=1) / (total + 0.02)[:, None] * (1, 0, 1)
    slide = gaussian_filter1d(slide, 2.0, axis=0, mode="nearest")
    return trans - np.cumsum(slide, axis=0) / fps


def bend_toes(body: Body, pose: np.ndarray, trans: np.ndarray) -> None:
    """Bend the toes of `pose` (T, 52, 3) flat where the heel is up and the ball is near the ground."""
    turns, places = body.forward(pose, trans)
    for side in SIDES:
        ankle, ball = INDEX[side + "ankle"], INDEX[side + "foot"]
        ahead = turns[:, ankle] @ np.array([0.0, 0.0, 1.0])
        heel_up = np.degrees(np.arcsin(np.clip(-ahead[:, 1], 0, 1)))
        rest = body.joints[ball, 1] - body.sole_height
        near = np.clip((0.07 - (places[:, ball, 1] - rest)) / 0.04, 0, 1)
        bend = gaussian_filter1d(np.minimum(heel_up, 50) * near, 2.0, mode="nearest")
        pose[:, ball] = to_rotvec(from_degrees(x=-bend))


def flat_hands(body: Body, pose: np.ndarray, trans: np.ndarray) -> None:
    """Bend the wrists of `pose` (T, 52, 3) back and stretch the fingers where a hand bears on the ground."""
    turns, places = body.forward(pose, trans)
    for side, out, fingers in (("left_", 1.0, slice(22, 37)), ("right_", -1.0, slice(37, 52))):
        elbow, wrist = INDEX[side + "elbow"], INDEX[side + "wrist"]
        forearm = turns[:, elbow] @ np.array([out, 0.0, 0.0])
        down = np.clip((-forearm[:, 1] - 0.5) / 0.3, 0, 1)
        near = np.clip((0.32 - places[:, wrist, 1]) / 0.14, 0, 1)
        bears = gaussian_filter1d(down * near, 3.0, mode="nearest")
        pose[:, wrist] = to_rotvec(Rotation.from_rotvec(pose[:, wrist]) * from_degrees(z=out * 78 * bears))
        pose[:, fingers] *= (1 - 0.8 * bears)[:, None, None]


def plant_feet(body: Body, pose: np.ndarray, trans: np.ndarray, fps: float) -> np.ndarray:
    """Solve the legs of `pose` (T, 52, 3) again: planted feet stand still, no knee overstretches.

    Returns trans (T, 3), a little lower where a foot is planted so that the leg reaches the ground bent.
    """
    turns, places = body.forward(pose, trans)
    pelvis = Rotation.from_matrix(turns[:, 0])
    _, low = lowest(body, pose, trans)
    held = [planting(places[:, INDEX[side + "foot"]], low[:, k], fps) for k, side in enumerate(SIDES)]
    planted = (held[0][1] | held[1][1]).astype(float)
    sink = np.multiply.outer(SINK * gaussian_filter1d(planted, 5.0, mode="nearest"), [0.0, 1.0, 0.0])
    for side, (offset, _) in zip(SIDES, held, strict=True):
        ankle = INDEX[side + "ankle"]
        hip = hip_place(body, side, pelvis, places[:, 0] - sink)
        knee_axis = turns[:, INDEX[side + "hip"]] @ np.array([1.0, 0.0, 0.0])
        target = places[:, ankle] + offset
        hip_turn, knee, shin = solve_leg(body, side, pelvis, hip, target, knee_axis, margin=0.012)
        pose[:, INDEX[side + "hip"]] = to_rotvec(hip_turn)
        pose[:, INDEX[side + "knee"]] = to_rotvec(knee)
        pose[:, ankle] = to_rotvec(shin.inv() * Rotation.from_matrix(turns[:, ankle]))
    return trans - sink

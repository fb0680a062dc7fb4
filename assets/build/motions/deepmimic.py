"""DeepMimic humanoid clips (x forward, y up, arms hanging at rest) to SMPL-H poses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from contacts import bend_toes, carried_by_feet, flat_hands, plant_feet, set_on_ground
from hands import relaxed_hands
from rotations import Y_UP_TO_Z_UP, from_degrees, to_rotvec
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation, RotationSpline
from skeleton import INDEX, NUM_JOINTS, Body

FPS = 60
LEG = 0.4216 + 0.4099
"""Hip to ankle in metres of the clips' own character."""

SMOOTHING = 0.02
"""Width in seconds of the Gaussian over the rotations of a resampled clip."""

# Frame layout after the duration and the root's place: (name, numbers); 4 = quaternion w x y z, 1 = angle.
LAYOUT = (
    ("root", 4),
    ("chest", 4),
    ("neck", 4),
    ("right_hip", 4),
    ("right_knee", 1),
    ("right_ankle", 4),
    ("right_shoulder", 4),
    ("right_elbow", 1),
    ("left_hip", 4),
    ("left_knee", 1),
    ("left_ankle", 4),
    ("left_shoulder", 4),
    ("left_elbow", 1),
)
# Their character faces +x with its right at +z, ours faces +z with its right at -x.
TO_MODEL = Rotation.from_euler("y", -90, degrees=True)
# Takes our level arm to their hanging one.
OUTWARD = 4.0
"""Degrees by which the arms are held further out, as our hips and hands have a width."""
HANG = {"left": from_degrees(z=-90)[0], "right": from_degrees(z=90)[0]}


@dataclass
class Clip:
    """times (T,) seconds, root place (T, 3) metres, rotations (T,) by joint name; model axes, y up."""

    times: np.ndarray
    place: np.ndarray
    turns: dict[str, Rotation]


def read_clip(path: Path) -> Clip:
    """Read one clip and turn its axes to those of the model."""
    frames = np.array(json.loads(path.read_text())["Frames"], float)
    times = np.concatenate([[0.0], np.cumsum(frames[:-1, 0])])
    turns, at = {}, 4
    for name, size in LAYOUT:
        if size == 4:
            turn = Rotation.from_quat(frames[:, at : at + 4], scalar_first=True)
        else:
            turn = Rotation.from_rotvec(np.multiply.outer(frames[:, at], [0.0, 0.0, 1.0]))
        turns[name] = TO_MODEL * turn * TO_MODEL.inv()
        at += size
    return Clip(times, TO_MODEL.apply(frames[:, 1:4]), turns)


def repeat(clip: Clip, cycles: int) -> Clip:
    """Play a cyclic clip several times, each cycle going on from where the last one ended.

    The small difference between the last pose and the first is spread over the cycle.
    """
    count = len(clip.times) - 1
    part = np.arange(count) / count
    turns = {}
    for name, turn in clip.turns.items():
        gap = turn[count].inv() * turn[0]
        cycle = turn[:count] * Rotation.from_rotvec(np.multiply.outer(part, gap.as_rotvec()))
        turns[name] = Rotation.concatenate([cycle] * cycles)
    step = (clip.place[count] - clip.place[0]) * (1, 0, 1)
    place = clip.place[:count].copy()
    place[:, 1] += part * (clip.place[0, 1] - clip.place[count, 1])
    return Clip(
        np.concatenate([clip.times[:count] + k * clip.times[count] for k in range(cycles)]),
        np.concatenate([place + k * step for k in range(cycles)]),
        turns,
    )


def _smooth(turn: Rotation, seconds: float) -> Rotation:
    """Gaussian average of neighbouring rotations (T,), which evens out single jumps of the capture."""
    quaternions = turn.as_quat()
    flips = np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0, -1.0, 1.0)
    quaternions[1:] *= np.cumprod(flips)[:, None]
    return Rotation.from_quat(gaussian_filter1d(quaternions, seconds * FPS, axis=0, mode="nearest"))


def resample(clip: Clip, arm_smoothing: float) -> Clip:
    """The clip at 60 frames a second: splines through places and rotations, then a light smoothing.

    arm_smoothing: seconds, for the shoulders, whose twist jumps in some clips.
    """
    count = int(np.floor(clip.times[-1] * FPS + 1e-6)) + 1
    times = np.minimum(np.arange(count) / FPS, clip.times[-1])
    turns = {}
    for name, turn in clip.turns.items():
        width = arm_smoothing if name.endswith("shoulder") else SMOOTHING
        turns[name] = _smooth(RotationSpline(clip.times, turn)(times), width)
    return Clip(times, CubicSpline(clip.times, clip.place)(times), turns)


def _part(turn: Rotation, share: float) -> Rotation:
    """A share of each rotation (T,), along its own axis."""
    return Rotation.from_rotvec(share * turn.as_rotvec())


def _arm(turn: Rotation, side: str) -> tuple[Rotation, Rotation]:
    """Collar and shoulder (T,) whose product points our arm as `turn` points theirs.

    The collar follows the arm's direction: up when the arm rises, forward when it reaches ahead.
    """
    out = 1.0 if side == "left" else -1.0
    whole = turn * from_degrees(z=out * OUTWARD) * HANG[side]
    arm = whole.apply([out, 0.0, 0.0])
    rise = np.degrees(np.arcsin(np.clip(arm[:, 1], -1, 1)))
    ahead = 90 * arm[:, 2]
    collar = from_degrees(y=-out * 0.10 * ahead, z=out * 0.15 * (rise + 70))
    return collar, collar.inv() * whole


def to_smplh(clip: Clip) -> np.ndarray:
    """Joint rotation vectors (T, 52, 3) in radians, y up, facing +z; hands relaxed."""
    count = len(clip.times)
    pose = np.zeros((count, NUM_JOINTS, 3))

    def put(joint: str, turn: Rotation) -> None:
        pose[:, INDEX[joint]] = to_rotvec(turn)

    put("pelvis", clip.turns["root"])
    for joint in ("spine1", "spine2", "spine3"):
        put(joint, _part(clip.turns["chest"], 1 / 3))
    for joint in ("neck", "head"):
        put(joint, _part(clip.turns["neck"], 1 / 2))
    for side in ("left", "right"):
        out = 1.0 if side == "left" else -1.0
        for joint in ("hip", "knee", "ankle"):
            put(f"{side}_{joint}", clip.turns[f"{side}_{joint}"])
        collar, shoulder = _arm(clip.turns[f"{side}_shoulder"], side)
        put(f"{side}_collar", collar)
        put(f"{side}_shoulder", shoulder)
        elbow = HANG[side].inv() * clip.turns[f"{side}_elbow"] * HANG[side]
        put(f"{side}_elbow", elbow * from_degrees(x=10))
        put(f"{side}_wrist", from_degrees(x=12, z=-out * 4 * np.ones(count)))
    pose[:, 22:] = relaxed_hands(count).reshape(count, 30, 3)
    return pose


def convert(
    path: Path, body: Body, cycles: int, arm_smoothing: float, slides: bool = False, on_hands: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A clip for a body: poses (T, 156) in radians and trans (T, 3) in metres, z up, from the origin.

    slides: the clip's root drifts against its feet and is to be carried by them instead;
    on_hands: the hands bear on the ground and are laid flat there.
    """
    clip = read_clip(path)
    if cycles > 1:
        clip = repeat(clip, cycles)
    clip = resample(clip, arm_smoothing)
    pose = to_smplh(clip)

    ours = np.linalg.norm(body.bone("left_hip", "left_knee"))
    ours += np.linalg.norm(body.bone("left_knee", "left_ankle"))
    hips = body.joints[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
    # their root sits between the hips, our pelvis above them
    place = clip.place * (ours / LEG) - clip.turns["root"].apply(hips - body.joints[0])
    trans = place - place[0] * (1, 0, 1) - body.joints[0]

    # from feet to hands and back there is no flight: something bears at all times
    near = 0.5 if on_hands else 0.025
    trans = set_on_ground(body, pose, trans, near)
    if on_hands:
        flat_hands(body, pose, trans)
    if slides:
        trans = carried_by_feet(body, pose, trans, FPS)
    bend_toes(body, pose, trans)
    trans = set_on_ground(body, pose, trans, near)
    trans = plant_feet(body, pose, trans, FPS)

    pose[:, 0] = to_rotvec(Y_UP_TO_Z_UP * clip.turns["root"])
    trans = Y_UP_TO_Z_UP.apply(trans + body.joints[0]) - body.joints[0]
    return pose.reshape(len(pose), 156), trans

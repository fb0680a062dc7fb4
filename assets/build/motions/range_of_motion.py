"""From the table of key poses to a clip: smooth curves, trunk and arms by angles, legs by solving."""

from __future__ import annotations

import key_poses
import numpy as np
from hands import FINGERS, RELAXED, hand_pose
from legs import hip_place, solve_leg
from rotations import MIRROR, Y_UP_TO_Z_UP, from_degrees, to_rotvec
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation
from skeleton import INDEX, NUM_JOINTS, Body

FPS = 60
SMOOTHING = 0.05
"""Width in seconds of the Gaussian that rounds the curves after interpolation."""
TABLE_LEG = 0.80
"""Hip to ankle in metres of the body that the table's lengths are written for."""
STANCE = 0.035
"""How much further out than at rest each foot stands."""
STANDING = 0.995
"""Hip to ankle as a part of the leg's full length when standing."""

Curves = dict[str, np.ndarray]


def curves(track: key_poses.Track, base: key_poses.Pose, count: int) -> Curves:
    """Each channel of a track as a curve (count,): monotone cubic between keys, so that holds stay held."""
    times = np.array([time for time, _ in track])
    moments = np.arange(count) / FPS
    result = {}
    for name, rest in base.items():
        values = np.array([pose.get(name, rest) for _, pose in track])
        curve = PchipInterpolator(times, values)(np.minimum(moments, times[-1]))
        result[name] = gaussian_filter1d(curve, SMOOTHING * FPS, mode="nearest")
    unknown = {name for _, pose in track for name in pose} - set(base)
    if unknown:
        raise KeyError(f"channels not in the base pose: {sorted(unknown)}")
    return result


def _add_life(c: Curves, count: int) -> None:
    """Breathing and a slow drift of the weight, so that no joint is ever frozen."""
    t = np.arange(count) / FPS
    c["bend"] += 0.5 * np.sin(2 * np.pi * t / 3.7)
    c["side"] += 0.4 * np.sin(2 * np.pi * t / 5.3 + 1)
    c["sway"] += 0.003 * np.sin(2 * np.pi * t / 6.1)
    c["look"] += 1.2 * np.sin(2 * np.pi * t / 4.9 + 2)
    for side, phase in (("_l", 0.0), ("_r", 0.7)):
        c["raise_" + side] += 0.6 * np.sin(2 * np.pi * t / 3.7 + phase)
        c["elbow" + side] += 1.0 * np.sin(2 * np.pi * t / 4.3 + phase)


def _set(pose: np.ndarray, joint: str, rotation: Rotation) -> None:
    pose[:, INDEX[joint]] = to_rotvec(rotation)


def trunk_and_head(pose: np.ndarray, c: Curves) -> None:
    """Fill spine, neck and head of `pose` (T, 52, 3)."""
    for joint, part in (("spine1", 0.34), ("spine2", 0.33), ("spine3", 0.33)):
        _set(pose, joint, from_degrees(part * c["bend"], part * c["twist"], -part * c["side"]))
    for joint, part in (("neck", 0.45), ("head", 0.55)):
        _set(pose, joint, from_degrees(part * c["nod"], part * c["look"], -part * c["tilt"]))


def arm(pose: np.ndarray, c: Curves, left: bool) -> None:
    """Fill collar, shoulder, elbow and wrist of one side; written for the left arm, along +x."""
    end, side = ("_l", "left_") if left else ("_r", "right_")
    ch = {name[:-2]: curve for name, curve in c.items() if name.endswith(end)}
    up, front = ch["raise_"], ch["front"]
    collar = from_degrees(y=-0.12 * front, z=0.17 * (up + 70))
    whole = from_degrees(y=-front, z=up) * from_degrees(x=-ch["ext"])
    rotations = {
        "collar": collar,
        "shoulder": collar.inv() * whole,
        "elbow": from_degrees(y=-ch["elbow"]) * from_degrees(x=0.45 * ch["pron"]),
        "wrist": from_degrees(x=0.55 * ch["pron"]) * from_degrees(y=-ch["dev"], z=-ch["wrist"]),
    }
    for joint, rotation in rotations.items():
        vectors = to_rotvec(rotation)
        pose[:, INDEX[side + joint]] = vectors if left else vectors * MIRROR


def _stance_drop(body: Body, scale: float) -> float:
    """How far (metres) the pelvis is below its rest place so that standing legs are just not straight."""
    thigh, shin = body.bone("left_hip", "left_knee"), body.bone("left_knee", "left_ankle")
    span = thigh + shin
    level = np.hypot(span[0] + STANCE * scale, span[2])
    length = STANDING * (np.linalg.norm(thigh) + np.linalg.norm(shin))
    return -span[1] - np.sqrt(length**2 - level**2)


def pelvis_and_legs(pose: np.ndarray, c: Curves, body: Body, scale: float) -> np.ndarray:
    """Fill pelvis, hips, knees, ankles and toes; returns the pelvis' place (T, 3), y up, ground at 0."""
    count = len(pose)
    floor = body.sole_height
    pelvis = from_degrees(c["lean"], c["turn"], -c["roll"])
    # stand with the hips above the ankles
    ankles = body.joints[[INDEX["left_ankle"], INDEX["right_ankle"]]]
    rest_ahead = ankles[:, 2].mean() - body.joints[INDEX["left_hip"], 2]
    place = body.joints[0] - (0, floor, 0)
    place = place + scale * np.stack([c["sway"], -c["drop"], c["shift"]], axis=1)
    place[:, 2] += 0.7 * rest_ahead
    place[:, 1] -= _stance_drop(body, scale)
    _set(pose, "pelvis", pelvis)

    for side, end, sign in (("left_", "_l", 1), ("right_", "_r", -1)):
        ankle, ball = body.joints[INDEX[side + "ankle"]], body.joints[INDEX[side + "foot"]]
        open_, heel = c["open" + end], c["heel" + end]
        yaw = from_degrees(y=sign * open_)
        # the heel turns about the ball of the foot, at the height of the ground
        pivot = np.array([ball[0] - ankle[0], floor - ankle[1], ball[2] - ankle[2]])
        foot = yaw * from_degrees(x=heel - c["toes" + end])
        moved = yaw.apply(pivot - from_degrees(x=heel).apply(pivot))
        stand = ankle - (0, floor, 0) + (sign * STANCE * scale, 0, 0)
        offset = np.stack([sign * c["out" + end], c["lift" + end], c["fwd" + end]], axis=1)
        target = stand + moved + scale * offset

        hip = hip_place(body, side, pelvis, place)
        knee_axis = from_degrees(y=sign * (open_ + c["splay" + end])).apply([1.0, 0.0, 0.0])
        hip_turn, knee, shin = solve_leg(body, side, pelvis, hip, target, knee_axis)
        _set(pose, side + "hip", hip_turn)
        _set(pose, side + "knee", knee)
        _set(pose, side + "ankle", shin.inv() * foot)
        toes = np.minimum(-heel, 0) - 0.3 * np.minimum(c["toes" + end], 0)
        _set(pose, side + "foot", from_degrees(toes * np.ones(count)))
    return place


def build(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """The clip for a body: poses (T, 156) in radians and trans (T, 3) in metres, z up."""
    count = round(key_poses.DURATION * FPS)
    c = curves(key_poses.BODY, key_poses.RELAXED_BODY, count)
    c |= curves(key_poses.HEAD, key_poses.RELAXED_HEAD, count)
    fingers = curves(key_poses.HANDS, {**RELAXED, "spread": 0.1}, count)
    _add_life(c, count)

    leg = np.linalg.norm(body.bone("left_hip", "left_knee"))
    leg += np.linalg.norm(body.bone("left_knee", "left_ankle"))
    pose = np.zeros((count, NUM_JOINTS, 3))
    trunk_and_head(pose, c)
    for left in (True, False):
        arm(pose, c, left)
    place = pelvis_and_legs(pose, c, body, leg / TABLE_LEG)
    curls = {finger: fingers[finger] for finger in FINGERS}
    for start, right in ((22, False), (37, True)):
        pose[:, start : start + 15] = hand_pose(curls, fingers["spread"], right).reshape(count, 15, 3)

    pose[:, 0] = to_rotvec(Y_UP_TO_Z_UP * Rotation.from_rotvec(pose[:, 0]))
    trans = Y_UP_TO_Z_UP.apply(place) - body.joints[0]
    return pose.reshape(count, 156), trans

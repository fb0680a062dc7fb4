"""From MakeHuman's A-pose to the T-pose: a target direction for every limb, then skinning."""

from __future__ import annotations

import numpy as np
from base import EYE_LEFT, EYE_RIGHT, N_BODY, Base, symmetric
from rotations import about, between, frame, quaternion, skin_dual, skin_linear

X = np.array([1.0, 0.0, 0.0])
CLAVICLE_LIFT, SHOULDER_LIFT = 7.0, 20.0  # degrees about z; the rest of the lift is the upper arm's
THIGH = np.array([0.035, -1.0, 0.0])  # nearly vertical legs, feet a little apart
SHANK = np.array([0.035, -1.0, -0.02])
THUMB_LIFT = 20.0  # degrees about the arm
FINGER_DROP = (-0.04, -0.07, -0.10)  # slight natural curl of the three phalanges
PELVIS = np.array([0.0, -0.25, 0.0])  # where the pelvis joint rests, metres


def _twist_x(rot: np.ndarray) -> float:
    """Angle in radians of the twist about x in a rotation matrix."""
    q = quaternion(rot[None])[0]
    return float(2 * np.arctan2(q[1], q[0]))


def _rx(angle: float) -> np.ndarray:
    return about("x", float(np.rad2deg(angle)))


def left_rotations(base: Base, verts: np.ndarray) -> dict[str, np.ndarray]:
    """World rotations of the left bones (names without side) that bring the body to the T-pose."""
    at = {n: verts[ids].mean(0) for n, ids in base.cubes.items()}
    rot: dict[str, np.ndarray] = {}

    def span(a: str, b: str) -> np.ndarray:
        return at[f"joint-l-{b}"] - at[f"joint-l-{a}"]

    rot["upperleg01"] = rot["upperleg02"] = between(span("upper-leg", "knee"), THIGH)
    rot["lowerleg01"] = rot["lowerleg02"] = between(span("knee", "ankle"), SHANK)
    rot["foot"] = np.eye(3)

    rot["clavicle"] = about("z", CLAVICLE_LIFT)
    rot["shoulder01"] = about("z", SHOULDER_LIFT)
    arm = between(span("shoulder", "elbow"), X)
    fore = arm @ span("elbow", "hand")
    hinge = np.arctan2(fore[1], fore[2])  # turn the elbow so that it bends forwards only
    arm_turned = _rx(hinge) @ arm
    fore_min = between(arm_turned @ span("elbow", "hand"), X) @ arm_turned

    # The hand: knuckles along +x, index towards +z, palm down.
    hand_axis = at["joint-l-finger-3-1"] - at["joint-l-hand"]
    hand_side = at["joint-l-finger-2-1"] - at["joint-l-finger-5-1"]
    hand = frame(X, np.array([0.0, 0.0, 1.0])) @ frame(hand_axis, hand_side).T
    twist = _twist_x(hand @ fore_min.T)
    rot["upperarm01"] = _rx(0.5 * hinge) @ arm
    rot["upperarm02"] = _rx(0.15 * twist) @ arm_turned
    rot["lowerarm01"] = _rx(0.40 * twist) @ fore_min
    rot["lowerarm02"] = _rx(0.80 * twist) @ fore_min
    rot["wrist"] = hand

    for k in range(1, 4):  # the thumb forwards rather than down
        rot[f"finger1-{k}"] = about("x", -THUMB_LIFT) @ hand
    for finger in range(2, 6):
        for k in range(1, 4):
            d = hand @ span(f"finger-{finger}-{k}", f"finger-{finger}-{k + 1}")
            first = hand @ span(f"finger-{finger}-1", f"finger-{finger}-2")
            fan = np.clip(first[2] / np.hypot(first[0], first[2]), -0.35, 0.35) * 0.8
            goal = np.array([1.0, FINGER_DROP[k - 1], fan])
            rot[f"finger{finger}-{k}"] = between(d, goal) @ hand
    return rot


def tpose(base: Base, verts: np.ndarray) -> np.ndarray:
    """A base body (19158, 3) in A-pose -> the same body in T-pose, pelvis at PELVIS, joint cubes included."""
    verts = symmetric(verts, base.mirror)
    left = left_rotations(base, verts)
    flip = np.diag([-1.0, 1.0, 1.0])
    heads = base.heads(verts)
    n = len(base.bones)
    rot, posed = np.zeros((n, 3, 3)), np.zeros((n, 3))
    for i, bone in enumerate(base.bones):
        stem, side = bone.name.rsplit(".", 1) if "." in bone.name else (bone.name, "")
        if stem in left and side:
            rot[i] = left[stem] if side == "L" else flip @ left[stem] @ flip
        else:
            rot[i] = rot[bone.parent] if bone.parent >= 0 else np.eye(3)
        if bone.parent < 0:
            posed[i] = heads[i]
        else:
            posed[i] = posed[bone.parent] + rot[bone.parent] @ (heads[i] - heads[bone.parent])
    shift = posed - np.einsum("bij,bj->bi", rot, heads)

    out = verts.copy()
    skin = np.r_[np.arange(N_BODY), EYE_LEFT.start : EYE_RIGHT.stop]
    w = base.weights[skin]
    linear, _ = skin_linear(verts[skin], w, rot, shift)
    dual = skin_dual(verts[skin], w, rot, shift)
    out[skin] = 0.5 * (linear + dual)
    for ids in base.cubes.values():
        # A joint cube moves rigidly with the bone that starts there, or that ends there.
        bone = _owner(base, ids)
        out[ids] = verts[ids] @ rot[bone].T + shift[bone]
    out = symmetric(out, base.mirror)
    return out + (PELVIS - out[base.cubes["joint-pelvis"]].mean(0))


def _owner(base: Base, ids: np.ndarray) -> int:
    for end in ("head", "tail"):
        for i, bone in enumerate(base.bones):
            if np.array_equal(getattr(bone, end), ids):
                return i
    return 0

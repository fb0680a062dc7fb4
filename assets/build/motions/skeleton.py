"""The rest body that the motions are made for: joints, parents and points to set on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

JOINTS = [
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
]
INDEX = {name: i for i, name in enumerate(JOINTS)}
NUM_JOINTS = 52
PARENTS = np.array(
    [
        *(-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19),
        *(20, 22, 23, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35),
        *(21, 37, 38, 21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50),
    ]
)

# A plausible skeleton (metres) for building without the body file; left side, mirrored for the right.
_MIDDLE = {
    "pelvis": (0, -0.02, 0),
    "spine1": (0, 0.09, -0.02),
    "spine2": (0, 0.22, -0.01),
    "spine3": (0, 0.28, 0),
    "neck": (0, 0.49, -0.03),
    "head": (0, 0.57, 0.02),
}
_LEFT = {
    "hip": (0.08, -0.11, 0),
    "knee": (0.11, -0.49, 0),
    "ankle": (0.10, -0.89, -0.03),
    "foot": (0.13, -0.95, 0.09),
    "collar": (0.07, 0.40, -0.02),
    "shoulder": (0.18, 0.42, -0.03),
    "elbow": (0.44, 0.41, -0.05),
    "wrist": (0.69, 0.41, -0.05),
}
# index, middle, pinky, ring, thumb: the three joints of each finger, from the wrist
_FINGER_BASE = (
    (0.10, 0, 0.03),
    (0.105, 0, 0.005),
    (0.09, -0.01, -0.04),
    (0.10, 0, -0.02),
    (0.03, -0.02, 0.03),
)
_FINGER_STEP = ((0.03, 0, 0.003),) * 2 + ((0.02, 0, -0.006), (0.028, 0, -0.003), (0.022, -0.008, 0.02))


@dataclass
class Body:
    """Rest joints (52, 3) and skin points (N, 3) with skinning weights (N, 52), metres, y up."""

    joints: np.ndarray
    points: np.ndarray
    weights: np.ndarray

    @property
    def sole_height(self) -> float:
        """Height of the soles in the rest pose (metres, model frame)."""
        return float(self.points[:, 1].min())

    def bone(self, parent: str, child: str) -> np.ndarray:
        """Rest vector (3,) from one joint to another."""
        return self.joints[INDEX[child]] - self.joints[INDEX[parent]]

    def forward(self, poses: np.ndarray, trans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """poses (T, 156) or (T, 52, 3) radians, trans (T, 3) -> turns (T, 52, 3, 3), places (T, 52, 3)."""
        count = len(poses)
        local = Rotation.from_rotvec(np.asarray(poses, float).reshape(-1, 3)).as_matrix()
        turn = local.reshape(count, NUM_JOINTS, 3, 3).copy()
        place = np.zeros((count, NUM_JOINTS, 3))
        place[:, 0] = self.joints[0] + trans
        for j in range(1, NUM_JOINTS):
            p = PARENTS[j]
            place[:, j] = place[:, p] + turn[:, p] @ (self.joints[j] - self.joints[p])
            turn[:, j] = turn[:, p] @ turn[:, j]
        return turn, place

    def pose(self, poses: np.ndarray, trans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """poses, trans as above -> joint places (T, 52, 3), skin points (T, N, 3)."""
        turn, place = self.forward(poses, trans)
        shift = place - np.einsum("tjab,jb->tja", turn, self.joints)
        skin_turn = np.einsum("nj,tjab->tnab", self.weights, turn)
        points = np.einsum("tnab,nb->tna", skin_turn, self.points)
        points += np.einsum("nj,tja->tna", self.weights, shift)
        return place, points


def _own_skeleton() -> Body:
    joints = np.zeros((NUM_JOINTS, 3))
    for name, place in _MIDDLE.items():
        joints[INDEX[name]] = place
    for name, place in _LEFT.items():
        joints[INDEX["left_" + name]] = place
        joints[INDEX["right_" + name]] = np.array(place) * (-1, 1, 1)
    for finger in range(5):
        for k in range(3):
            offset = np.array(_FINGER_BASE[finger]) + k * np.array(_FINGER_STEP[finger])
            joints[22 + 3 * finger + k] = joints[INDEX["left_wrist"]] + offset
            joints[37 + 3 * finger + k] = joints[INDEX["right_wrist"]] + offset * (-1, 1, 1)
    points, owners = [joints], list(range(NUM_JOINTS))
    for side in ("left_", "right_"):
        ankle, ball = joints[INDEX[side + "ankle"]], joints[INDEX[side + "foot"]]
        for joint, base, forward in (("ankle", ankle, -0.06), ("foot", ball, 0.0), ("foot", ball, 0.07)):
            points.append([[base[0], ball[1] - 0.02, base[2] + forward]])
            owners.append(INDEX[side + joint])
    weights = np.zeros((len(owners), NUM_JOINTS))
    weights[np.arange(len(owners)), owners] = 1
    return Body(joints, np.concatenate(points), weights)


def load_body(model: Path, betas: np.ndarray, every: int = 4) -> Body:
    """The body of a model file shaped by betas (16,), every n-th vertex; the own skeleton if absent."""
    if not model.exists():
        return _own_skeleton()
    with np.load(model, allow_pickle=False) as data:
        rest = data["v_template"] + data["shapedirs"][..., : len(betas)].astype(float) @ betas
        joints = data["J_regressor"].astype(float) @ rest
        weights = data["weights"].astype(float)
    # the ground matters most: keep every vertex of the feet
    keep = np.zeros(len(rest), bool)
    keep[::every] = True
    keep |= weights[:, [7, 8, 10, 11]].sum(axis=1) > 0.5
    return Body(joints, rest[keep], weights[keep])

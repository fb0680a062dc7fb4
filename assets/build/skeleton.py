"""The SMPL-H and SMPL-X joints: order, parents, which original bones they gather, where they sit."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from base import Base

BODY = [
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
    "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar",
    "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist",
]  # fmt: skip
BODY_PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]
FACE = ["jaw", "left_eye_smplhf", "right_eye_smplhf"]
FINGERS = ["index", "middle", "pinky", "ring", "thumb"]
HANDS = [f"{side}_{f}{k}" for side in ("left", "right") for f in FINGERS for k in (1, 2, 3)]
FINGER_NUMBER = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}


def joint_names(face: bool) -> list[str]:
    """Joint names in file order, with the jaw and the eyes (SMPL-X) or without (SMPL-H)."""
    return BODY + (FACE if face else []) + HANDS


def parents(face: bool) -> np.ndarray:
    """Parent of each joint (J,), -1 at the root."""
    names = joint_names(face)
    out = list(BODY_PARENTS) + ([15, 15, 15] if face else [])
    for name in HANDS:
        side, rest = name.split("_")
        out.append(names.index(f"{side}_wrist" if rest.endswith("1") else f"{name[:-1]}{int(name[-1]) - 1}"))
    return np.array(out)


def mirrored(names: list[str]) -> np.ndarray:
    """Index of the mirrored joint (J,)."""

    def other(n: str) -> str:
        return n.replace("left", "#").replace("right", "left").replace("#", "right")

    return np.array([names.index(other(n)) for n in names])


_STEMS = {
    "pelvis": "pelvis", "root": "pelvis", "spine05": "pelvis", "spine04": "spine1", "spine03": "spine1",
    "spine02": "spine2", "spine01": "spine3", "breast": "spine3", "neck01": "neck", "neck02": "neck",
    "neck03": "neck", "head": "head", "jaw": "jaw", "eye": "eye_smplhf", "clavicle": "collar",
    "shoulder01": "collar", "upperarm01": "shoulder", "upperarm02": "shoulder", "lowerarm01": "elbow",
    "lowerarm02": "elbow", "wrist": "wrist", "upperleg01": "hip", "upperleg02": "hip", "lowerleg01": "knee",
    "lowerleg02": "knee", "foot": "ankle",
}  # fmt: skip


def bone_to_joint(base: Base, names: list[str]) -> np.ndarray:
    """Joint index of every original bone (B,): by name, else the joint of its parent."""
    number = {str(v): k for k, v in FINGER_NUMBER.items()}
    out = np.zeros(len(base.bones), int)
    for i, bone in enumerate(base.bones):
        stem, _, side = bone.name.partition(".")
        prefix = {"L": "left_", "R": "right_"}.get(side, "")
        if stem.startswith("finger"):
            name = f"{prefix}{number[stem[6]]}{stem[8]}"
        elif stem.startswith("metacarpal"):
            name = f"{prefix}wrist"
        elif stem.startswith("toe"):
            name = f"{prefix}foot"
        elif stem in _STEMS:
            name = _STEMS[stem]
            name = name if name in BODY or name == "jaw" else prefix + name
        else:
            name = ""
        if name in names:
            out[i] = names.index(name)
        elif name in ("jaw", "left_eye_smplhf", "right_eye_smplhf"):
            out[i] = names.index("head")
        else:
            out[i] = out[bone.parent]
    return out


def base_weights(base: Base, verts: np.ndarray, names: list[str]) -> sp.csr_matrix:
    """Skin weights (19158, J) of the base body for the gathered joints; `verts` in T-pose, metres."""
    joint = bone_to_joint(base, names)
    gather = sp.csr_matrix(
        (np.ones(len(joint)), (np.arange(len(joint)), joint)), shape=(len(joint), len(names))
    )
    weights = (base.weights @ gather).tolil()
    # Let the wrist's twist run up the forearm, or the skin wraps up like a sweet paper.
    for side in ("left", "right"):
        elbow, wrist = names.index(f"{side}_elbow"), names.index(f"{side}_wrist")
        a = verts[base.cubes[f"joint-{side[0]}-elbow"]].mean(0)
        b = verts[base.cubes[f"joint-{side[0]}-hand"]].mean(0)
        along = (verts - a) @ (b - a) / ((b - a) @ (b - a))
        share = 0.4 * np.clip((along - 0.45) / 0.55, 0, 1) ** 2
        fore = weights[:, elbow].toarray().ravel()
        ids = np.flatnonzero((fore > 0) & (share > 0))
        for i in ids:
            weights[i, elbow] = fore[i] * (1 - share[i])
            weights[i, wrist] = weights[i, wrist] + fore[i] * share[i]
    return weights.tocsr()


def joint_targets(base: Base, verts: np.ndarray, names: list[str]) -> np.ndarray:
    """Anatomical joint centres (J, 3) of a base body in T-pose, metres."""
    at = {n[6:]: verts[ids].mean(0) for n, ids in base.cubes.items()}
    crotch = verts[:13380][(np.abs(verts[:13380, 0]) < 1e-6), 1].min()
    out = np.zeros((len(names), 3))
    for i, name in enumerate(names):
        side, _, part = name.rpartition("_") if "_smplhf" not in name else (name.split("_")[0], "", "eye")
        s = side[:1]
        if part[:-1] in FINGER_NUMBER:
            out[i] = at[f"{s}-finger-{FINGER_NUMBER[part[:-1]]}-{part[-1]}"]
        elif part == "hip":
            cube = at[f"{s}-upper-leg"]
            # The original hips sit wide and high.
            out[i] = [0.85 * cube[0], 0.6 * cube[1] + 0.4 * (crotch + 0.03), cube[2]]
        elif part == "collar":
            out[i] = 0.55 * at[f"{s}-clavicle"] + 0.45 * at[f"{s}-scapula"]
        elif part == "foot":
            toes = [at[f"{s}-toe-{k}-1"] for k in (1, 2, 3, 4)]
            out[i] = np.mean(toes, axis=0)
        elif part == "jaw":
            out[i] = at["mouth"] + [0, 0.0, -0.02]
        else:
            cube = {
                "pelvis": "pelvis", "spine1": "spine-4", "spine2": "spine-2", "spine3": "spine-1",
                "neck": "neck", "head": "head", "knee": f"{s}-knee", "ankle": f"{s}-ankle",
                "shoulder": f"{s}-shoulder", "elbow": f"{s}-elbow", "wrist": f"{s}-hand", "eye": f"{s}-eye",
            }[part]  # fmt: skip
            out[i] = at[cube]
    return out

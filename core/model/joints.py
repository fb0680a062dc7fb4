"""Joint names, their order in files, and the body parts they belong to.

The orders are those of the published model files (`kintree_table`) and of `smplx.joint_names`.
"""

from __future__ import annotations

_BODY = (
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
)
FINGERS = ("index", "middle", "pinky", "ring", "thumb")


def _hand(side: str) -> tuple[str, ...]:
    return tuple(f"{side}_{finger}{bone}" for finger in FINGERS for bone in (1, 2, 3))


LEFT_HAND = _hand("left")
RIGHT_HAND = _hand("right")
HANDS = {"left": LEFT_HAND, "right": RIGHT_HAND}

JOINT_NAMES: dict[str, tuple[str, ...]] = {
    "smpl": (*_BODY, "left_hand", "right_hand"),
    "smplh": (*_BODY, *LEFT_HAND, *RIGHT_HAND),
    "smplx": (*_BODY, "jaw", "left_eye_smplhf", "right_eye_smplhf", *LEFT_HAND, *RIGHT_HAND),
}

FACE_JOINTS = ("jaw", "left_eye_smplhf", "right_eye_smplhf")

PARTS = ("head", "torso", "arms", "hands", "legs", "feet")

_PART_OF_WORD = {
    "head": ("neck", "head", "jaw", "eye"),
    "torso": ("pelvis", "spine", "collar"),
    "arms": ("shoulder", "elbow"),
    "hands": ("wrist", "hand", *FINGERS),
    "legs": ("hip", "knee"),
    "feet": ("ankle", "foot"),
}

MESH = "mesh"
"""The family of meshes of a topology of their own, which no body model has (`core.files.own_mesh`)."""

FAMILY_LABEL = {"smpl": "SMPL", "smplh": "SMPL-H", "smplx": "SMPL-X", MESH: "mesh"}
"""What to call a family to people; those of body models are the keys of `JOINT_NAMES`."""


def joint_part(name: str) -> str:
    """The body part (one of `PARTS`) whose skin follows the joint ``name``.

    Raises:
        ValueError: the name holds no known joint word.
    """
    for part, words in _PART_OF_WORD.items():
        if any(word in name for word in words):
            return part
    raise ValueError(f"joint '{name}' belongs to no known body part")


GENDERS = ("neutral", "female", "male")


def other_family(family: str) -> str:
    """What a motion is fitted in where nothing is said: SMPL-X, and SMPL-H where it is in SMPL-X itself."""
    return "smplh" if family == "smplx" else "smplx"

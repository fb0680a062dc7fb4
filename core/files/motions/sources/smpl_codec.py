"""``.smpl``: the files of Meshcapade's smplcodec, which are an npz by another ending."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import FAMILY, FILE, Assumption
from core.files.containers.arrays import number, numbers, shape_text
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take
from core.model.joints import JOINT_NAMES

NAME = ".smpl"
_FAMILIES = ("smpl", "smplh", "smplx")
_GENDERS = ("neutral", "male", "female")
_PARTS = {
    "smpl": {"bodyPose": 24},
    "smplh": {"bodyPose": 22, "leftHandPose": 15, "rightHandPose": 15},
    "smplx": {"bodyPose": 22, "headPose": 3, "leftHandPose": 15, "rightHandPose": 15},
}
_SAID = ("smplVersion", "gender", "frameRate", "bodyTranslation", "shapeParameters", "expressionParameters")

_NAMES = {
    "poses": "bodyPose",
    "trans": "bodyTranslation",
    "betas": "shapeParameters",
    "expression": "expressionParameters",
    "mocap_frame_rate": "frameRate",
}


def looks_like(contents: Contents) -> bool:
    """Whether the file is smplcodec's."""
    return contents.kind == "npz" and "smplVersion" in contents.table


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person.

    ``smplVersion`` 0 to 2 says the family, ``gender`` 0 to 2 neutral, male and female; ``bodyPose`` (T, 22,
    3), of SMPL (T, 24, 3), ``headPose`` (T, 3, 3), ``leftHandPose`` and ``rightHandPose`` (T, 15, 3) radians;
    ``bodyTranslation`` (T, 3) metres, ``shapeParameters`` (B,), ``frameRate``.

    Raises:
        FileError: a key has the wrong type or shape, or the body is of another kind.
    """
    path, headers = contents.path, contents.table
    wanted = {*_SAID, *_PARTS["smplx"]}
    held = contents.values(key for key in wanted if key in headers and headers[key].plain)
    version = number(path, "smplVersion", held.get("smplVersion", np.array("")))
    if version not in range(len(_FAMILIES)):
        raise FileError(
            path, f"is {version:g}, expected 0, 1 or 2: SMPL, SMPL-H or SMPL-X", key="smplVersion"
        )
    family = _FAMILIES[int(version)]
    said = Assumption(FAMILY, family, f"'smplVersion' is {version:g}", FILE)
    if "bodyPose" not in held:
        raise FileError(path, "is a shape without a motion: it has no 'bodyPose'")
    frames = held["bodyPose"].shape[0] if held["bodyPose"].ndim else 0
    notes, pieces = [], []
    for key, count in _PARTS[family].items():
        piece = held.get(key)
        if piece is None:
            notes.append(f"There is no '{key}', so that part of the pose is zero.")
            piece = np.zeros((frames, count, 3), np.float32)
        pieces.append(numbers(path, key, piece, (frames, count, 3)))
    poses = np.concatenate(pieces, 1)
    assert poses.shape[1] == len(JOINT_NAMES[family]), shape_text(poses.shape)
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": held.get("bodyTranslation", np.zeros((frames, 3), np.float32)),
        "betas": held.get("shapeParameters", np.zeros(10, np.float32)),
    }
    if "bodyTranslation" not in held:
        notes.append("There is no 'bodyTranslation': the body stays at the origin.")
    if "shapeParameters" not in held:
        notes.append("The file does not say the shape: betas are zero.")
    if "gender" in held:
        gender = number(path, "gender", held["gender"])
        if gender not in range(len(_GENDERS)):
            raise FileError(path, f"is {gender:g}, expected 0, 1 or 2", key="gender")
        arrays["gender"] = np.array(_GENDERS[int(gender)])
    if "frameRate" in held:
        arrays["mocap_frame_rate"] = held["frameRate"]
    face = held.get("expressionParameters")
    if face is not None and family == "smplx":
        # One face for all frames, or one for each.
        arrays["expression"] = np.tile(face, (frames, 1)) if face.ndim == 1 else face
    return [Take(arrays, tuple(notes), known=(said,), keys=_NAMES)]

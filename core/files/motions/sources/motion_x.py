"""Motion-X: an npy with 322 numbers a frame, in SMPL-X."""

from __future__ import annotations

import numpy as np

from core.files.containers.array_header import ArrayHeader
from core.files.containers.arrays import numbers
from core.files.containers.npz import read_npy
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take

NAME = "Motion-X"
WIDTH = 322
_ROOT, _BODY, _HANDS = slice(0, 3), slice(3, 66), slice(66, 156)
_JAW, _EXPRESSION, _FACE = slice(156, 159), slice(159, 209), slice(209, 309)
_TRANS, _BETAS = slice(309, 312), slice(312, 322)


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of Motion-X's motions."""
    header = contents.value
    return isinstance(header, ArrayHeader) and len(header.shape) == 2 and header.shape[1] == WIDTH


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person.

    Of each frame: root 0:3, body 3:66, hands 66:156, jaw 156:159, expression 159:209, shape of the face
    209:309, trans 309:312, betas 312:322. The file says neither gender nor frame rate, nor which axis is up:
    whoever reads it sees how the bodies stand.

    Raises:
        FileError: the array holds something else than numbers.
    """
    path = contents.path
    held = read_npy(path)
    rows = numbers(path, "array", held, (None, WIDTH))
    notes = []
    if np.nan_to_num(rows[:, _FACE]).any():
        notes.append("The shape of the face has no counterpart in the body's betas and was left out.")
    arrays = {
        "root_orient": rows[:, _ROOT],
        "pose_body": rows[:, _BODY],
        "pose_hand": rows[:, _HANDS],
        "pose_jaw": rows[:, _JAW],
        "pose_eye": np.zeros((len(rows), 6), np.float32),
        "expression": rows[:, _EXPRESSION],
        "trans": held[:, _TRANS],
        "betas": rows[:, _BETAS],
        "surface_model_type": np.array("smplx"),
    }
    return [Take(arrays, tuple(notes), own_shapes=True)]

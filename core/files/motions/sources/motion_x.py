"""Motion-X: an npy with 322 numbers a frame, in SMPL-X."""

from __future__ import annotations

import numpy as np

from core.errors import FileError
from core.files.containers.array_header import ArrayHeader
from core.files.containers.arrays import numbers
from core.files.containers.npz import read_npy
from core.files.motions.sources.file_contents import Contents
from core.files.motions.sources.person_track import Take

NAME = "Motion-X"
WIDTH = 322
_ROOT, _BODY, _HANDS = slice(0, 3), slice(3, 66), slice(66, 156)
_JAW, _EXPRESSION, _FACE = slice(156, 159), slice(159, 209), slice(209, 309)
_TRANS, _BETAS = slice(309, 312), slice(312, 322)
# Of this share of the frames' bodies the heads are on one side: that side is up.
_MOSTLY = 0.5


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of Motion-X's motions."""
    header = contents.value
    return isinstance(header, ArrayHeader) and len(header.shape) == 2 and header.shape[1] == WIDTH


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person.

    Of each frame: root 0:3, body 3:66, hands 66:156, jaw 156:159, expression 159:209, shape of the face
    209:309, trans 309:312, betas 312:322. The file says neither gender nor frame rate, nor which axis is up:
    that is taken from how the bodies stand.

    Raises:
        FileError: the array holds something else than numbers.
    """
    path = contents.path
    if coordinates is not None:
        raise FileError(path, f"does not say which coordinates it is in, expected no choice of {coordinates}")
    rows = numbers(path, "array", read_npy(path), (None, WIDTH))
    notes = []
    up = standing_along(rows[:, _ROOT])
    if up is None:
        raise_to, words = (
            "y",
            "The file does not say which axis is up, and the bodies do not stand: y is taken.",
        )
    else:
        raise_to, words = up, f"The file does not say which axis is up: the bodies stand along {up}."
    notes.append(words)
    if np.nan_to_num(rows[:, _FACE]).any():
        notes.append("The shape of the face has no counterpart in the body's betas and was left out.")
    arrays = {
        "root_orient": rows[:, _ROOT],
        "pose_body": rows[:, _BODY],
        "pose_hand": rows[:, _HANDS],
        "pose_jaw": rows[:, _JAW],
        "pose_eye": np.zeros((len(rows), 6), np.float32),
        "expression": rows[:, _EXPRESSION],
        "trans": rows[:, _TRANS],
        "betas": rows[:, _BETAS],
        "surface_model_type": np.array("smplx"),
        "refit_up_axis": np.array(raise_to),
    }
    return [Take(arrays, tuple(notes), own_shapes=True)]


def standing_along(root: np.ndarray) -> str | None:
    """``'y'``, ``'z'`` or ``'-y'``: where the heads of most bodies point to, None where that is none of them.

    Args:
        root: (T, 3) axis-angle of the root.
    """
    usable = root[np.isfinite(root).all(1) & (np.abs(root) < 1e3).all(1)]
    if not len(usable):
        return None
    # As long to import as most files take to open.
    from scipy.spatial.transform import Rotation

    upwards = Rotation.from_rotvec(usable.astype(float)).apply([0.0, 1.0, 0.0]).mean(0)
    axis = int(np.abs(upwards).argmax())
    if abs(upwards[axis]) < _MOSTLY:
        return None
    name = ("-" if upwards[axis] < 0 else "") + "xyz"[axis]
    return name if name in ("y", "z", "-y") else None

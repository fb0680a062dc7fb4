"""AMASS, in SMPL+H, SMPL or SMPL-X, and everything else with its keys, as Refit's own results."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.files.containers.arrays import numbers
from core.files.containers.npz import read_npz
from core.files.motions.sources.file_contents import Contents
from core.files.motions.sources.person_track import Take, plain_array

NAME = "AMASS"
FRAME_RATE_KEYS = ("mocap_framerate", "mocap_frame_rate")
POSE_PARTS = {"root_orient": 3, "pose_body": 63, "pose_jaw": 3, "pose_eye": 6, "pose_hand": 90}
"""The pieces of a pose, in the order of SMPL-X, and how many numbers each has."""

_HANDS = ("pose_lhand", "pose_rhand")
_OTHER_NAMES = {"expressions": "expression"}
_NEEDED = {"poses", "trans", "betas", *POSE_PARTS, *_HANDS}
_OPTIONAL = {
    "gender",
    "dmpls",
    "expression",
    "surface_model_type",
    "refit_up_axis",
    *_OTHER_NAMES,
    *FRAME_RATE_KEYS,
}
_INTER_X_RATE = 120.0


def looks_like(contents: Contents) -> bool:
    """Whether the file has AMASS's keys, or enough of them to be meant so."""
    table = contents.table
    if contents.kind not in ("npz", "pickle", "torch") or "trans" not in table:
        return False
    if contents.kind != "npz" and not isinstance(table["trans"], np.ndarray):
        return False
    return "poses" in table or table.keys() >= {"root_orient", "pose_body"}


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person, and notes on arrays that are not opened.

    The same keys in a pickle, a torch file or a dict that numpy saved, and those of tools that name hands and
    face otherwise: ``pose_lhand`` and ``pose_rhand`` (T, 45) or (T, 15, 3) of Inter-X, ``expressions`` of
    BEAT2.

    Raises:
        FileError: an array that is needed cannot be read.
    """
    path, table = contents.path, contents.table
    closed: set[str] = set()
    if contents.kind == "npz":
        closed = {key for key in _OPTIONAL & table.keys() if not table[key].plain}
    wanted = (_NEEDED | _OPTIONAL) - closed
    if contents.kind == "npz":
        arrays = read_npz(path, wanted)
    else:
        held = contents.values(wanted)
        given = {key for key, value in held.items() if value is not None or key in _NEEDED}
        arrays = {key: plain_array(path, key, held[key]) for key in given}
    notes = [f"'{key}' is a pickled Python object, which is never opened." for key in sorted(closed)]
    return [Take(renamed(path, arrays, notes), tuple(notes))]


def renamed(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> dict[str, np.ndarray]:
    """The arrays in AMASS's own names and shapes; ``notes`` takes in what is assumed.

    Raises:
        FileError: a hand has the wrong type or shape.
    """
    arrays = dict(arrays)
    for other, name in _OTHER_NAMES.items():
        if other in arrays and name not in arrays:
            arrays[name] = arrays.pop(other)
    for key in (*POSE_PARTS, *_HANDS):
        # Joint by joint.
        if key in arrays and arrays[key].ndim == 3 and arrays[key].shape[2] == 3:
            arrays[key] = arrays[key].reshape(len(arrays[key]), -1)
    if any(key in arrays for key in _HANDS) and "pose_hand" not in arrays and "pose_body" in arrays:
        frames = arrays["pose_body"].shape[0] if arrays["pose_body"].ndim else 0
        none = np.zeros((frames, 45), np.float32)
        sides = [numbers(path, key, arrays.pop(key, none), (frames, 45)) for key in _HANDS]
        arrays["pose_hand"] = np.concatenate(sides, 1)
        if not any(key in arrays for key in FRAME_RATE_KEYS):
            arrays[FRAME_RATE_KEYS[0]] = np.array(_INTER_X_RATE)
            notes.append("The file does not say the frame rate: Inter-X's 120 frames a second are taken.")
    return arrays

"""AMASS, in SMPL+H, SMPL or SMPL-X, and everything else with its keys, as Refit's own results."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.files.assumption import FAMILY, FRAME_RATE, UP_AXIS, known
from core.files.containers.arrays import numbers
from core.files.motions.parts.family_words import FAMILY_KEYS
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, plain_array

NAME = "AMASS"
FRAME_RATE_KEYS = ("mocap_framerate", "mocap_frame_rate")
"""As AMASS writes them."""

RATE_KEYS = (*FRAME_RATE_KEYS, "fps", "frame_rate", "framerate")
"""As others do who keep to the rest of its keys."""

POSE_PARTS = {"root_orient": 3, "pose_body": 63, "pose_jaw": 3, "pose_eye": 6, "pose_hand": 90}
"""The pieces of a pose, in the order of SMPL-X, and how many numbers each has."""

_INTER_X = (
    known(FRAME_RATE, "120", "Inter-X has so many"),
    known(FAMILY, "smplx", "Inter-X names its hands so"),
)
_SECONDS = "frame_times"
"""A key of BEHAVE's."""
_BEHAVE = (known(UP_AXIS, "-y", "BEHAVE's people are before a camera"),)
_HANDS = ("pose_lhand", "pose_rhand")
_OTHER_NAMES = {"expressions": "expression"}
_NEEDED = {"poses", "trans", "betas", *POSE_PARTS, *_HANDS}
_OPTIONAL = {
    "gender",
    "dmpls",
    "expression",
    "refit_up_axis",
    "refit_betas",
    "refit_frame_betas",
    "refit_origin",
    *FAMILY_KEYS,
    *_OTHER_NAMES,
    *RATE_KEYS,
}
# What says again what others say.
_COUNTS = {"num_betas", "num_expressions", "mocap_time_length"}


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
    BEAT2. With ``frame_times`` they are BEHAVE's.

    Raises:
        FileError: an array that is needed cannot be read.
    """
    path, table = contents.path, contents.table
    closed: set[str] = set()
    if contents.kind == "npz":
        closed = {key for key in _OPTIONAL & table.keys() if not table[key].plain}
    wanted = (_NEEDED | _OPTIONAL) - closed
    contents.pass_over(_COUNTS | {key for key in table if str(key).startswith("refit_")})
    if "poses" in table:
        # The same once more, cut into pieces.
        wanted -= {*POSE_PARTS, *_HANDS}
        contents.pass_over({*POSE_PARTS, *_HANDS})
    if contents.kind == "npz":
        arrays = contents.read(wanted)
    else:
        held = contents.values(wanted)
        given = {key for key, value in held.items() if value is not None or key in _NEEDED}
        arrays = {key: plain_array(path, key, held[key]) for key in given}
    notes = [f"'{key}' is a pickled Python object, which is never opened." for key in sorted(closed)]
    inter_x = any(key in arrays for key in _HANDS)
    if inter_x and not any(key in arrays for key in RATE_KEYS):
        notes.append("The file does not say the frame rate: Inter-X's 120 frames a second are taken.")
    return [
        Take(
            renamed(path, arrays),
            tuple(notes),
            own_shapes=True,
            known=_INTER_X if inter_x else _BEHAVE if _SECONDS in table else (),
        )
    ]


def renamed(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays in AMASS's own names and shapes.

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
    return arrays

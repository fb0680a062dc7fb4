"""AMASS, in SMPL+H, SMPL or SMPL-X, and everything else with its keys, as Refit's own results."""

from __future__ import annotations

from core.files.containers.npz import read_npz
from core.files.motions.sources.file_contents import Contents
from core.files.motions.sources.person_track import Take

NAME = "AMASS"
FRAME_RATE_KEYS = ("mocap_framerate", "mocap_frame_rate")
POSE_PARTS = {"root_orient": 3, "pose_body": 63, "pose_jaw": 3, "pose_eye": 6, "pose_hand": 90}
"""The pieces of a pose, in the order of SMPL-X, and how many numbers each has."""

_NEEDED = {"poses", "trans", "betas", *POSE_PARTS}
_OPTIONAL = {"gender", "dmpls", "expression", "surface_model_type", "refit_up_axis", *FRAME_RATE_KEYS}


def looks_like(contents: Contents) -> bool:
    """Whether the file has AMASS's keys, or enough of them to be meant so."""
    keys = contents.table.keys()
    return contents.kind == "npz" and "trans" in keys and (
        "poses" in keys or keys >= {"root_orient", "pose_body"}
    )  # fmt: skip


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person, and notes on arrays that are not opened.

    Raises:
        FileError: an array that is needed cannot be read.
    """
    headers = contents.table
    closed = {key for key in _OPTIONAL & headers.keys() if not headers[key].plain}
    arrays = read_npz(contents.path, (_NEEDED | _OPTIONAL) - closed)
    notes = [f"'{key}' is a pickled Python object, which is never opened." for key in sorted(closed)]
    return [Take(arrays, tuple(notes))]

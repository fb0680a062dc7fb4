"""OMOMO: one of joblib's pickles with thousands of sequences, each of one person who moves an object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import FRAME_RATE, UP_AXIS, known
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    Take,
    array_of,
    numbers_in,
    places_in,
    plain_array,
)
from core.model.motion import BodyTerms

NAME = "OMOMO"
_KEYS = {"seq_name", "root_orient", "pose_body", "trans", "trans2joint"}
_BARE = "There are no hands and no face in the file: they are flat and still."
_PELVIS = "Where OMOMO has the person is where the pelvis lies."
_KNOWN = (
    known(UP_AXIS, "z", "OMOMO's floor is at z = 0"),
    known(FRAME_RATE, "30", "OMOMO is at 30 frames a second"),
)


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of OMOMO's splits."""
    first = next(iter(contents.table.values()), None)
    return contents.kind == "pickle" and isinstance(first, dict) and first.keys() >= _KEYS


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its sequences, by their ``seq_name``, each of one person in SMPL-X without hands and face.

    Of each ``root_orient`` (T, 3), ``pose_body`` (T, 63), ``betas`` (1, 16), ``gender`` and ``trans`` (T, 3),
    where the pelvis lies: ``trans2joint`` leads from there to the translation of OMOMO's own body.

    Raises:
        FileError: a key has the wrong type or shape, or two sequences have one name.
    """
    path = contents.path
    found = [_sequence(path, str(name), table) for name, table in contents.table.items()]
    names = {take.person for take in found}
    if len(names) < len(found):
        raise FileError(path, "holds two sequences of one name", key="seq_name")
    return found


def _sequence(path: Path, name: str, table: Any) -> Take:
    if not isinstance(table, dict):
        raise FileError(path, f"is a {type(table).__name__}, expected a sequence", key=name)
    where = f"{name}."
    root = numbers_in(path, table, "root_orient", (None, 3), where)
    arrays: dict[str, Any] = {
        "root_orient": root,
        "pose_body": numbers_in(path, table, "pose_body", (len(root), 63), where),
        "pose_hand": np.zeros((len(root), 90), np.float32),
        "pose_jaw": np.zeros((len(root), 3), np.float32),
        "pose_eye": np.zeros((len(root), 6), np.float32),
        "trans": places_in(path, table, "trans", len(root), where),
        "betas": array_of(path, where + "betas", table.get("betas", np.zeros(16))),
        "surface_model_type": np.array("smplx"),
    }
    if table.get("gender") is not None:
        arrays["gender"] = plain_array(path, where + "gender", table["gender"])
    said = table.get("seq_name")
    called = said if isinstance(said, str) else name
    return Take(
        arrays,
        (_BARE, _PELVIS),
        called,
        scene=called,
        body_terms=BodyTerms(trans_of=("pelvis",)),
        known=_KNOWN,
    )

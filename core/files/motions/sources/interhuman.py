"""InterHuman: a pickle with two people in pieces of a pose."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.files.assumption import DEFAULT, UP_AXIS, Assumption
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, array_of, numbers_in, places_in, plain_array
from core.files.motions.sources.amass import RATE_KEYS

NAME = "InterHuman"
_PEOPLE = ("person1", "person2")


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of InterHuman's interactions."""
    people = [contents.table.get(name) for name in _PEOPLE]
    return contents.kind == "pickle" and any(
        isinstance(one, dict) and one.keys() >= {"root_orient", "pose_body", "trans"} for one in people
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, ``person1`` and ``person2``, in SMPL-H without hands.

    Of each ``root_orient`` (T, 3), ``pose_body`` (T, 63), ``trans`` (T, 3), ``betas`` (1, 10), ``gender``;
    ``mocap_framerate`` is of both.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    table = contents.table
    rate = {key: plain_array(contents.path, key, table[key]) for key in RATE_KEYS if key in table}
    people = [name for name in _PEOPLE if isinstance(table.get(name), dict)]
    return [_person(contents, name, rate) for name in people]


def _person(contents: Contents, name: str, rate: dict[str, np.ndarray]) -> Take:
    path, table, where = contents.path, contents.table[name], f"{name}."
    root = numbers_in(path, table, "root_orient", (None, 3), where)
    arrays: dict[str, Any] = {
        "root_orient": root,
        "pose_body": numbers_in(path, table, "pose_body", (len(root), 63), where),
        "pose_hand": np.zeros((len(root), 90), np.float32),
        "trans": places_in(path, table, "trans", len(root), where),
        "betas": array_of(path, where + "betas", table.get("betas", np.zeros(10))),
        "surface_model_type": np.array("smplh"),
        **rate,
    }
    if table.get("gender") is not None:
        arrays["gender"] = plain_array(path, where + "gender", table["gender"])
    lying = Assumption(UP_AXIS, "z", "the bodies do not stand", DEFAULT)
    return Take(arrays, ("There are no hands in the file: they are flat.",), name, known=(lying,))

"""GRAB: an npz of a body that grasps an object, the body a dict among its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.files.assumption import UP_AXIS, known
from core.files.containers.arrays import number
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, numbers_in, places_in, plain_array

NAME = "GRAB"
_RATE = "framerate"
_NAMES = {
    "poses": "body.params.fullpose",
    "trans": "body.params.transl",
    "expression": "body.params.expression",
    "mocap_frame_rate": _RATE,
}


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of GRAB's sequences."""
    return contents.kind == "npz" and contents.table.keys() >= {"body", "n_comps", "gender"}


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person, in SMPL-X, z up.

    ``body.params`` has ``fullpose`` (T, 165), with hands as they are, ``transl`` (T, 3) and ``expression``
    (T, 10). The shape is a mesh of its own (``body.vtemp``), which is not in the file: betas are zero.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path = contents.path
    params = contents.part("body").get("params")
    table: dict[Any, Any] = params if isinstance(params, dict) else {}
    poses = numbers_in(path, table, "fullpose", (None, 165), "body.params.")
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": places_in(path, table, "transl", len(poses), "body.params."),
        "betas": np.zeros(10, np.float32),
        **{key: value for key, value in contents.values(["gender"]).items() if isinstance(value, np.ndarray)},
    }
    if table.get("expression") is not None:
        arrays["expression"] = numbers_in(path, table, "expression", (len(poses), None), "body.params.")
    rate = contents.values([_RATE]).get(_RATE)
    if rate is not None:
        arrays["mocap_frame_rate"] = np.array(number(path, _RATE, plain_array(path, _RATE, rate)))
    notes = ("GRAB's shape is a mesh of its own, 'body.vtemp': betas are zero in its place.",)
    return [Take(arrays, notes, known=(known(UP_AXIS, "z", "GRAB writes it so"),), keys=_NAMES)]

"""MoSh++: what it pickles of a mocap sequence (``*_stageii.pkl``), from which AMASS is made."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import UP_AXIS, known
from core.files.containers.arrays import number
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, array_of, numbers_in, places_in, plain_array

NAME = "MoSh++"
_DETAILS = "stageii_debug_details"
_NAMES = {"poses": "fullpose", "mocap_frame_rate": f"{_DETAILS}.mocap_frame_rate"}


def looks_like(contents: Contents) -> bool:
    """Whether the file is MoSh++'s second stage."""
    return contents.kind == "pickle" and contents.table.keys() >= {"fullpose", "trans"}


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person.

    ``fullpose`` (T, 165), of SMPL-H (T, 156) or SMPL (T, 72); ``trans`` (T, 3); ``betas`` of which the first
    ``cfg.surface_model.num_betas`` count, none where the shape is a scan; ``expression`` (T, E).
    ``stageii_debug_details`` has ``mocap_frame_rate`` and ``cfg.surface_model.gender``.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path, table = contents.path, contents.table
    details = _dict(table, _DETAILS)
    model = _dict(_dict(details, "cfg"), "surface_model")
    notes = []
    poses = numbers_in(path, table, "fullpose", (None, None))
    arrays: dict[str, Any] = {"poses": poses, "trans": places_in(path, table, "trans", len(poses))}
    if table.get("betas") is None:
        arrays["betas"] = np.zeros(10, np.float32)
        notes.append("The file has no betas, as where the shape is a scan: betas are zero.")
    else:
        arrays["betas"] = array_of(path, "betas", table["betas"])
        said = model.get("num_betas")
        count = np.asarray(said if isinstance(said, (int, np.integer, np.ndarray)) else None)
        if count.dtype.kind in "iu" and count.size == 1 and count >= 0 and arrays["betas"].ndim == 1:
            arrays["betas"] = arrays["betas"][: count.item()]
    if table.get("expression") is not None:
        arrays["expression"] = array_of(path, "expression", table["expression"])
    if details.get("mocap_frame_rate") is not None:
        key = f"{_DETAILS}.mocap_frame_rate"
        rate = number(path, key, plain_array(path, key, details["mocap_frame_rate"]))
        arrays["mocap_frame_rate"] = np.array(rate)
    gender = model.get("gender", table.get("gender"))
    if isinstance(gender, (str, bytes, np.ndarray)):
        arrays["gender"] = np.asarray(gender)
    kind, of = model.get("type"), {72: "smpl", 156: "smplh", 165: "smplx"}
    if isinstance(kind, str) and kind in of.values() and of.get(poses.shape[1]) != kind:
        raise FileError(
            path, f"has {poses.shape[1]} numbers a frame, which are none of {kind}", key="fullpose"
        )
    return [Take(arrays, tuple(notes), known=(known(UP_AXIS, "z", "MoSh++ writes it so"),), keys=_NAMES)]


def _dict(table: dict[Any, Any], key: str) -> dict[Any, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}

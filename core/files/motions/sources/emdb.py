"""EMDB: a pickle with one person's SMPL poses and the camera that follows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    Take,
    flags_in,
    numbers_in,
    places_in,
    plain_array,
)

NAME = "EMDB"
_KEYS = {"poses_root", "poses_body", "trans"}


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of EMDB's sequences."""
    smpl = contents.table.get("smpl")
    return contents.kind == "pickle" and isinstance(smpl, dict) and smpl.keys() >= _KEYS


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person, in the world's coordinates.

    ``smpl.poses_root`` (T, 3), ``poses_body`` (T, 69), ``trans`` (T, 3), ``betas`` (10,); ``gender``. Frames
    that ``good_frames_mask`` (T,) leaves out have no pose to be relied on and are gaps.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path, table, smpl = contents.path, contents.table, contents.table["smpl"]
    root = numbers_in(path, smpl, "poses_root", (None, 3), "smpl.")
    body = numbers_in(path, smpl, "poses_body", (len(root), 69), "smpl.")
    arrays: dict[str, Any] = {
        "poses": np.concatenate((root, body), 1),
        "trans": places_in(path, smpl, "trans", len(root), "smpl."),
        "betas": numbers_in(path, smpl, "betas", (None,), "smpl."),
    }
    if table.get("gender") is not None:
        arrays["gender"] = plain_array(path, "gender", table["gender"])
    notes, unreliable = [], None
    if table.get("good_frames_mask") is not None:
        bad = ~flags_in(path, "good_frames_mask", table["good_frames_mask"], len(root))
        if bad.any():
            arrays["poses"][bad] = np.nan
            unreliable = np.flatnonzero(bad)
            notes.append(f"EMDB holds {int(bad.sum())} frames for not good: they are gaps.")
    return [
        Take(
            arrays,
            tuple(notes),
            keys={key: f"smpl.{key}" for key in ("trans", "betas")},
            unreliable=unreliable,
        )
    ]

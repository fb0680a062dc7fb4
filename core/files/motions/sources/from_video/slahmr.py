"""SLAHMR: an npz with a row for every person, in pieces of SMPL-H's pose."""

from __future__ import annotations

import numpy as np

from core.files.containers.arrays import numbers
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take

NAME = "SLAHMR"
_PIECES = ("root_orient", "pose_body", "trans")
_WIDTHS = {"root_orient": 3, "pose_body": 63, "trans": 3}


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of SLAHMR's results: people come before frames."""
    headers = contents.table
    return contents.kind == "npz" and all(
        key in headers and len(headers[key].shape) == 3 and headers[key].shape[2] == width
        for key, width in _WIDTHS.items()
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by their place in the rows, in SMPL-H without hands.

    ``root_orient`` (P, T, 3), ``pose_body`` (P, T, 63), ``trans`` (P, T, 3), ``betas`` (P, 16).

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path, headers = contents.path, contents.table
    held = contents.values([*_PIECES, *(key for key in ("betas",) if key in headers)])
    people, frames = held["root_orient"].shape[:2]
    arrays = {
        key: numbers(
            path, key, held[key], (people, frames, width), np.float64 if key == "trans" else np.float32
        )
        for key, width in _WIDTHS.items()
    }
    betas = numbers(path, "betas", held.get("betas", np.zeros((people, 16))), (people, None))
    found = []
    for person in range(people):
        own = {key: array[person] for key, array in arrays.items()}
        own |= {
            "betas": betas[person],
            "pose_hand": np.zeros((frames, 90), np.float32),
            "surface_model_type": np.array("smplh"),
        }
        notes = ("There are no hands in the file: they are flat.",)
        found.append(Take(own, notes, str(person) if people > 1 else None))
    return found

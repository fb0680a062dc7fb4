"""GVHMR: a torch file, or a pickle of the same, with one person in SMPL-X, in the world and in the camera."""

from __future__ import annotations

import numpy as np

from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    CAMERA,
    WORLD,
    Take,
    choose_coordinates,
    numbers_in,
    places_in,
)
from core.model.motion import BodyTerms

NAME = "GVHMR"
_KEYS = {WORLD: "smpl_params_global", CAMERA: "smpl_params_incam"}
_UP = {WORLD: "y", CAMERA: "-y"}


def looks_like(contents: Contents) -> bool:
    """Whether the file is GVHMR's result."""
    return contents.kind in ("torch", "pickle") and any(
        isinstance(contents.table.get(key), dict) for key in _KEYS.values()
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person.

    ``smpl_params_global`` in a y-up world, ``smpl_params_incam`` y down: ``global_orient`` (T, 3),
    ``body_pose`` (T, 63), ``transl`` (T, 3), ``betas`` (T, 10), without hands and face. Its authors draw
    the hands in the mean pose of the model's (``flat_hand_mean=False``).

    Raises:
        FileError: a key has the wrong type or shape, or the coordinates are not there.
    """
    path = contents.path
    there = [name for name, key in _KEYS.items() if isinstance(contents.table.get(key), dict)]
    chosen, notes = choose_coordinates(path, there, coordinates)
    table, where = contents.table[_KEYS[chosen]], f"{_KEYS[chosen]}."
    root = numbers_in(path, table, "global_orient", (None, 3), where)
    arrays = {
        "root_orient": root,
        "pose_body": numbers_in(path, table, "body_pose", (len(root), 63), where),
        "trans": places_in(path, table, "transl", len(root), where),
        "betas": numbers_in(path, table, "betas", (None, None), where),
        "pose_hand": np.zeros((len(root), 90), np.float32),
        "pose_jaw": np.zeros((len(root), 3), np.float32),
        "pose_eye": np.zeros((len(root), 6), np.float32),
        "surface_model_type": np.array("smplx"),
        "refit_up_axis": np.array(_UP[chosen]),
    }
    notes = (
        *notes,
        "There are no hands and no face: the hands are in the model's mean pose, as GVHMR's are.",
    )
    terms = BodyTerms(hands_mean=True)
    return [Take(arrays, notes, own_shapes=True, there=tuple(there), body_terms=terms)]

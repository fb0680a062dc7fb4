"""GVHMR: a torch file with one person in SMPL-X, in the world's coordinates and in the camera's."""

from __future__ import annotations

import numpy as np

from core.files.motions.sources.file_contents import Contents
from core.files.motions.sources.person_track import CAMERA, WORLD, Take, choose_coordinates, numbers_in

NAME = "GVHMR"
_KEYS = {WORLD: "smpl_params_global", CAMERA: "smpl_params_incam"}
_UP = {WORLD: "y", CAMERA: "-y"}


def looks_like(contents: Contents) -> bool:
    """Whether the file is GVHMR's result."""
    return contents.kind == "torch" and any(
        isinstance(contents.table.get(key), dict) for key in _KEYS.values()
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person.

    ``smpl_params_global`` in a y-up world, ``smpl_params_incam`` y down: ``global_orient`` (T, 3),
    ``body_pose`` (T, 63), ``transl`` (T, 3), ``betas`` (T, 10), without hands and face.

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
        "trans": numbers_in(path, table, "transl", (len(root), 3), where),
        "betas": numbers_in(path, table, "betas", (None, None), where),
        "surface_model_type": np.array("smplx"),
        "refit_up_axis": np.array(_UP[chosen]),
    }
    return [Take(arrays, notes, own_shapes=True, there=tuple(there))]

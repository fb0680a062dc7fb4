"""AIST++: a pickle of SMPL poses."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import number
from core.files.motions.sources.file_contents import Contents
from core.files.motions.sources.person_track import Take, array_of, numbers_in

NAME = "AIST++"
_KEYS = {"smpl_poses", "smpl_trans", "smpl_scaling"}


def looks_like(contents: Contents) -> bool:
    """Whether the file is one of AIST++'s motions."""
    return contents.kind == "pickle" and contents.table.keys() >= _KEYS


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one dancer.

    ``smpl_poses`` (T, 72) radians; ``smpl_trans`` (T, 3) in units of which ``smpl_scaling`` are a metre; the
    world is y-up. There is no shape and no gender in such a file: betas are zero, and so noted.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    path, table = contents.path, contents.table
    poses = numbers_in(path, table, "smpl_poses", (None, 72))
    trans = numbers_in(path, table, "smpl_trans", (len(poses), 3))
    scaling = number(path, "smpl_scaling", array_of(path, "smpl_scaling", table["smpl_scaling"]))
    if not (np.isfinite(scaling) and scaling > 0):
        raise FileError(path, f"is {scaling:g}, expected a positive number", key="smpl_scaling")
    arrays: dict[str, Any] = {
        "poses": poses,
        "trans": (trans / scaling).astype(np.float32),
        "betas": np.zeros(10, np.float32),
        "refit_up_axis": np.array("y"),
    }
    return [Take(arrays, ("The file does not say the shape: betas are zero.",))]

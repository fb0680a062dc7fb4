"""AIST++'s motions: a pickle of SMPL poses, read as if it had AMASS's keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.arrays import number, numbers

_KEYS = {"smpl_poses", "smpl_trans", "smpl_scaling"}


def looks_like_aist(contents: Any) -> bool:
    """Whether what a pickle holds is one of AIST++'s motions."""
    return isinstance(contents, dict) and contents.keys() >= _KEYS


def amass_arrays(path: Path, contents: dict[str, Any]) -> dict[str, np.ndarray]:
    """The same motion in AMASS's keys.

    ``smpl_poses`` (T, 72) radians; ``smpl_trans`` (T, 3) in units of which ``smpl_scaling`` are a metre; the
    world is y-up. There is no shape and no gender in such a file: betas are zero, and so noted.

    Raises:
        FileError: a key has the wrong type or shape.
    """
    found = {key: _array(path, key, contents[key]) for key in sorted(_KEYS)}
    poses = numbers(path, "smpl_poses", found["smpl_poses"], (None, 72))
    trans = numbers(path, "smpl_trans", found["smpl_trans"], (len(poses), 3))
    scaling = number(path, "smpl_scaling", found["smpl_scaling"])
    if not (np.isfinite(scaling) and scaling > 0):
        raise FileError(path, f"is {scaling:g}, expected a positive number", key="smpl_scaling")
    return {
        "poses": poses,
        "trans": (trans / scaling).astype(np.float32),
        "betas": np.zeros(10, np.float32),
        "refit_up_axis": np.array("y"),
    }


def _array(path: Path, key: str, value: Any) -> np.ndarray:
    if not isinstance(value, (np.ndarray, np.number, int, float)):
        raise FileError(path, f"is a {type(value).__name__}, expected an array of numbers", key=key)
    return np.asarray(value)

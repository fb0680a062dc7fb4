"""Built-in clips as arrays, cut short and changed, for tests that write files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from core.files.builtin_files import builtin_folder

PELVIS = (0.0, -0.23, 0.03)
"""Where it is in the rest pose, nearly; metres."""
Y_UP = Rotation.from_euler("x", -90, degrees=True)
"""From a world with z up to one with y up."""


def cut_arrays(source: Path, frames: slice, **changes: Any) -> dict[str, Any]:
    """What a motion file holds of some frames; a key changed to None is left out."""
    with np.load(source) as archive:
        arrays = dict(archive)
    total = len(arrays["poses"])
    cut = {key: value[frames] for key, value in arrays.items() if value.ndim and len(value) == total}
    return {key: value for key, value in (arrays | cut | changes).items() if value is not None}


def clip_arrays(name: str, frames: slice, **changes: Any) -> dict[str, Any]:
    """`cut_arrays` of a built-in motion, which is as AMASS writes it."""
    return cut_arrays(builtin_folder() / "motions" / f"{name}_poses.npz", frames, **changes)


def in_pieces(arrays: dict[str, Any]) -> dict[str, Any]:
    """The same with root and body by themselves, and no hands."""
    poses = arrays["poses"]
    others = {key: value for key, value in arrays.items() if key != "poses"}
    return others | {"root_orient": poses[:, :3], "pose_body": poses[:, 3:66]}


def turned_to(arrays: dict[str, Any], turn: Rotation) -> dict[str, Any]:
    """The same in another world, turned about where the pelvis is."""
    poses = arrays["poses"].copy()
    poses[:, :3] = (turn * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    return arrays | {"poses": poses, "trans": turn.apply(arrays["trans"] + PELVIS) - PELVIS}

"""TRAM: what its VIMO estimates of one person of a video, a dict that numpy saved."""

from __future__ import annotations

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import shape_text
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    CAMERA,
    Take,
    array_of,
    choose_coordinates,
    frames_of_video,
    numbers_in,
)
from core.files.motions.parts.rotations import axis_angle

NAME = "TRAM"
_KEYS = {"pred_rotmat", "pred_shape", "pred_trans"}
_NAMES = {"trans": "pred_trans", "betas": "pred_shape"}


def looks_like(contents: Contents) -> bool:
    """Whether the file is one person of TRAM's."""
    return contents.kind in ("pickle", "torch") and contents.table.keys() >= _KEYS


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person, in the camera's coordinates, y down.

    ``pred_rotmat`` (T, 24, 3, 3), ``pred_trans`` (T, 1, 3), ``pred_shape`` (T, 10), a guess for each frame;
    ``frame`` (T,) of the video.

    Raises:
        FileError: a key has the wrong type or shape, or the world's coordinates are asked for.
    """
    path, table = contents.path, contents.table
    _, notes = choose_coordinates(path, [CAMERA], coordinates)
    matrices = numbers_in(path, table, "pred_rotmat", (None, 24, 3, 3))
    trans = array_of(path, "pred_trans", table["pred_trans"])
    if trans.size != 3 * len(matrices) or trans.dtype.kind not in "biuf":
        wanted = shape_text((len(matrices), 1, 3))
        raise FileError(path, f"has shape {shape_text(trans.shape)}, expected {wanted}", key="pred_trans")
    arrays = {
        "poses": axis_angle(path, "pred_rotmat", matrices),
        "trans": trans.reshape(-1, 3).astype(np.float64),
        "betas": numbers_in(path, table, "pred_shape", (len(matrices), None)),
        "refit_up_axis": np.array("-y"),
    }
    ids, begins = frames_of_video(path, table, "frame", len(matrices))
    notes = (*notes, *begins)
    return [Take(arrays, notes, own_shapes=True, ids=ids, ids_key="frame", there=(CAMERA,), keys=_NAMES)]

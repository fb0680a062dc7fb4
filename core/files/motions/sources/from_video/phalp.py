"""4D-Humans and PHALP: one of joblib's pickles, frame by frame, with all who are tracked in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import shape_text
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    CAMERA,
    Take,
    array_of,
    choose_coordinates,
    first_frame,
    items_of,
    value_in,
)
from core.files.motions.parts.rotations import axis_angle

NAME = "4D-Humans / PHALP"
_JOINTS = 24


def looks_like(contents: Contents) -> bool:
    """Whether the file is a tracker's result."""
    frames = list(contents.table.values())
    return (
        contents.kind == "pickle"
        and len(frames) > 0
        and all(isinstance(frame, dict) and frame.keys() >= {"tid", "smpl"} for frame in frames)
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by the number of their track.

    A frame has lists, one entry a person: ``tid``, ``smpl`` with rotation matrices (``global_orient``
    (1, 3, 3), ``body_pose`` (23, 3, 3)) and ``betas``, and ``camera`` (3,), where the person stands before
    the camera, y down. ``tracked_time`` above 0 says that somebody is not seen and the last pose repeated.

    Raises:
        FileError: a key has the wrong type or shape, or the coordinates are not there.
    """
    path = contents.path
    _, notes = choose_coordinates(path, [CAMERA], coordinates)
    frames = list(contents.table.values())
    if all(isinstance(frame.get("time"), (int, np.integer)) for frame in frames):
        frames.sort(key=lambda frame: int(frame["time"]))
    tracks: dict[int, dict[int, tuple[Any, Any]]] = {}
    for index, frame in enumerate(frames):
        for track, smpl, camera in _seen(path, index, frame):
            tracks.setdefault(track, {})[index] = (smpl, camera)
    if not tracks:
        raise FileError(path, "is a tracker's result in which nobody is seen")
    return [_person(path, track, seen, notes) for track, seen in sorted(tracks.items())]


def _seen(path: Path, index: int, frame: dict[Any, Any]) -> list[tuple[int, Any, Any]]:
    where = f"{index}."
    tracks = items_of(path, where + "tid", frame["tid"])
    bodies = items_of(path, where + "smpl", frame["smpl"], len(tracks))
    cameras, ages = (
        items_of(path, where + key, frame[key], len(tracks)) if key in frame else [None] * len(tracks)
        for key in ("camera", "tracked_time")
    )
    seen = []
    for track, smpl, camera, age in zip(tracks, bodies, cameras, ages, strict=True):
        if isinstance(track, bool) or not isinstance(track, (int, np.integer)):
            raise FileError(path, "holds something that is no number of a track", key=where + "tid")
        if not isinstance(smpl, dict):
            raise FileError(path, f"holds a {type(smpl).__name__}, expected dicts", key=where + "smpl")
        if not (isinstance(age, (int, float, np.number)) and age > 0):
            seen.append((int(track), smpl, camera))
    return seen


def _person(path: Path, track: int, seen: dict[int, tuple[Any, Any]], notes: tuple[str, ...]) -> Take:
    ids = np.array(sorted(seen))
    matrices = np.empty((len(ids), _JOINTS, 3, 3))
    betas, trans = [], np.zeros((len(ids), 3))
    for row, index in enumerate(ids):
        smpl, camera = seen[index]
        where = f"{index}.smpl."
        matrices[row, :1] = _matrices(path, smpl, "global_orient", 1, where)
        matrices[row, 1:] = _matrices(path, smpl, "body_pose", _JOINTS - 1, where)
        betas.append(_row(path, where + "betas", value_in(path, smpl, "betas", where)))
        if camera is not None:
            trans[row] = _row(path, f"{index}.camera", camera, 3)
    if len({len(row) for row in betas}) > 1:
        raise FileError(path, f"of person {track} differ in length between frames", key="betas")

    def no_rotation(row: int) -> str:
        return f"of person {track} in frame {ids[row]} holds a matrix that is no rotation"

    arrays = {
        "poses": axis_angle(path, "smpl", matrices, no_rotation),
        "trans": trans,
        "betas": np.array(betas, np.float32),
    }
    if any(camera is None for _, camera in seen.values()):
        notes = (*notes, "The file does not say where the person stands before the camera.")
    else:
        notes = (*notes, "Distances from the camera are for the tracker's own focal length.")
    notes = (*notes, *first_frame(ids))
    arrays["refit_up_axis"] = np.array("-y")
    return Take(arrays, notes, str(track), own_shapes=True, ids=ids, ids_key="tid", there=(CAMERA,))


def _matrices(path: Path, smpl: dict[Any, Any], key: str, count: int, where: str) -> np.ndarray:
    found = array_of(path, where + key, value_in(path, smpl, key, where))
    if found.dtype.kind not in "fiu" or found.size != 9 * count or found.shape[-2:] != (3, 3):
        raise FileError(
            path, f"has shape {shape_text(found.shape)}, expected ({count}, 3, 3) numbers", key=where + key
        )
    return found.reshape(count, 3, 3)


def _row(path: Path, key: str, value: Any, count: int | None = None) -> np.ndarray:
    found = array_of(path, key, value)
    if found.dtype.kind not in "fiu" or found.ndim == 0 or (count is not None and found.size != count):
        expected = "a row of numbers" if count is None else f"{count} numbers"
        raise FileError(path, f"has shape {shape_text(found.shape)}, expected {expected}", key=key)
    return found.reshape(-1)

"""ROMP and BEV: an npz in which numpy saved a dict, of the people in a picture or in a video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.numbered_names import natural
from core.files.motions.parts.person_track import (
    CAMERA,
    Take,
    array_of,
    choose_coordinates,
    first_frame,
    numbers_in,
    same_frames,
)
from core.model.motion import BodyTerms

NAME = "ROMP"
_RESULTS = "results"
_KEYS = {"smpl_thetas", "smpl_betas", "cam_trans"}
_NAMES = {"poses": "smpl_thetas", "betas": "smpl_betas", "trans": "cam_trans"}
_BETAS = 10
_PLACES = "Nobody is tracked in the file: people are taken by their place in each frame."
_BEV = "Where BEV has the person is where the middle of the hips lies."
_AGE = "The eleventh coefficient of BEV's shapes, which makes children, has no counterpart and was left out."


def looks_like(contents: Contents) -> bool:
    """Whether the file is a result of ROMP or BEV."""
    if contents.kind != "npz" or contents.table.keys() > {_RESULTS, "sequence_results"}:
        return False
    results = contents.part(_RESULTS)
    return _holds(results) or (len(results) > 0 and all(_holds(frame) for frame in results.values()))


def _holds(table: Any) -> bool:
    return isinstance(table, dict) and table.keys() >= _KEYS


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people before the camera, y down.

    ``results`` of a picture has ``smpl_thetas`` (N, 72), ``smpl_betas`` (N, 10), of BEV (N, 11),
    ``cam_trans`` (N, 3), metres, and where they are tracked ``track_ids`` (N,), of N people; that of a video
    has the same for each of its frames, in the order of their names. Frames without a person are gaps.

    Raises:
        FileError: a key has the wrong type or shape, or the world's coordinates are asked for.
    """
    path = contents.path
    _, notes = choose_coordinates(path, [CAMERA], coordinates)
    results = contents.part(_RESULTS)
    in_order = sorted(results, key=lambda name: natural(str(name)))
    frames = [results] if _holds(results) else [results[name] for name in in_order]
    people: dict[int, list[tuple[int, dict[str, np.ndarray]]]] = {}
    tracked = all(frame.get("track_ids") is not None for frame in frames)
    for index, frame in enumerate(frames):
        where = f"{_RESULTS}." if len(frames) == 1 else f"{_RESULTS}[{index}]."
        for person, row in _rows(path, frame, where, tracked):
            people.setdefault(person, []).append((index, row))
    if not people:
        raise FileError(path, "is ROMP's result in which nobody is seen")
    if not tracked and len(frames) > 1 and len(people) > 1:
        notes = (*notes, _PLACES)
    return [_person(path, str(person), rows, notes) for person, rows in sorted(people.items())]


def _rows(
    path: Path, frame: dict[Any, Any], where: str, tracked: bool
) -> list[tuple[int, dict[str, np.ndarray]]]:
    """Who is in a frame, and the arrays of each."""
    poses = numbers_in(path, frame, "smpl_thetas", (None, 72), where)
    rows = {
        "poses": poses,
        "betas": numbers_in(path, frame, "smpl_betas", (len(poses), None), where),
        "trans": numbers_in(path, frame, "cam_trans", (len(poses), 3), where, np.float64),
    }
    ids = np.arange(len(poses))
    if tracked:
        key = where + "track_ids"
        ids = same_frames(path, key, array_of(path, key, frame["track_ids"]).reshape(-1), len(poses))
        if ids.dtype.kind not in "iu" or len(np.unique(ids)) < len(ids):
            raise FileError(path, "are not numbers of people, each once", key=key)
    return [(int(one), {key: array[row] for key, array in rows.items()}) for row, one in enumerate(ids)]


def _person(
    path: Path, person: str, rows: list[tuple[int, dict[str, np.ndarray]]], notes: tuple[str, ...]
) -> Take:
    try:
        arrays = {key: np.stack([row[key] for _, row in rows]) for key in _NAMES}
    except ValueError:
        raise FileError(
            path, f"of person {person} differ in length between frames", key="smpl_betas"
        ) from None
    terms = None
    if arrays["betas"].shape[1] > _BETAS:
        terms = BodyTerms(trans_of=("left_hip", "right_hip"))
        notes = (*notes, _BEV, *((_AGE,) if arrays["betas"][:, _BETAS:].any() else ()))
        arrays["betas"] = arrays["betas"][:, :_BETAS]
    arrays["refit_up_axis"] = np.array("-y")
    ids = np.array([index for index, _ in rows])
    return Take(
        arrays,
        (*notes, *first_frame(ids)),
        person,
        own_shapes=True,
        ids=ids,
        ids_key=_RESULTS,
        there=(CAMERA,),
        keys=_NAMES,
        body_terms=terms,
    )

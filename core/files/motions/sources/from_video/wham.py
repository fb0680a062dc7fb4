"""WHAM: one of joblib's pickles, a dict a person, in the camera's coordinates and in the world's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    CAMERA,
    WORLD,
    Take,
    choose_coordinates,
    frames_of_video,
    numbers_in,
    places_in,
)
from core.model.motion import BodyTerms

NAME = "WHAM"
_KEYS = {WORLD: ("pose_world", "trans_world"), CAMERA: ("pose", "trans")}
_UP = {WORLD: "y", CAMERA: "-y"}
_HIPS = "Where WHAM has the person in the world is where the middle of the hips lies."


def looks_like(contents: Contents) -> bool:
    """Whether the file is WHAM's result."""
    people = contents.table.values()
    return (
        contents.kind == "pickle"
        and len(people) > 0
        and all(
            isinstance(one, dict)
            and "betas" in one
            and (one.keys() >= {*_KEYS[WORLD]} or one.keys() >= {*_KEYS[CAMERA]})
            for one in people
        )
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by their track.

    ``pose_world`` (T, 72) and ``trans_world`` (T, 3) in a y-up world, ``pose`` and ``trans`` in the camera's
    coordinates, y down; ``betas`` (T, 10), a guess for each frame; ``frame_ids`` (T,) of the video.

    WHAM puts the middle of the hips into the origin of its body before it moves it to ``trans_world``; from
    ``trans`` it has taken off where that middle lies in SMPL, so that it is SMPL's translation. Its hips are
    those of a regressor of its own, in whose place the hip joints of SMPL stand here.

    Raises:
        FileError: a key has the wrong type or shape, or the coordinates are not there.
    """
    return [_person(contents.path, str(name), table, coordinates) for name, table in contents.table.items()]


def _person(path: Path, person: str, table: dict[Any, Any], coordinates: str | None) -> Take:
    there = [name for name, keys in _KEYS.items() if table.keys() >= {*keys}]
    chosen, notes = choose_coordinates(path, there, coordinates)
    where = f"{person}."
    pose_key, trans_key = _KEYS[chosen]
    poses = numbers_in(path, table, pose_key, (None, 72), where)
    arrays = {
        "poses": poses,
        "trans": places_in(path, table, trans_key, len(poses), where),
        "betas": numbers_in(path, table, "betas", (len(poses), None), where),
    }
    arrays["refit_up_axis"] = np.array(_UP[chosen])
    if chosen == WORLD:
        notes = (*notes, _HIPS)
    ids, begins = frames_of_video(path, table, "frame_ids", len(poses), where)
    return Take(
        arrays,
        (*notes, *begins),
        person,
        own_shapes=True,
        ids=ids,
        ids_key=where + "frame_ids",
        there=tuple(there),
        keys={"poses": where + pose_key, "trans": where + trans_key, "betas": where + "betas"},
        body_terms=BodyTerms(trans_of=("left_hip", "right_hip")) if chosen == WORLD else None,
    )

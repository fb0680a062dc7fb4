"""GLAMR: a pickle with SMPL bodies of the people of a video, in the world and before the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import FRAME_RATE, known
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    CAMERA,
    WORLD,
    Take,
    choose_coordinates,
    flags_in,
    numbers_in,
    places_in,
)
from core.model.motion import BodyTerms

NAME = "GLAMR"
_KEYS = {WORLD: ("smpl_orient_world", "root_trans_world"), CAMERA: ("smpl_orient_cam", "root_trans_cam")}
_UP = {WORLD: "z", CAMERA: "-y"}
_PELVIS = "Where GLAMR has the person is where the pelvis lies."
_RATE = known(FRAME_RATE, "30", "GLAMR takes its videos at 30 frames a second")


def looks_like(contents: Contents) -> bool:
    """Whether the file is GLAMR's result."""
    people = contents.table.get("person_data")
    return (
        contents.kind == "pickle"
        and isinstance(people, dict)
        and len(people) > 0
        and all(isinstance(one, dict) and "smpl_pose" in one for one in people.values())
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by their track.

    ``smpl_pose`` (T, 69), ``smpl_beta`` (T, 10), a guess for each frame; ``smpl_orient_world`` (T, 3) and
    ``root_trans_world`` (T, 3), where the pelvis lies in a z-up world, or ``smpl_orient_cam`` and
    ``root_trans_cam``, y down. Frames out of ``exist_frames`` (T,) are gaps.

    Raises:
        FileError: a key has the wrong type or shape, or the coordinates are not there.
    """
    people = contents.table["person_data"]
    return [_person(contents.path, str(name), table, coordinates) for name, table in people.items()]


def _person(path: Path, person: str, table: dict[Any, Any], coordinates: str | None) -> Take:
    where = f"person_data.{person}."
    there = [name for name, keys in _KEYS.items() if table.keys() >= {*keys}]
    if not there:
        raise FileError(path, "has no 'smpl_orient_world' with 'root_trans_world'", key=where[:-1])
    chosen, notes = choose_coordinates(path, there, coordinates)
    orient_key, trans_key = _KEYS[chosen]
    body = numbers_in(path, table, "smpl_pose", (None, 69), where)
    root = numbers_in(path, table, orient_key, (len(body), 3), where)
    arrays = {
        "poses": np.concatenate((root, body), 1),
        "trans": places_in(path, table, trans_key, len(body), where),
        "betas": numbers_in(path, table, "smpl_beta", (len(body), None), where),
        "refit_up_axis": np.array(_UP[chosen]),
    }
    gone = None
    if table.get("exist_frames") is not None:
        exists = flags_in(path, where + "exist_frames", table["exist_frames"], len(body))
        gone = np.flatnonzero(~exists)
        arrays["poses"][gone] = np.nan
    return Take(
        arrays,
        (*notes, _PELVIS),
        person,
        own_shapes=True,
        there=tuple(there),
        keys={"trans": where + trans_key, "betas": where + "smpl_beta"},
        body_terms=BodyTerms(trans_of=("pelvis",)),
        known=(_RATE,),
        unreliable=gone,
    )

"""PromptHMR: one of joblib's pickles with the people of a video in SMPL-X, in the world and the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import shape_text
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
from core.files.motions.parts.rotations import axis_angle
from core.model.joints import JOINT_NAMES

NAME = "PromptHMR"
_KEYS = {WORLD: "smplx_world", CAMERA: "smplx_cam"}
_UP = {WORLD: "y", CAMERA: "-y"}
_NAMES = {"betas": "shape", "trans": "trans"}
_JOINTS = len(JOINT_NAMES["smplx"])


def looks_like(contents: Contents) -> bool:
    """Whether the file is PromptHMR's result."""
    people = contents.table.get("people")
    return (
        contents.kind == "pickle"
        and isinstance(people, dict)
        and len(people) > 0
        and all(
            isinstance(one, dict) and any(_placed(one.get(key)) for key in _KEYS.values())
            for one in people.values()
        )
    )


def _placed(table: Any) -> bool:
    return (
        isinstance(table, dict)
        and table.keys() >= {"trans", "shape"}
        and bool(table.keys() & {"pose", "rotmat"})
    )


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by their track.

    ``smplx_world`` in a y-up world, ``smplx_cam`` y down: ``pose`` (T, 165) axis-angle in the order of the
    joints, or ``rotmat`` (T, 55, 3, 3), ``trans`` (T, 3), ``shape`` (T, 10); ``frames`` (T,) of the video.

    Raises:
        FileError: a key has the wrong type or shape, or the coordinates are not there.
    """
    people = contents.table["people"]
    return [_person(contents.path, str(name), table, coordinates) for name, table in people.items()]


def _person(path: Path, person: str, table: dict[Any, Any], coordinates: str | None) -> Take:
    there = [name for name, key in _KEYS.items() if _placed(table.get(key))]
    chosen, notes = choose_coordinates(path, there, coordinates)
    where = f"people.{person}.{_KEYS[chosen]}."
    body = table[_KEYS[chosen]]
    poses = _poses(path, body, where)
    arrays = {
        "poses": poses,
        "trans": places_in(path, body, "trans", len(poses), where),
        "betas": numbers_in(path, body, "shape", (len(poses), None), where),
        "surface_model_type": np.array("smplx"),
        "refit_up_axis": np.array(_UP[chosen]),
    }
    ids, begins = frames_of_video(path, table, "frames", len(poses), f"people.{person}.")
    return Take(
        arrays,
        (*notes, *begins),
        person,
        own_shapes=True,
        ids=ids,
        ids_key=f"people.{person}.frames",
        there=tuple(there),
        keys={key: where + name for key, name in _NAMES.items()},
    )


def _poses(path: Path, body: dict[Any, Any], where: str) -> np.ndarray:
    """(T, 165) float32; of the body before the camera the rotations of all joints are only in ``rotmat``."""
    if "rotmat" in body:
        return axis_angle(
            path, where + "rotmat", numbers_in(path, body, "rotmat", (None, _JOINTS, 3, 3), where)
        )
    poses = numbers_in(path, body, "pose", (None, None), where)
    if poses.shape[1] != 3 * _JOINTS:
        wanted = shape_text((len(poses), 3 * _JOINTS))
        raise FileError(path, f"has shape {shape_text(poses.shape)}, expected {wanted}", key=where + "pose")
    return poses

"""BEDLAM: an npz with a row for every person in every image."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from core.errors import FileError
from core.files.assumption import GENDER, Assumption, known
from core.files.containers.arrays import key_list, numbers, shape_text, texts
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import (
    CAMERA,
    WORLD,
    Take,
    choose_coordinates,
    in_order,
    same_frames,
)

NAME = "BEDLAM"
_KEYS = {WORLD: ("pose_world", "trans_world"), CAMERA: ("pose_cam", "trans_cam")}
_NUMBER = re.compile(r"(\d+)$")
_WIDTHS = (72, 156, 165)
_NEUTRAL_BETAS = 11


def looks_like(contents: Contents) -> bool:
    """Whether the file holds labels of BEDLAM."""
    keys = contents.table.keys()
    return contents.kind == "npz" and "shape" in keys and any(keys >= {*pair} for pair in _KEYS.values())


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, one for each subject (``sub``) in each sequence (the folder in ``imgname``).

    ``pose_world`` (N, 165), or (N, 72) in SMPL, and ``trans_world`` (N, 3) in a world in which y points down,
    ``pose_cam`` and ``trans_cam`` in the camera's coordinates; ``shape`` (N, 10 or 11); ``gender`` (N,), of
    the person: eleven betas are those of the neutral body. Images that a person is not in are gaps.

    Raises:
        FileError: a key has the wrong type or shape, or the coordinates are not there.
    """
    path, headers = contents.path, contents.table
    there = [name for name, pair in _KEYS.items() if headers.keys() >= {*pair}]
    chosen, notes = choose_coordinates(path, there, coordinates)
    pose_key, trans_key = _KEYS[chosen]
    wanted = [pose_key, trans_key, "shape", "imgname", "sub"]
    if "gender" in headers and headers["gender"].plain:
        wanted.append("gender")
    arrays = contents.read([*wanted, "cam_ext"] if chosen == CAMERA else wanted)
    poses = numbers(path, pose_key, arrays[pose_key], (None, None))
    if poses.shape[1] not in _WIDTHS:
        widths = ", ".join(f"(any, {width})" for width in _WIDTHS)
        raise FileError(path, f"has shape {shape_text(poses.shape)}, expected {widths}", key=pose_key)
    trans = numbers(path, trans_key, arrays[trans_key], (len(poses), 3), np.float64)
    if "cam_ext" in arrays:
        # The labels keep apart where the body is in its own motion and where that stands before the camera.
        camera = numbers(path, "cam_ext", arrays["cam_ext"], (len(poses), 4, 4), np.float64)
        trans = trans + camera[:, :3, 3]
    shape = numbers(path, "shape", arrays["shape"], (len(poses), None))
    rows = {"poses": poses, "trans": trans, "betas": shape}
    genders = _genders(path, arrays, len(poses))
    neutral: tuple[Assumption, ...] = ()
    if shape.shape[1] == _NEUTRAL_BETAS:
        neutral = (known(GENDER, "neutral", "eleven betas are the neutral body's"),)
    if shape.shape[1] == _NEUTRAL_BETAS and genders is not None and (genders != "neutral").any():
        notes = (*notes, "BEDLAM's eleven betas are those of the neutral body, whatever the gender.")
    if "imgname" not in arrays or "sub" not in arrays:
        every = np.arange(len(poses))
        own = _rows_of(path, rows, genders, every)
        return [Take(own, notes, there=tuple(there), known=neutral)]
    images, subjects = (
        same_frames(path, key, np.asarray(texts(path, key, arrays[key])), len(poses))
        for key in ("imgname", "sub")
    )
    found = []
    for person, members in _members(images, subjects).items():
        ids, step = _image_numbers(path, images[members])
        order = np.argsort(ids, kind="stable")
        members, ids = members[order], in_order(path, "imgname", ids[order])
        own = _rows_of(path, rows, genders, members)
        take = Take(
            own, notes, person, ids=ids, ids_key="imgname", step=step, scene=person.rpartition("/")[0]
        )
        found.append(replace(take, there=tuple(there), known=neutral))
    return found


def _members(images: np.ndarray, subjects: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of each person, in the order in which they first appear."""
    rows: dict[str, list[int]] = {}
    for row, (image, subject) in enumerate(zip(images.tolist(), subjects.tolist(), strict=True)):
        folder = PurePosixPath(image).parent.name
        rows.setdefault(f"{folder}/{subject}" if folder else subject, []).append(row)
    return {person: np.array(members) for person, members in rows.items()}


def _image_numbers(path: Path, images: np.ndarray) -> tuple[np.ndarray, int]:
    """(n,) numbers that the names of images end in, and how far apart neighbours are."""
    found = [_NUMBER.search(PurePosixPath(image).stem) for image in images.tolist()]
    if any(match is None or len(match[1]) > 15 for match in found):
        raise FileError(path, "holds names without a number at the end", key="imgname")
    ids = np.array([int(match[1]) for match in found if match is not None], np.int64)
    return ids, int(np.gcd.reduce(np.diff(np.sort(ids)))) or 1


def _genders(path: Path, arrays: dict[str, np.ndarray], count: int) -> np.ndarray | None:
    """(N,) words, None where the file does not say."""
    if "gender" not in arrays:
        return None
    words = np.asarray(texts(path, "gender", arrays["gender"]))
    return np.repeat(words, count) if len(words) == 1 else same_frames(path, "gender", words, count)


def _rows_of(
    path: Path, rows: dict[str, np.ndarray], genders: np.ndarray | None, members: np.ndarray
) -> dict[str, np.ndarray]:
    """Some of the rows, with the gender that they have in common."""
    own = {key: array[members] for key, array in rows.items()} | {"refit_up_axis": np.array("-y")}
    words = sorted(set(genders[members].tolist())) if genders is not None else []
    if len(words) > 1:
        raise FileError(path, f"differs between frames: {key_list(words)}", key="gender")
    if rows["betas"].shape[1] == _NEUTRAL_BETAS:
        return own  # whatever its gender says
    return {**own, "gender": np.array(words[0])} if words else own

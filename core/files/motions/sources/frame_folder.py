"""A folder with a file a frame, each with the arguments of the `smplx` package: the published transfer tool's
results, those of SMPLer-X, and Refit's own export."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import shape_text
from core.files.containers.opening import checksum
from core.files.motions.parts.family_words import FAMILY_KEYS
from core.files.motions.parts.file_contents import Contents, contents_of
from core.files.motions.parts.person_track import Take, array_of
from core.files.motions.parts.rotations import frames_in
from core.files.motions.sources.smplx_arguments import HANDS, KEYS, holds, take_of
from core.model.joints import JOINT_NAMES
from core.model.motion import MOST_FRAMES

NAME = "frames"

_OF_PERSON = re.compile(r"(\d+)_(\d+)")
_NUMBER = re.compile(r"(\d+)\D*$")
# Refit writes a frame with at least so many digits, behind the name of the motion, which may be a number.
_FRAME_DIGITS = 6
_MOST_DIGITS = 15
_ONCE = ("gender", *FAMILY_KEYS, "refit_up_axis")


def looks_like(contents: Contents) -> bool:
    """Whether it is a folder of at least two numbered files, of which the first holds one frame."""
    files = list(contents.table.values())
    if contents.kind != "folder" or len(files) < 2:
        return False
    if len({file.suffix.lower() for file in files}) > 1 or not all(_NUMBER.search(f.stem) for f in files):
        return False
    try:
        first = contents_of(files[0])
        if not holds(first.table) or "body_pose" not in first.table:
            return False
        header: Any = first.table["body_pose"]
        body = np.broadcast_to(np.float32(0), header.shape) if hasattr(header, "shape") else np.zeros(0)
    except FileError:
        return False
    found = frames_in(body, (21, 23))
    return found is not None and found[0] == 1


def frames_family(folder: Path) -> str | None:
    """The family of the first frame's body; None where it cannot be read."""
    try:
        first = next(iter(contents_of(folder).table.values()))
        joints = take_of(first, _table(first)).arrays["poses"].shape[1] // 3
    except FileError:
        return None
    return next(family for family, names in JOINT_NAMES.items() if len(names) == joints)


def folder_checksum(folder: Path) -> str:
    """SHA-256 over names and contents of the folder's frames, hexadecimal.

    Raises:
        FileError: one of them cannot be read.
    """
    digest = hashlib.sha256()
    for name, file in contents_of(folder).table.items():
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + bytes.fromhex(checksum(file)))
    return digest.hexdigest()


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by the second of two numbers in the names (``00012_0.npz``); one where there is but one.

    Each file has a frame as `core.files.motions.sources.smplx_arguments` reads it. Frames that somebody is
    not in are gaps. SMPLer-X's hands are relative to the mean pose of the model's.

    Raises:
        FileError: a file cannot be read, or differs from the others in what it has.
    """
    folder = contents.path
    if len(contents.table) > MOST_FRAMES:
        raise FileError(folder, f"has {len(contents.table)} files, expected at most {MOST_FRAMES}")
    people: dict[str, dict[int, Path]] = {}
    for file in contents.table.values():
        frame, person = _whose(file)
        there = people.setdefault(person, {})
        if frame in there:
            raise FileError(file, f"is frame {frame}, which {there[frame].name} is as well")
        there[frame] = file
    every = np.array(sorted({frame for there in people.values() for frame in there}))
    step = int(np.gcd.reduce(np.diff(every))) if len(every) > 1 else 1
    names = sorted(people, key=lambda name: (len(name), name))
    return [_person(contents, name if len(people) > 1 else None, people[name], step or 1) for name in names]


def _whose(file: Path) -> tuple[int, str]:
    """Frame and person, as the name says."""
    of_person = _OF_PERSON.fullmatch(file.stem)
    if of_person and len(of_person[2]) < _FRAME_DIGITS and len(of_person[1]) <= _MOST_DIGITS:
        return int(of_person[1]), str(int(of_person[2]))
    number = _NUMBER.search(file.stem)
    if number is None or len(number[1]) > _MOST_DIGITS:
        raise FileError(file, "has no number of a frame in its name")
    return int(number[1]), ""


def _person(folder: Contents, person: str | None, files: dict[int, Path], step: int) -> Take:
    frames = sorted(files)
    start = contents_of(files[frames[0]])
    folder.counts(start)
    tables = [(files[frames[0]], start.values(KEYS))]
    tables += [(files[frame], _table(files[frame])) for frame in frames[1:]]
    first, whole = tables[0][1], dict[str, Any]()
    for key, value in first.items():
        if key in _ONCE or value is None:
            whole[key] = value
        else:
            whole[key] = np.concatenate([_row(file, key, table, first) for file, table in tables])
    own = _OF_PERSON.fullmatch(files[frames[0]].stem) is not None
    # As SMPLer-X writes them: of one frame alone, joint by joint.
    mean = own and all(np.asarray(first.get(key)).shape == (15, 3) for key in HANDS)
    take = take_of(folder.path, whole, person=person, mean=mean)
    notes = take.notes
    if frames[0]:
        notes = (*notes, f"Frame 0 is the file {files[frames[0]].name}.")
    take_ids = np.array(frames, np.int64)
    return replace(take, notes=notes, person=person, ids=take_ids, ids_key="names", step=step)


def _table(file: Path) -> dict[str, Any]:
    return contents_of(file).values(KEYS)


def _row(file: Path, key: str, table: dict[str, Any], first: dict[str, Any]) -> np.ndarray:
    """(1, …) of one frame, as the first has it."""
    if key not in table:
        raise FileError(file, "is not in the file, but in the first of the folder", key=key)
    array = array_of(file, key, table[key])
    if array.shape != np.shape(first[key]):
        wanted = shape_text(np.shape(first[key]))
        raise FileError(
            file,
            f"has shape {shape_text(array.shape)}, expected {wanted} as the first of the folder",
            key=key,
        )
    return array if array.ndim > 1 and len(array) == 1 else array[None]

"""EasyMocap: a folder with a json a frame, of the people in it in SMPL, SMPL-H or SMPL-X."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import shape_text
from core.files.containers.documents import parsed_json
from core.files.containers.opening import open_to_read
from core.files.motions.parts.file_contents import TEXT_ENDINGS, Contents
from core.files.motions.parts.person_track import Take, first_frame, numbers_in
from core.model.motion import MOST_FRAMES, BodyTerms

NAME = "EasyMocap"
_NUMBER = re.compile(r"(\d{1,15})$")
_MOST_BYTES = 4 << 20
_KEYS = {"id", "Rh", "Th", "poses", "shapes"}
_ALL = ("Rh", "Th", "poses", "shapes", "expression")
_BODY, _HAND, _FACE, _COMPONENTS = 66, 45, 9, 6
_FAMILY = {
    72: "smpl",
    _BODY + 2 * _COMPONENTS: "smplh",
    _BODY + 2 * _HAND: "smplh",
    _BODY + 2 * _COMPONENTS + _FACE: "smplx",
    _BODY + 2 * _HAND + _FACE: "smplx",
}
"""By how many numbers a pose has; hands have 45, or 6 principal components."""
_ORIGIN = "EasyMocap turns a body about its own origin, not about its pelvis."
_MEAN = (
    "Hands are relative to the model's mean pose, as in EasyMocap's first version; --hands flat reads those "
    "of a version that leaves the mean out."
)


def looks_like(contents: Contents) -> bool:
    """Whether it is a folder of numbered json files, lists of people, of which the first is EasyMocap's."""
    if contents.kind != "folder" or not contents.table:
        return False
    for name, file in contents.table.items():
        if file.suffix.lower() not in TEXT_ENDINGS or not _NUMBER.search(Path(name).stem):
            return False
    try:
        for file in contents.table.values():
            people = _people(file)
            if people:
                return people[0].keys() >= _KEYS
    except FileError:
        return False
    return True  # lists, all of them empty


def _number(file: Path) -> int:
    found = _NUMBER.search(file.stem)
    if found is None:
        raise FileError(file, "has no number of a frame in its name")
    return int(found[1])


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its people, by their ``id``.

    A frame is a list, or has it in ``annots``, with for each person ``Rh`` (1, 3), the rotation about the
    body's own origin, ``Th`` (1, 3), ``poses``, whose root is zero, (1, 72), of SMPL-H (1, 78) and of SMPL-X
    (1, 87) with six principal components a hand, or as many numbers as the body has; ``shapes`` (1, 10) and
    ``expression``. Frames without a person are gaps.

    Raises:
        FileError: a file is none of EasyMocap's, or differs from the others in what it has.
    """
    folder = contents.path
    if len(contents.table) > MOST_FRAMES:
        raise FileError(folder, f"has {len(contents.table)} files, expected at most {MOST_FRAMES}")
    rows: dict[str, dict[int, dict[str, np.ndarray]]] = {}
    first: dict[Any, Any] = {}
    for file in contents.table.values():
        number = _number(file)
        for person in _people(file):
            first = first or person
            there = rows.setdefault(_name(file, person), {})
            if number in there:
                raise FileError(file, f"is frame {number} of person {_name(file, person)} once more")
            there[number] = _row(file, person)
    told = Contents(folder, "pickle", {key: first[key] for key in first})
    told.pass_over([*_ALL, "id"])
    contents.counts(told)
    if not rows:
        raise FileError(folder, "is EasyMocap's result in which nobody is seen")
    frames = sorted({_number(file) for file in contents.table.values()})
    step = int(np.gcd.reduce(np.diff(frames))) if len(frames) > 1 else 1
    names = sorted(rows, key=lambda name: (len(name), name))
    return [_person(folder, name if len(rows) > 1 else None, rows[name], step or 1) for name in names]


def _people(file: Path) -> list[dict[Any, Any]]:
    """Those in a frame.

    Raises:
        FileError: the file cannot be read, or holds something else.
    """
    with open_to_read(file) as opened:
        data = opened.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise FileError(file, f"has over {_MOST_BYTES >> 20} MB, expected the people of one frame")
    try:
        found = parsed_json(data.decode("utf-8-sig"))
    except ValueError as error:
        raise FileError(file, f"is no json ({type(error).__name__})") from None
    if isinstance(found, dict):
        found = found.get("annots")
    if not isinstance(found, list) or not all(isinstance(person, dict) for person in found):
        raise FileError(file, "is not a list of the people in a frame")
    return found


def _name(file: Path, person: dict[Any, Any]) -> str:
    found = person.get("id")
    if isinstance(found, bool) or not isinstance(found, int):
        raise FileError(file, "is no number of a person", key="id")
    return str(found)


def _row(file: Path, person: dict[Any, Any]) -> dict[str, np.ndarray]:
    """The numbers of one person in one frame, each in a row of its own."""
    found = {}
    for key in _ALL:
        if key == "expression" and key not in person:
            continue
        row = numbers_in(file, person, key, (1, 3 if key in ("Rh", "Th") else None), kind=np.float64)[0]
        found[key] = row
    if len(found["poses"]) not in _FAMILY:
        shapes = " or ".join(shape_text((1, width)) for width in _FAMILY)
        has = shape_text((1, len(found["poses"])))
        raise FileError(file, f"has shape {has}, expected {shapes}", key="poses")
    if found["poses"][:3].any():
        raise FileError(file, "turns the root as well as 'Rh' does, expected three zeros first", key="poses")
    return found


def _person(folder: Path, person: str | None, rows: dict[int, dict[str, np.ndarray]], step: int) -> Take:
    frames = sorted(rows)
    for key in rows[frames[0]]:
        if len({len(rows[frame].get(key, ())) for frame in frames}) > 1:
            raise FileError(folder, "differ in length between frames", key=key)
    whole = {key: np.stack([rows[frame][key] for frame in frames]) for key in rows[frames[0]]}
    poses = whole["poses"]
    family = _FAMILY[poses.shape[1]]
    body, rest = poses[:, 3:_BODY], poses[:, _BODY:]
    notes, terms = [_ORIGIN], BodyTerms(about_origin=True)
    pieces = [whole["Rh"], body]
    if family == "smpl":
        pieces.append(rest)
    else:
        hands, face = (rest[:, :-_FACE], rest[:, -_FACE:]) if family == "smplx" else (rest, rest[:, :0])
        pieces.append(face)
        if hands.shape[1] == 2 * _COMPONENTS:
            components = hands.reshape(len(frames), 2, _COMPONENTS).astype(np.float32)
            terms = BodyTerms(about_origin=True, hands_mean=True, hand_components=components)
            hands = np.zeros((len(frames), 2 * _HAND))
            notes.append(_MEAN)
        pieces.append(hands)
    arrays = {
        "poses": np.concatenate(pieces, 1).astype(np.float32),
        "trans": whole["Th"],
        "betas": whole["shapes"].astype(np.float32),
    }
    if "expression" in whole and family == "smplx":
        arrays["expression"] = whole["expression"].astype(np.float32)
    ids = np.array(frames, np.int64)
    return Take(
        arrays,
        (*notes, *first_frame(ids)),
        person,
        own_shapes=True,
        ids=ids,
        ids_key="names",
        step=step,
        body_terms=terms,
        keys={"poses": "poses", "trans": "Th", "betas": "shapes"},
    )

"""The arguments of the `smplx` package's layers, by name, in a file of any kind: one frame or many."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.assumption import FAMILY, FILE, NUMBERS, Assumption
from core.files.containers.arrays import kind_of, numbers, shape_text, text
from core.files.motions.parts.family_words import FAMILY_KEYS, said_family
from core.files.motions.parts.file_contents import Contents
from core.files.motions.parts.person_track import Take, array_of, plain_array
from core.files.motions.parts.rotations import frames_in, rotations_in
from core.files.motions.sources.amass import RATE_KEYS
from core.model.joints import FAMILY_LABEL, JOINT_NAMES
from core.model.motion import BodyTerms

NAME = "smplx arguments"

HANDS = ("left_hand_pose", "right_hand_pose")
_FACE = ("jaw_pose", "leye_pose", "reye_pose")
_CODE = "pose_embedding"
_TRANS = ("transl", "trans")
_CAMERA = ("camera_rotation", "camera_translation", "camera_center", "camera_transl")
KEYS = (
    "global_orient", "body_pose", *HANDS, *_FACE, *_TRANS, *FAMILY_KEYS, *_CAMERA, *RATE_KEYS,
    "betas", "all_betas", "frame_betas", "expression", "gender", "refit_up_axis", _CODE,
)  # fmt: skip
_BODY_JOINTS = (21, 23)
_HAND_JOINTS = 15


def looks_like(contents: Contents) -> bool:
    """Whether the file has the names of the `smplx` package, itself or for each of several people."""
    return holds(contents.table) or bool(_people(contents))


def holds(table: Mapping[Any, Any]) -> bool:
    """Whether these are the arguments of a body."""
    return "global_orient" in table and ("body_pose" in table or _CODE in table)


def takes(contents: Contents, coordinates: str | None = None) -> list[Take]:
    """Its one person, or several by their names: a dict of dicts.

    ``global_orient`` (T, 3), ``body_pose`` (T, 63), of SMPL (T, 69), ``jaw_pose``, ``leye_pose``,
    ``reye_pose`` (T, 3) as axis-angle, joint by joint or in a row, or as matrices (T, n, 3, 3); hands so with
    45 numbers, absolute, or by fewer principal components of the model's, relative to its mean pose;
    ``betas`` (B,) or (T, B), ``transl`` (T, 3), ``expression`` (T, E). A single frame may lack its T.

    Raises:
        FileError: a key has the wrong type or shape, or the pose is a code that only VPoser can read.
    """
    path = contents.path
    if holds(contents.table):
        return [take_of(path, contents.values(KEYS))]
    people = _people(contents)
    names = list(people) if len(people) > 1 else [None]
    return [
        take_of(path, table, person=name, where=f"{key}.")
        for name, (key, table) in zip(names, people.items(), strict=True)
    ]


def _people(contents: Contents) -> dict[str, dict[Any, Any]]:
    if contents.kind == "npz":
        return {}
    tables = {str(name): value for name, value in contents.table.items() if isinstance(value, dict)}
    return {name: table for name, table in tables.items() if holds(table)}


def take_of(
    path: Path, table: Mapping[str, Any], *, person: str | None = None, where: str = "", mean: bool = False
) -> Take:
    """One person from the arguments of a body.

    Args:
        path: the file, for messages.
        table: the arguments.
        person: as in `Take`.
        where: what the table is called, with its dot, for messages.
        mean: hands of 45 numbers are relative to the mean pose of the model's, too.

    Raises:
        FileError: as `takes`.
    """
    if "body_pose" not in table:
        raise FileError(
            path,
            "is VPoser's code of a pose, which only VPoser can read, expected 'body_pose'",
            key=where + _CODE,
        )
    body = array_of(path, where + "body_pose", table["body_pose"])
    if body.dtype.kind not in "biuf":
        raise FileError(path, f"is {kind_of(body)}, expected numbers", key=where + "body_pose")
    found = frames_in(body, _BODY_JOINTS)
    if found is None:
        shapes = "(any, 63), (any, 21, 3), (any, 21, 3, 3), or 69 and 23 of them in SMPL"
        raise FileError(
            path, f"has shape {shape_text(body.shape)}, expected {shapes}", key=where + "body_pose"
        )
    frames, joints = found
    notes: list[str] = []
    there = [key for key in (*HANDS, *_FACE) if table.get(key) is not None]
    known = _family(path, table, joints, there, notes)
    family = known.value
    poses = np.zeros((frames, 3 * len(JOINT_NAMES[family])), np.float32)
    poses[:, :3], _ = _turned(path, where + "global_orient", table["global_orient"], frames)
    poses[:, 3 : 3 + 3 * joints], _ = rotations_in(path, where + "body_pose", body, frames, joints)
    for key, name in zip(_FACE, ("jaw", "left_eye_smplhf", "right_eye_smplhf"), strict=True):
        if key in there and name in JOINT_NAMES[family]:
            at = 3 * JOINT_NAMES[family].index(name)
            poses[:, at : at + 3], _ = _turned(path, where + key, table[key], frames)
    terms = None
    if family != "smpl":
        terms = _hands(path, table, where, poses, mean, notes)
    arrays = {
        "poses": poses,
        "trans": _trans(path, table, where, frames, notes),
        "betas": _betas(path, table, where, frames, notes),
        **_said(path, table, where),
    }
    if table.get("expression") is not None and family == "smplx":
        arrays["expression"] = _rows(path, where + "expression", table["expression"], frames)
    cameras = [key for key in _CAMERA if key in table]
    if cameras:
        notes.append(f"The camera ({', '.join(cameras)}) is left out: the body is where 'transl' has it.")
    return Take(arrays, tuple(notes), person, own_shapes=True, body_terms=terms, known=(known,))


def _family(
    path: Path, table: Mapping[str, Any], joints: int, there: list[str], notes: list[str]
) -> Assumption:
    """What the file says, or what its pieces are of."""
    words = (
        (key, text(path, key, plain_array(path, key, table[key])))
        for key in FAMILY_KEYS
        if table.get(key) is not None
    )
    said, how = said_family(words, notes), FILE
    if said is not None:
        family, why = said
    elif joints == _BODY_JOINTS[1]:
        family, why = "smpl", "'body_pose' has 23 joints"
    elif there and not any(key in _FACE for key in there) and table.get("expression") is None:
        family, why, how = "smplh", "there are hands and no face", NUMBERS
    elif there or table.get("expression") is not None:
        face = next(key for key in (*_FACE, "expression") if table.get(key) is not None)
        family, why = "smplx", f"there is '{face}', which SMPL-X alone has"
    else:
        family, why, how = "smplx", "there are neither hands nor a face", NUMBERS
    if (family == "smpl") != (joints == _BODY_JOINTS[1]):
        if family != "smpl":
            raise FileError(
                path, f"has {joints} joints, expected 21 of {FAMILY_LABEL[family]}", key="body_pose"
            )
        notes.append("The two hand joints of SMPL are not in the file: they are zero.")
    surplus = [key for key in there if family == "smpl" or (family == "smplh" and key in _FACE)]
    surplus += ["expression"] * (family != "smplx" and table.get("expression") is not None)
    moving = [key for key in surplus if np.asarray(table[key]).any()]
    if moving:
        notes.append(f"{FAMILY_LABEL[family]} has no {', '.join(moving)}: left out.")
    return Assumption(FAMILY, family, why, how)


def _hands(
    path: Path, table: Mapping[str, Any], where: str, poses: np.ndarray, mean: bool, notes: list[str]
) -> BodyTerms | None:
    """Puts the hands into the poses, or gives what they are in terms of the body."""
    frames, sides = len(poses), []
    for side, key in enumerate(HANDS):
        value = table.get(key)
        if value is None:
            sides.append(np.zeros((frames, 0), np.float32))
            continue
        array = array_of(path, where + key, value)
        count = array.size // frames if frames else 0
        if (
            array.dtype.kind in "biuf"
            and frames
            and count < 3 * _HAND_JOINTS
            and array.size == count * frames
        ):
            sides.append(_rows(path, where + key, array, frames))
            continue
        at = poses.shape[1] - 3 * _HAND_JOINTS * (2 - side)
        vectors, matrices = rotations_in(path, where + key, array, frames, _HAND_JOINTS)
        poses[:, at : at + 3 * _HAND_JOINTS] = vectors
        mean = mean and not matrices
        sides.append(np.zeros((frames, 0), np.float32))
    if not any(table.get(key) is not None for key in HANDS):
        notes.append("There are no hands in the file: they are flat.")
        return None
    most = max(side.shape[1] for side in sides)
    if most:
        notes.append(
            f"The hands are {most} principal components of the model's, relative to its mean pose of hands."
        )
        wide = [np.pad(side, ((0, 0), (0, most - side.shape[1]))) for side in sides]
        return BodyTerms(hands_mean=True, hand_components=np.stack(wide, 1))
    if mean:
        notes.append("The hands are relative to the model's mean pose of hands.")
        return BodyTerms(hands_mean=True)
    notes.append(
        "The hands are taken as they are, not as relative to the model's mean pose (flat_hand_mean=True)."
    )
    return None


def _trans(path: Path, table: Mapping[str, Any], where: str, frames: int, notes: list[str]) -> np.ndarray:
    key = next((key for key in _TRANS if table.get(key) is not None), None)
    if key is None:
        notes.append("There is no 'transl': the body stays at the origin.")
        return np.zeros((frames, 3), np.float32)
    rows = _rows(path, where + key, table[key], frames, np.float64)
    return numbers(path, where + key, rows, (frames, 3), np.float64)


def _betas(path: Path, table: Mapping[str, Any], where: str, frames: int, notes: list[str]) -> np.ndarray:
    key = next((each for each in ("frame_betas", "betas") if table.get(each) is not None), "all_betas")
    if key == "betas" and table.get("all_betas") is not None:
        first, whole = (array_of(path, where + each, table[each]) for each in ("betas", "all_betas"))
        if first.ndim and first.ndim == whole.ndim and np.array_equal(whole[..., : first.shape[-1]], first):
            key = "all_betas"
        else:
            notes.append("'all_betas' does not begin with what 'betas' holds, which is taken alone.")
    if table.get(key) is None:
        notes.append("The file does not say the shape: betas are zero.")
        return np.zeros(10, np.float32)
    found = array_of(path, where + key, table[key])
    if found.ndim == 3 and 1 in found.shape[:2]:
        # Not reshaped: of an array without rows -1 could be any number.
        found = found[0] if found.shape[0] == 1 else found[:, 0]
    if found.ndim == 2 and len(found) not in (1, frames):
        raise FileError(
            path, f"has shape {shape_text(found.shape)}, expected (any,) or ({frames}, any)", key=where + key
        )
    return found


def _turned(path: Path, key: str, value: Any, frames: int) -> tuple[np.ndarray, bool]:
    """`rotations_in` of one joint."""
    return rotations_in(path, key, array_of(path, key, value), frames, 1)


def _rows(path: Path, key: str, value: Any, frames: int, kind: type[np.floating] = np.float32) -> np.ndarray:
    """(T, k) from (T, k), (T, 1, k), or of a single frame (k,)."""
    found = array_of(path, key, value)
    if found.dtype.kind not in "biuf":
        raise FileError(path, f"is {kind_of(found)}, expected numbers", key=key)
    if (
        found.ndim
        and (len(found) == frames or frames == 1)
        and found.ndim <= 3
        and not found.size % max(frames, 1)
    ):
        with np.errstate(over="ignore", invalid="ignore"):
            return found.reshape(frames, -1).astype(kind) if frames else np.zeros((0, found.shape[-1]))
    raise FileError(path, f"has shape {shape_text(found.shape)}, expected {frames} rows", key=key)


def _said(path: Path, table: Mapping[str, Any], where: str) -> dict[str, np.ndarray]:
    """What else the file says, under AMASS's keys."""
    found = {}
    for key in ("gender", "refit_up_axis", *RATE_KEYS):
        if table.get(key) is not None:
            found[key] = plain_array(path, where + key, table[key])
    return found

"""Motion files: AMASS ``.npz`` in SMPL+H, SMPL or SMPL-X parameters, and AIST++'s pickles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import numpy as np

from core.errors import FileError
from core.files.aist import amass_arrays, looks_like_aist
from core.files.arrays import key_list, number, numbers, shape_text, text
from core.files.models import looks_like_model
from core.files.npz import ArrayHeader, is_npz, npz_headers, read_npz
from core.files.opening import checksum
from core.files.pickles import is_pickle, read_pickle
from core.joints import FAMILY_LABEL, JOINT_NAMES
from core.motion import Motion, UpAxis

FRAME_RATE_KEYS = ("mocap_framerate", "mocap_frame_rate")
POSE_PARTS = {"root_orient": 3, "pose_body": 63, "pose_jaw": 3, "pose_eye": 6, "pose_hand": 90}
"""The pieces of a pose, in the order of SMPL-X, and how many numbers each has."""

_FAMILY_OF_WIDTH = {3 * len(names): family for family, names in JOINT_NAMES.items()}
_GENDER_OF_WORD = {
    "male": "male",
    "m": "male",
    "female": "female",
    "f": "female",
    "neutral": "neutral",
    "n": "neutral",
}
_RANGES_SHOWN = 8
_MOST_SIGMAS = 100


def load_motion(path: str | Path) -> Motion:
    """The motion in a file.

    AMASS SMPL+H (``poses`` (T, 156)), AMASS SMPL-X stage II (``poses`` (T, 165), or its pieces
    ``root_orient``, ``pose_body``, ``pose_jaw``, ``pose_eye`` and ``pose_hand``) and SMPL (``poses`` (T,
    72)), all with ``trans`` (T, 3) and ``betas``; AIST++'s pickles. Frames with NaN are kept and noted. What
    the file does not say (gender, frame rate) stays None and is noted, never invented.

    Raises:
        FileError: the file cannot be read, is no motion, has no frames, or a key has the wrong type or shape.
    """
    path = Path(path)
    arrays, notes = _amass(path) if is_npz(path) else _pickled(path)
    family, poses = _poses(path, arrays, notes)
    frames = len(poses)
    if frames == 0:
        raise FileError(path, "holds no frames, expected at least one", key="poses")
    trans = numbers(path, "trans", arrays["trans"], (frames, 3))
    if "dmpls" in arrays and arrays["dmpls"].any():
        notes.append("The soft-tissue coefficients 'dmpls' have no counterpart and were left out.")
    motion = Motion(
        family=family,
        poses=poses,
        trans=trans,
        betas=_betas(path, arrays["betas"], frames),
        gender=_gender(path, arrays.get("gender"), notes),
        frame_rate=_frame_rate(path, arrays, notes),
        up_axis=_up_axis(path, arrays.get("refit_up_axis")),
        expression=_expression(path, arrays.get("expression"), frames),
        path=path,
        sha256=checksum(path),
    )
    bad = np.flatnonzero(~motion.finite_frames())
    if bad.size:
        which = "Frame" if bad.size == 1 else "Frames"
        notes.append(
            f"{which} {ranges(bad)} of {frames} hold values that are not finite, or too large to be a pose."
        )
    return replace(motion, notes=tuple(notes))


def _amass(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays of an AMASS file, and notes on those that are not opened."""
    headers = npz_headers(path)
    wanted = {
        *("poses", "trans", "betas", "gender", "expression", "refit_up_axis", "surface_model_type", "dmpls"),
        *POSE_PARTS,
        *FRAME_RATE_KEYS,
    }
    optional = {"gender", "dmpls", "expression", "surface_model_type", "refit_up_axis", *FRAME_RATE_KEYS}
    closed = {key for key in optional & headers.keys() if not headers[key].plain}
    _check_keys(path, headers)
    arrays = read_npz(path, wanted - closed)

    return arrays, [f"'{key}' is a pickled Python object, which is never opened." for key in sorted(closed)]


def _pickled(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays of a pickle of another kind in AMASS's keys, and notes on what it does not say."""
    expected = "expected an .npz file with poses, trans and betas, or one of AIST++'s pickles"
    if not is_pickle(path):
        raise FileError(path, f"is not a motion file, {expected}")
    contents = read_pickle(path)
    if not looks_like_aist(contents):
        raise FileError(path, f"is a pickle but not a motion, {expected}")
    return amass_arrays(path, contents), ["The file does not say the shape: betas are zero."]


def looks_like_motion(keys: set[str]) -> bool:
    """Whether a file with these keys is meant to be a motion."""
    return "trans" in keys and ("poses" in keys or {"root_orient", "pose_body"} <= keys)


def ranges(ids: np.ndarray) -> str:
    """Sorted integers for people: ``3, 7–9``; a long list ends in ``and N more``."""
    runs = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1)
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs[:_RANGES_SHOWN]]
    more = sum(len(run) for run in runs[_RANGES_SHOWN:])
    return ", ".join(words) + (f" and {more} more" if more else "")


def _check_keys(path: Path, headers: dict[str, ArrayHeader]) -> None:
    keys = set(headers)
    if looks_like_model(keys):
        raise FileError(path, "is a body model, expected a motion with poses, trans and betas")
    missing = [key for key in ("trans", "betas") if key not in keys]
    if "poses" not in keys and not {"root_orient", "pose_body"} <= keys:
        missing.insert(0, "poses")
    if missing:
        raise FileError(
            path,
            f"is not a motion: it has no {key_list(missing)}, expected poses, trans and betas, "
            f"found {key_list(keys)}",
        )


def _poses(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> tuple[str, np.ndarray]:
    """Family and (T, J, 3) poses."""
    if "poses" not in arrays:
        return _poses_of_parts(path, arrays, notes)
    poses = arrays["poses"]
    if poses.ndim == 3 and poses.shape[2] == 3:
        poses = poses.reshape(len(poses), poses.shape[1] * 3)
    family = _FAMILY_OF_WIDTH.get(poses.shape[1]) if poses.ndim == 2 else None
    if family is None:
        widths = ", ".join(f"(any, {n}) for {FAMILY_LABEL[f]}" for n, f in sorted(_FAMILY_OF_WIDTH.items()))
        raise FileError(path, f"has shape {shape_text(poses.shape)}, expected {widths}", key="poses")
    poses = numbers(path, "poses", poses, (None, None))
    return family, poses.reshape(len(poses), poses.shape[1] // 3, 3)


def _poses_of_parts(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> tuple[str, np.ndarray]:
    said = (
        text(path, "surface_model_type", arrays["surface_model_type"])
        if "surface_model_type" in arrays
        else ""
    )
    family = "smplh" if said.lower() == "smplh" else "smplx"
    frames = len(arrays["root_orient"]) if arrays["root_orient"].ndim else 0
    pieces = []
    for key, width in POSE_PARTS.items():
        if family == "smplh" and key in ("pose_jaw", "pose_eye"):
            continue
        if key in arrays:
            pieces.append(numbers(path, key, arrays[key], (frames, width)))
        else:
            notes.append(f"There is no '{key}', so that part of the pose is zero.")
            pieces.append(np.zeros((frames, width), np.float32))
    return family, np.concatenate(pieces, 1).reshape(frames, len(JOINT_NAMES[family]), 3)


def _betas(path: Path, betas: np.ndarray, frames: int) -> np.ndarray:
    """(B,) from (B,), (1, B), or (T, B) where every frame has the same."""
    if betas.ndim == 2 and len(betas) in (1, frames):
        rows = numbers(path, "betas", betas, (None, None))
        if np.isfinite(rows).all() and not np.allclose(rows, rows[:1], atol=1e-6):
            raise FileError(
                path, "differ between frames, expected one shape for the whole motion", key="betas"
            )
        betas = rows[0]
    values = numbers(path, "betas", betas, (None,))
    if not np.isfinite(values).all():
        raise FileError(path, "holds values that are not finite", key="betas")
    if values.size and np.abs(values).max() > _MOST_SIGMAS:
        most = np.abs(values).max()
        raise FileError(path, f"holds {most:.3g}, expected at most {_MOST_SIGMAS} in size", key="betas")
    return values


def _gender(path: Path, array: np.ndarray | None, notes: list[str]) -> str | None:
    if array is None:
        notes.append("The file does not say the gender.")
        return None
    word = text(path, "gender", array).strip().lower()
    if word.startswith(("b'", 'b"')):  # bytes that were turned to text by mistake
        word = word[2:-1]
    if word in ("", "none", "unknown"):
        notes.append("The file does not say the gender.")
        return None
    try:
        return _GENDER_OF_WORD[word]
    except KeyError:
        raise FileError(path, f"is '{word[:40]}', expected male, female or neutral", key="gender") from None


def _frame_rate(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> float | None:
    for key in FRAME_RATE_KEYS:
        if key in arrays:
            rate = number(path, key, arrays[key])
            if not (np.isfinite(rate) and rate > 0):
                raise FileError(path, f"is {rate:g}, expected a positive number of frames a second", key=key)
            return rate
    notes.append("The file does not say the frame rate.")
    return None


def _up_axis(path: Path, array: np.ndarray | None) -> UpAxis:
    """What the file says; AMASS does not say and is z-up."""
    axis = "z" if array is None else text(path, "refit_up_axis", array)
    if axis not in ("y", "z"):
        raise FileError(path, f"is '{axis[:40]}', expected y or z", key="refit_up_axis")
    return cast(Literal["y", "z"], axis)


def _expression(path: Path, array: np.ndarray | None, frames: int) -> np.ndarray | None:
    if array is None:
        return None
    values = numbers(path, "expression", array, (frames, None))
    return values if values.shape[1] else None

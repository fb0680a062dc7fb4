"""What a motion's arrays in AMASS's keys say, each checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import finite, key_list, number, numbers, shape_text, text, texts
from core.files.motions.parts.family_words import FAMILY_KEYS, said_family
from core.files.motions.sources.amass import POSE_PARTS, RATE_KEYS
from core.model.joints import FAMILY_LABEL, JOINT_NAMES
from core.model.motion import MOST_RATE, MOST_SIGMAS, UP_AXES, UpAxis

FamilyOf = Callable[[str, str, bool], str]

_PIECES = {
    "smpl": ("root_orient", "pose_body"),
    "smplh": ("root_orient", "pose_body", "pose_hand"),
    "smplx": tuple(POSE_PARTS),
}
_FAMILY_OF_WIDTH = {3 * len(names): family for family, names in JOINT_NAMES.items()}
_GENDER_OF_WORD = {
    "male": "male",
    "m": "male",
    "female": "female",
    "f": "female",
    "neutral": "neutral",
    "n": "neutral",
}
# So much betas of one shape may differ between frames.
_NOISE = 2e-3

USUAL_SIGMAS = 5.0
"""Of a person's shape each coefficient lies within this, in standard deviations of the model's people."""


def family_in(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> tuple[str, str] | None:
    """The family that a file names, and where; None where it names none. ``notes`` takes in another name.

    Raises:
        FileError: a key holds something else than one text.
    """
    return said_family(((key, text(path, key, arrays[key])) for key in FAMILY_KEYS if key in arrays), notes)


def poses_in(
    path: Path, arrays: dict[str, np.ndarray], family_of: FamilyOf, notes: list[str]
) -> tuple[str, np.ndarray]:
    """Family and (T, J, 3) poses.

    Args:
        path: the file, for messages.
        arrays: in AMASS's keys.
        family_of: says the family; takes what the poses look like and why, and whether that is sure.
        notes: takes in which pieces are missing or left out.

    Raises:
        FileError: they have the wrong type or shape.
    """
    if "poses" not in arrays:
        return _poses_of_parts(path, arrays, family_of, notes)
    poses = arrays["poses"]
    if poses.ndim == 3 and poses.shape[2] == 3:
        poses = poses.reshape(len(poses), poses.shape[1] * 3)
    looks = _FAMILY_OF_WIDTH.get(poses.shape[1]) if poses.ndim == 2 else None
    if looks is None:
        widths = ", ".join(f"(any, {n}) for {FAMILY_LABEL[f]}" for n, f in sorted(_FAMILY_OF_WIDTH.items()))
        raise FileError(path, f"has shape {shape_text(poses.shape)}, expected {widths}", key="poses")
    poses = numbers(path, "poses", poses, (None, None))
    family = family_of(looks, f"'poses' has {poses.shape[1]} numbers a frame", True)
    return family, _laid_out(poses.reshape(len(poses), poses.shape[1] // 3, 3), looks, family, notes)


def _laid_out(poses: np.ndarray, looks: str, family: str, notes: list[str]) -> np.ndarray:
    """(T, J, 3) poses of one family in the joints of another."""
    if looks == family:
        return poses
    names, wanted = JOINT_NAMES[looks], JOINT_NAMES[family]
    found = np.zeros((len(poses), len(wanted), 3), np.float32)
    for at, name in enumerate(wanted):
        if name in names:
            found[:, at] = poses[:, names.index(name)]
    lost = [at for at, name in enumerate(names) if name not in wanted]
    if np.nan_to_num(poses[:, lost]).any():
        notes.append(f"{len(lost)} joints that {FAMILY_LABEL[family]} does not have were left out.")
    return found


def _poses_of_parts(
    path: Path, arrays: dict[str, np.ndarray], family_of: FamilyOf, notes: list[str]
) -> tuple[str, np.ndarray]:
    face = [key for key in ("pose_jaw", "pose_eye", "expression") if key in arrays]
    if face:
        family = family_of("smplx", f"there is '{face[0]}', which SMPL-X alone has", True)
    else:
        pieces = "root, body and hands" if "pose_hand" in arrays else "root and body"
        family = family_of(
            "smplh", f"the pieces are {pieces} alone, without a face, and their type is not said", False
        )
    frames = len(arrays["root_orient"]) if arrays["root_orient"].ndim else 0
    pieces_of = {key: width for key, width in POSE_PARTS.items() if key in _PIECES[family]}
    found, missing = [], []
    for key, width in pieces_of.items():
        if key in arrays:
            found.append(numbers(path, key, arrays[key], (frames, width)))
        else:
            missing.append(key)
            found.append(np.zeros((frames, width), np.float32))
    notes += [f"There is no '{key}', so that part of the pose is zero." for key in missing]
    left = [key for key in POSE_PARTS if key in arrays and key not in pieces_of]
    notes += [f"'{key}' was left out: {FAMILY_LABEL[family]} does not have it." for key in left]
    flat = np.concatenate(found, 1)
    poses = flat.reshape(frames, flat.shape[1] // 3, 3)
    whole = np.zeros((frames, len(JOINT_NAMES[family]), 3), np.float32)
    whole[:, : poses.shape[1]] = poses
    return family, whole


def betas_in(
    path: Path, betas: np.ndarray, frames: int, own_shapes: bool, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """(B,) from (B,), (1, B), or (T, B), (T, B) where they differ, and the frames without a shape.

    Where they may differ, ``own_shapes``, the first is their mean; elsewhere all frames must have the same.
    What differs by no more than noise is one shape all the same, and ``notes`` says so.

    Raises:
        FileError: they differ and may not, are not finite, or too large to be a shape.
    """
    own, shapeless = None, np.empty(0, int)
    if betas.ndim == 2 and len(betas) in (1, frames):
        rows = numbers(path, "betas", betas, (None, None))
        finite = np.isfinite(rows).all(1)
        if own_shapes and finite.any() and not finite.all():
            shapeless, rows = np.flatnonzero(~finite), np.where(finite[:, None], rows, rows[finite].mean(0))
        all_finite = bool(np.isfinite(rows).all())
        same = all_finite and np.allclose(rows, rows[:1], atol=1e-6)
        noisy = all_finite and not same and float(np.ptp(rows, axis=0).max()) <= _NOISE
        if not same and not noisy and not own_shapes and all_finite:
            raise FileError(
                path, "differ between frames, expected one shape for the whole motion", key="betas"
            )
        if noisy:
            notes.append(
                f"Betas differ by {np.ptp(rows, axis=0).max():.1g} between frames: their mean is taken."
            )
        own = rows if own_shapes and not same and not noisy else None
        betas = rows.mean(0) if own is not None or noisy else rows[0]
    values = numbers(path, "betas", betas, (None,))
    for found in (values,) if own is None else (own, values):
        _check_sigmas(path, "betas", found)
    return values, own, shapeless


def _check_sigmas(path: Path, key: str, betas: np.ndarray) -> None:
    if not np.isfinite(betas).all():
        raise FileError(path, "holds values that are not finite", key=key)
    most = np.abs(betas).max(initial=0)
    if most > MOST_SIGMAS:
        raise FileError(path, f"holds {most:.3g}, expected at most {MOST_SIGMAS} in size", key=key)


def all_betas_in(path: Path, array: np.ndarray, betas: np.ndarray, notes: list[str]) -> np.ndarray:
    """(N,) every beta of a file whose key ``betas`` has the first of them, as its readers expect.

    Where that has been changed since, it counts alone, and ``notes`` says so.

    Raises:
        FileError: it has the wrong type or shape, holds values that are not finite, or too large.
    """
    key = "refit_betas"
    found = numbers(path, key, array, (None,))
    _check_sigmas(path, key, found)
    if np.array_equal(found[: len(betas)], betas):
        return found
    notes.append(f"'{key}' does not begin with what 'betas' holds, which is taken alone.")
    return betas


def fitted_betas_in(
    path: Path, array: np.ndarray, frames: int, betas: np.ndarray, notes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """(B,) and (T, B): the shape of them all, and the one that Refit found for each frame.

    Where ``betas`` were changed since, or written without all that there were, those that are missing are the
    frames' mean, and ``notes`` says so.

    Raises:
        FileError: they have the wrong type or shape, or hold values that are not finite.
    """
    key = "refit_frame_betas"
    count = array.shape[1] if array.ndim == 2 else 0
    found = finite(path, key, numbers(path, key, array, (frames, max(count, len(betas)))))
    if missing := found.shape[1] - len(betas):
        notes.append(
            f"The shape of all frames has {len(betas)} betas, and those of each frame {found.shape[1]}: the "
            f"other {missing} are their mean."
        )
        betas = np.concatenate([betas, found[:, len(betas) :].mean(0)])
    return betas, found


def beyond_people(betas: np.ndarray, frame_betas: np.ndarray | None) -> list[str]:
    """A sentence where a shape is one that nobody has; else nothing."""
    largest = max(float(np.abs(found).max(initial=0)) for found in (betas, frame_betas) if found is not None)
    if largest <= USUAL_SIGMAS:
        return []
    return [
        f"Betas reach {largest:.3g} σ, expected within ±{USUAL_SIGMAS:g}: check the file's gender, and which "
        "model its betas are of."
    ]


def gender_in(path: Path, array: np.ndarray | None) -> str | None:
    """``'male'``, ``'female'`` or ``'neutral'``, once or the same in every frame; None where the file does
    not say.

    Raises:
        FileError: it is something else, or differs between frames.
    """
    if array is None:
        return None
    words = sorted(set(texts(path, "gender", array)))
    if len(words) != 1:
        found = f"differs between frames: {key_list(words)}" if words else "is empty, expected one text"
        raise FileError(path, found, key="gender")
    word = words[0].strip().lower()
    if word.startswith(("b'", 'b"')):  # bytes that were turned to text by mistake
        word = word[2:-1]
    if word in ("", "none", "unknown"):
        return None
    try:
        return _GENDER_OF_WORD[word]
    except KeyError:
        raise FileError(path, f"is '{word[:40]}', expected male, female or neutral", key="gender") from None


def frame_rate_in(
    path: Path,
    arrays: dict[str, np.ndarray],
    notes: list[str] | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> tuple[float, str] | None:
    """Frames a second, and where it is said; None where the file does not say.

    Args:
        path: the file, for messages.
        arrays: in AMASS's keys.
        notes: takes in that other keys say another rate.
        names: what the file calls a key, where it has another name for it.

    Raises:
        FileError: it is no positive number.
    """
    found = {
        names.get(key, key): _rate(path, names.get(key, key), arrays[key])
        for key in RATE_KEYS
        if key in arrays
    }
    if not found:
        return None
    key, rate = next(iter(found.items()))
    others = [f"'{name}' {value:g}" for name, value in found.items() if not np.isclose(value, rate, 1e-5)]
    if others and notes is not None:
        notes.append(
            f"The file says its frame rate in ways that differ: '{key}' {rate:g}, {', '.join(others)}."
        )
    return rate, f"'{key}' is {rate:g}"


def _rate(path: Path, key: str, array: np.ndarray) -> float:
    """One number, or the same in every frame; written as text, too."""
    if array.dtype.kind in "SU":
        words = set(texts(path, key, array))
        try:
            array = np.array([float(word) for word in words])
        except ValueError:
            found = key_list(word[:40] for word in words)
            raise FileError(path, f"is '{found}', expected a number of frames a second", key=key) from None
    elif array.size > 1 and array.dtype.kind in "biuf":
        array = np.unique(array)
    rate = number(path, key, array)
    if not 0 < rate < MOST_RATE:
        expected = f"frames a second above 0 and below {MOST_RATE:g}"
        raise FileError(path, f"is {rate:g}, expected {expected}", key=key)
    return rate


def up_axis_in(path: Path, array: np.ndarray | None) -> UpAxis | None:
    """What the file says; None where it does not.

    Raises:
        FileError: it is no axis.
    """
    if array is None:
        return None
    axis = text(path, "refit_up_axis", array)
    if axis not in UP_AXES:
        raise FileError(path, f"is '{axis[:40]}', expected {' or '.join(UP_AXES)}", key="refit_up_axis")
    return cast(UpAxis, axis)


def expression_in(path: Path, array: np.ndarray | None, frames: int) -> np.ndarray | None:
    """(T, E), None where there is none.

    Raises:
        FileError: it has the wrong type or shape.
    """
    if array is None:
        return None
    values = numbers(path, "expression", array, (frames, None))
    return values if values.shape[1] else None

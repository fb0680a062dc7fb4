"""What a motion's arrays in AMASS's keys say, each checked."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import number, numbers, shape_text, text
from core.files.motions.sources.amass import FRAME_RATE_KEYS, POSE_PARTS
from core.model.joints import FAMILY_LABEL, JOINT_NAMES
from core.model.motion import MOST_RATE, UP_AXES, UpAxis

_FAMILY_OF_WIDTH = {3 * len(names): family for family, names in JOINT_NAMES.items()}
_GENDER_OF_WORD = {
    "male": "male",
    "m": "male",
    "female": "female",
    "f": "female",
    "neutral": "neutral",
    "n": "neutral",
}
_MOST_SIGMAS = 100

USUAL_SIGMAS = 5.0
"""Of a person's shape each coefficient lies within this, in standard deviations of the model's people."""


def poses_in(path: Path, arrays: dict[str, np.ndarray], notes: list[str]) -> tuple[str, np.ndarray]:
    """Family and (T, J, 3) poses; ``notes`` takes in which pieces are missing.

    Raises:
        FileError: they have the wrong type or shape.
    """
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


def betas_in(
    path: Path, betas: np.ndarray, frames: int, own_shapes: bool
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """(B,) from (B,), (1, B), or (T, B), (T, B) where they differ, and the frames without a shape.

    Where they may differ, ``own_shapes``, the first is their mean; elsewhere all frames must have the same.

    Raises:
        FileError: they differ and may not, are not finite, or too large to be a shape.
    """
    own, shapeless = None, np.empty(0, int)
    if betas.ndim == 2 and len(betas) in (1, frames):
        rows = numbers(path, "betas", betas, (None, None))
        finite = np.isfinite(rows).all(1)
        if own_shapes and finite.any() and not finite.all():
            shapeless, rows = np.flatnonzero(~finite), np.where(finite[:, None], rows, rows[finite].mean(0))
        same = np.isfinite(rows).all() and np.allclose(rows, rows[:1], atol=1e-6)
        if not same and not own_shapes and np.isfinite(rows).all():
            raise FileError(
                path, "differ between frames, expected one shape for the whole motion", key="betas"
            )
        own = rows if own_shapes and not same else None
        betas = rows.mean(0) if own is not None else rows[0]
    values = numbers(path, "betas", betas, (None,))
    for found in (values,) if own is None else (own, values):
        if not np.isfinite(found).all():
            raise FileError(path, "holds values that are not finite", key="betas")
        if found.size and np.abs(found).max() > _MOST_SIGMAS:
            most = np.abs(found).max()
            raise FileError(path, f"holds {most:.3g}, expected at most {_MOST_SIGMAS} in size", key="betas")
    return values, own, shapeless


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
    """``'male'``, ``'female'`` or ``'neutral'``; None where the file does not say.

    Raises:
        FileError: it is something else.
    """
    if array is None:
        return None
    word = text(path, "gender", array).strip().lower()
    if word.startswith(("b'", 'b"')):  # bytes that were turned to text by mistake
        word = word[2:-1]
    if word in ("", "none", "unknown"):
        return None
    try:
        return _GENDER_OF_WORD[word]
    except KeyError:
        raise FileError(path, f"is '{word[:40]}', expected male, female or neutral", key="gender") from None


def frame_rate_in(path: Path, arrays: dict[str, np.ndarray]) -> float | None:
    """Frames a second, under either spelling; None where the file does not say.

    Raises:
        FileError: it is no positive number.
    """
    for key in FRAME_RATE_KEYS:
        if key in arrays:
            rate = number(path, key, arrays[key])
            if not 0 < rate < MOST_RATE:
                expected = f"frames a second above 0 and below {MOST_RATE:g}"
                raise FileError(path, f"is {rate:g}, expected {expected}", key=key)
            return rate
    return None


def up_axis_in(path: Path, array: np.ndarray | None) -> UpAxis:
    """What the file says; AMASS does not say and is z-up.

    Raises:
        FileError: it is no axis that can be up.
    """
    axis = "z" if array is None else text(path, "refit_up_axis", array)
    if axis not in UP_AXES:
        raise FileError(path, f"is '{axis[:40]}', expected y, z or -y", key="refit_up_axis")
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

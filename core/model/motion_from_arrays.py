"""A motion from arrays in memory; what does not fit is a sentence that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import RefitError
from core.files.containers.arrays import kind_of, shape_text
from core.model.joints import FAMILY_LABEL, GENDERS, JOINT_NAMES
from core.model.motion import MOST_RATE, UP_AXES, Motion
from core.model.pose_parts import PART_JOINTS, joints_in
from core.world_origin import far_note, near_origin

MOST_SIGMAS = 100
MEAN_SHAPE = 10
"""So many zeros are the betas of a motion without any."""

_FACE = ("jaw_pose", "leye_pose", "reye_pose")
_HANDS = ("left_hand_pose", "right_hand_pose")


def motion_from_arrays(
    parts: dict[str, Any],
    betas: Any = None,
    transl: Any = None,
    expression: Any = None,
    *,
    family: str | None,
    gender: str | None,
    frame_rate: float | None,
    up_axis: str,
) -> Motion:
    """As `Motion.from_arrays`, with the pieces of the pose by name.

    Raises:
        RefitError: an argument has the wrong type or shape, or a value that cannot be.
    """
    given = {name: _array(name, value) for name, value in parts.items() if value is not None}
    for name in ("global_orient", "body_pose"):
        if name not in given:
            raise RefitError(f"{name} is missing, expected an array of axis-angle rotations.")
    family = _family(family, given, expression is not None)
    frames = len(given["global_orient"]) if given["global_orient"].ndim else 0
    poses = np.zeros((frames, len(JOINT_NAMES[family]), 3), np.float32)
    notes = []
    for part in PART_JOINTS:
        joints = joints_in(part, family)
        if part in given:
            rows = _rotations(part, given[part], frames, len(joints), family)
            poses[:, joints[0] : joints[0] + rows.shape[1]] = rows
        elif joints and part in _HANDS:
            notes.append(f"No {part} was given: that hand is flat.")
    if not frames:
        raise RefitError("global_orient holds no frames, expected at least one.")
    if transl is None:
        notes.append("No transl was given: the body stays at the origin.")
    shape, own = _betas(betas, frames)
    places = np.zeros((frames, 3)) if transl is None else _shaped("transl", transl, (frames, 3), np.float64)
    trans, origin = near_origin(places)
    if origin is not None:
        notes.append(far_note(origin))
    return Motion(
        family=family,
        poses=poses,
        trans=trans,
        origin=origin,
        betas=shape,
        gender=_one_of("gender", gender, GENDERS) if gender is not None else None,
        frame_rate=_rate(frame_rate),
        up_axis=_one_of("up_axis", up_axis, UP_AXES),  # type: ignore[arg-type]
        expression=None if expression is None else _shaped("expression", expression, (frames, None)),
        notes=tuple(notes),
        frame_betas=own,
    )


def _array(name: str, value: Any, kind: type[np.floating] = np.float32) -> np.ndarray:
    """A copy in C order, of numpy's, torch's and other arrays alike."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        found = np.asarray(value)
    except (ValueError, TypeError):
        raise RefitError(f"{name} is no array: its rows differ in length.") from None
    if found.dtype.kind not in "biuf":
        raise RefitError(f"{name} is {kind_of(found)}, expected an array of numbers.")
    with np.errstate(over="ignore"):
        return np.array(found, kind, order="C")


def _shaped(
    name: str, value: Any, shape: tuple[int | None, ...], kind: type[np.floating] = np.float32
) -> np.ndarray:
    found = _array(name, value, kind)
    if found.ndim != len(shape) or any(
        n is not None and n != m for n, m in zip(shape, found.shape, strict=True)
    ):
        raise _wrong(name, found, shape_text(shape))
    return found


def _rotations(name: str, found: np.ndarray, frames: int, joints: int, family: str) -> np.ndarray:
    """(T, n, 3) from (T, 3n) or (T, n, 3); of SMPL's body with or without its two hand joints."""
    counts = (joints, joints - 2) if name == "body_pose" and family == "smpl" else (joints,)
    for count in counts:
        if found.shape in ((frames, 3 * count), (frames, count, 3)):
            return found.reshape(frames, count, 3)
    if name == "global_orient":
        raise _wrong(name, found, "(T, 3)")
    wanted = " or ".join(f"({frames}, {3 * count}) or ({frames}, {count}, 3)" for count in counts)
    raise _wrong(name, found, f"{wanted} axis-angle for {FAMILY_LABEL[family]}")


def _family(family: str | None, given: dict[str, np.ndarray], expression: bool) -> str:
    face = [name for name in _FACE if name in given] + ["expression"] * expression
    hands = [name for name in _HANDS if name in given]
    body = given["body_pose"]
    if family is None:
        long = body.shape[1:] in ((69,), (23, 3))
        family = "smpl" if long and not face and not hands else "smplx" if face else "smplh"
    _one_of("family", family, tuple(JOINT_NAMES))
    for name in (*face, *hands):
        if name != "expression" and not joints_in(name, family):
            raise RefitError(f"{name} is given, but {FAMILY_LABEL[family]} has none.")
    return family


def _betas(value: Any, frames: int) -> tuple[np.ndarray, np.ndarray | None]:
    """(B,) of all frames, and (T, B) where they differ."""
    if value is None:
        return np.zeros(MEAN_SHAPE, np.float32), None
    found = _array("betas", value)
    if found.ndim not in (1, 2) or (found.ndim == 2 and len(found) not in (1, frames)):
        raise _wrong("betas", found, f"(B,), (1, B) or ({frames}, B)")
    if not np.isfinite(found).all():
        raise RefitError("betas holds values that are not finite.")
    if found.size and np.abs(found).max() > MOST_SIGMAS:
        raise RefitError(f"betas holds {np.abs(found).max():.3g}, expected at most {MOST_SIGMAS} in size.")
    if found.ndim == 1:
        return found, None
    same = np.allclose(found, found[:1], atol=1e-6)
    return (found[0], None) if same else (found.mean(0), found)


def _rate(value: float | None) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value < MOST_RATE:
        raise RefitError(f"frame_rate is {value!r}, expected a positive number of frames a second.")
    return float(value)


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    if value not in choices or not isinstance(value, str):
        raise RefitError(f"{name} is {value!r}, expected one of {', '.join(choices)}.")
    return value


def _wrong(name: str, found: np.ndarray, wanted: str) -> RefitError:
    return RefitError(f"{name} has shape {shape_text(found.shape)}, expected {wanted}.")

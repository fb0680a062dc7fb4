"""Rotations as files have them: axis-angle vectors or matrices, of all joints in a row or one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.errors import FileError
from core.files.containers.arrays import kind_of, shape_text

# Of how far a matrix may be from a rotation: those of a network are not exact.
_NEARLY = 1e-2


def frames_in(array: np.ndarray, joints: tuple[int, ...]) -> tuple[int, int] | None:
    """How many frames rotations are of, and of how many joints; None where it is none of ``joints``.

    Args:
        array: (T, 3n), (T, n, 3), (T, n, 3, 3) or (T, 9n), or a single frame of these.
        joints: counts that n may be, 1 not among them.
    """
    for count in joints:
        single = {(3 * count,), (count, 3), (count, 3, 3), (9 * count,)}
        if array.shape in single:
            return 1, count
        if array.ndim and array.shape[1:] in single:
            return len(array), count
    return None


def rotations_in(
    path: Path, key: str, array: np.ndarray, frames: int, joints: int
) -> tuple[np.ndarray, bool]:
    """(T, 3n) axis-angle, float32, and whether they came as matrices.

    Args:
        path: the file, for the message.
        key: of the array.
        array: as in `frames_in`.
        frames: T.
        joints: n.

    Raises:
        FileError: it is none of these, or a matrix is no rotation.
    """
    if array.dtype.kind not in "biuf":
        raise FileError(path, f"is {kind_of(array)}, expected numbers", key=key)
    led, last = array.shape[:1] == (frames,) or frames == 1, array.shape[-1:]
    if led and array.size == 3 * frames * joints and last in ((3,), (3 * joints,)):
        with np.errstate(over="ignore", invalid="ignore"):
            return array.reshape(frames, 3 * joints).astype(np.float32), False
    if led and array.size == 9 * frames * joints and (array.shape[-2:] == (3, 3) or last == (9 * joints,)):
        return axis_angle(path, key, array.reshape(frames, joints, 3, 3)), True
    wanted = " or ".join(
        shape_text(shape) for shape in ((frames, 3 * joints), (frames, joints, 3), (frames, joints, 3, 3))
    )
    raise FileError(path, f"has shape {shape_text(array.shape)}, expected {wanted}", key=key)


def _in_frame(row: int) -> str:
    return f"holds a matrix that is no rotation, in frame {row}"


def axis_angle(
    path: Path, key: str, matrices: np.ndarray, told: Callable[[int], str] = _in_frame
) -> np.ndarray:
    """(T, 3n) radians, float32, from (T, n, 3, 3); a frame with a matrix that is not finite is no number.

    Args:
        path: the file, for the message.
        key: of the matrices.
        matrices: of all frames.
        told: what is wrong where one in a row is no rotation.

    Raises:
        FileError: a matrix is no rotation.
    """
    frames, joints = matrices.shape[:2]
    vectors = np.full((frames, 3 * joints), np.nan, np.float32)
    finite = np.isfinite(matrices).all((1, 2, 3))
    good = matrices[finite].astype(np.float64)
    off = np.abs(good @ good.transpose(0, 1, 3, 2) - np.eye(3)).max((1, 2, 3), initial=0)
    wrong = np.flatnonzero((off > _NEARLY) | (np.linalg.det(good) <= 0).any(1))
    if len(wrong):
        raise FileError(path, told(int(np.flatnonzero(finite)[wrong[0]])), key=key)
    # As long to import as most files take to open.
    from scipy.spatial.transform import Rotation

    if len(good):
        found = Rotation.from_matrix(good.reshape(-1, 3, 3)).as_rotvec()
        vectors[finite] = found.reshape(len(good), -1)
    return vectors

"""Arrays that take long to work out, kept on the disk for the next process; safe to delete at any time.

A file is named by the checksum of what its array is made of, written whole or not at all, and believed only
where shape, type and checksum are what they should be: otherwise its array is made anew. Nothing that goes
wrong with the disk stops anybody: the array is made then, and not kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.environment import kept_folder
from core.errors import RefitError
from core.files.containers.atomic import atomic_write
from core.files.containers.npz import read_npz

FOLDER = "prepared"
"""In the folder of what is kept (`core.environment.kept_folder`)."""

MOST_BYTES = 2**28
"""Of all files in it; beyond that those go that were not used for longest."""


def stored(
    kind: str,
    version: int,
    made_of: Sequence[np.ndarray],
    shape: tuple[int, ...] | None,
    make: Callable[[], np.ndarray],
) -> np.ndarray:
    """An array from the disk, or made and put there.

    Args:
        kind: what it is, part of the file's name.
        version: grows when the same arrays would give another one.
        made_of: all that it depends on.
        shape: of the array; it is float32. None: one row, of any length.
        make: makes it.
    """
    path = kept_folder() / FOLDER / f"{kind}_{version}_{_key(made_of)}.npz"
    found = _read(path, shape)
    if found is None:
        found = np.ascontiguousarray(make(), dtype=np.float32)
        with suppress(RefitError, OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, overwrite=True) as file:
                np.savez(file, values=found, sha256=np.array(_checksum(found)))
            trim(path.parent, MOST_BYTES)
    return found


def trim(folder: Path, most_bytes: int, names: str = "*.npz") -> None:
    """Deletes those of a folder's files of such names that were not used for longest, down to a number of
    bytes."""
    files = []
    for path in folder.glob(names):
        with suppress(OSError):
            there = path.lstat()
            files.append((there.st_mtime, there.st_size, path))
    files.sort(key=lambda file: file[:2])
    taken = sum(size for _, size, _ in files)
    for _, size, path in files:
        if taken <= most_bytes:
            break
        with suppress(OSError):
            path.unlink()
        taken -= size


def _key(arrays: Sequence[np.ndarray]) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()[:32]


def _checksum(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def _read(path: Path, shape: tuple[int, ...] | None) -> np.ndarray | None:
    try:
        arrays = read_npz(path, ("values", "sha256"))
    except (RefitError, OSError):
        return None
    values, told = arrays.get("values"), arrays.get("sha256")
    if values is None or told is None or values.dtype != np.float32:
        return None
    if values.ndim != 1 if shape is None else values.shape != shape:
        return None
    if str(told) != _checksum(values):
        return None
    with suppress(OSError):
        os.utime(path)  # used now
    return values

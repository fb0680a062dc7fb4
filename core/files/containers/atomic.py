"""Writing a file whole or not at all, by way of a temporary one beside it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import FileError
from core.files.containers.leftovers import held, sweep, temporary_beside
from core.files.containers.opening import check_regular


@contextmanager
def atomic_write(path: str | Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends, or leaves no trace if the block fails.

    The bytes go to a temporary file in the same folder and are on the disk before the name changes hands. Who
    may read and write a file that is replaced stays as it was.

    Args:
        path: where the file is to be.
        overwrite: replace a file that is there; otherwise it is left alone.

    Raises:
        FileError: the file exists and ``overwrite`` is False, the folder does not exist or may not be written
            to, or the disk is full.
    """
    if "\0" in str(path):
        raise FileError(path, "cannot be written: a file name has no zero bytes")
    target = Path(path)
    temporary: Path | None = None
    try:
        check_place(target, overwrite)
        target = _at_the_end(target)
        temporary = temporary_beside(target)
        temporary.open("xb").close()
        with held(temporary):
            with temporary.open("r+b") as file:
                sweep(temporary)
                yield file
                file.flush()
                os.fsync(file.fileno())
            _refuse_existing(target, overwrite)
            with suppress(OSError):  # there is none, or the disk knows of no modes
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            os.replace(temporary, target)
        temporary = None
        _sync_folder(target.parent)
    except OSError as error:
        raise FileError(path, f"cannot be written: {reason(error)}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_npz(path: str | Path, arrays: dict[str, np.ndarray], *, overwrite: bool = False) -> None:
    """Write plain arrays to a compressed ``.npz`` file, atomically.

    Raises:
        FileError: as `atomic_write`.
        TypeError: an array holds Python objects.
    """
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"'{key}' holds Python objects, expected numbers or text")
    with atomic_write(path, overwrite=overwrite) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def check_place(target: Path, overwrite: bool) -> None:
    """Raises FileError where a file cannot be put: no folder, or something is there that stays."""
    _refuse_existing(target, overwrite)
    if not target.parent.is_dir():
        raise FileError(target, f"cannot be written: there is no folder {target.parent}")


def _at_the_end(target: Path) -> Path:
    """Where the links at a path lead: a link stays a link."""
    end = Path(os.path.realpath(target))
    if end.is_symlink():
        raise FileError(target, "cannot be written: it is a link that leads in a circle")
    return end


def _refuse_existing(target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise FileError(target, "is a folder, expected the name of a file to write")
    if not target.exists():
        return
    check_regular(target, target.stat())
    if not overwrite:
        raise FileError(target, "already exists, and is only replaced when asked to")


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def reason(error: OSError) -> str:
    """Why writing failed, in words."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "there is no space left on the disk"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the folder or file is write-protected"
    return error.strerror or str(error)

"""Writing a file whole or not at all, by way of a temporary one beside it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import FileError
from core.files.containers.opening import check_regular
from core.shown_text import shown

try:
    import fcntl
except ImportError:  # on Windows, where a file that is open cannot be deleted
    fcntl = None  # type: ignore[assignment]

# Temporary files beside what is written: their names, who is at them, what killed processes have left.

_NAME = re.compile(r"\.refit-[0-9a-f]{16}\.(tmp|mkv|mp4|gif|png)")
UNTOUCHED_SECONDS = 3600.0
"""What has not been touched for so long is left by a process that is no more, unless it is `held`."""
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_SET_ASIDE = re.compile(r"\.refit-[0-9a-f]{16}\.(.+)\.old")
_looked_through: set[Path] = set()
_run = ""


def name_after(run: str) -> None:
    """Temporary files of this process are named after a run from now on, for `take_away`.

    Args:
        run: eight hexadecimal digits that no other run has.
    """
    global _run
    _run = run


def temporary_mark() -> str:
    """How the name of a new temporary file begins."""
    return f".refit-{_run or secrets.token_hex(4)}{secrets.token_hex(4)}"


def temporary_beside(target: Path) -> Path:
    """A name in the folder of ``target``, to be written first and to take its place then."""
    return target.with_name(f"{temporary_mark()}.tmp")


def set_aside(target: Path) -> Path:
    """A name for a folder that is to be replaced, for the moment in which there are two."""
    return target.with_name(f"{temporary_mark()}.{target.name}.old")


@contextmanager
def held(temporary: Path) -> Iterator[None]:
    """While the block runs, no `sweep` takes the file or folder away, however long its process is suspended.

    A file that is not there yet is made. The hold is a lock that ends with the process; on a disk without
    locks there is none, and the time alone counts.
    """
    handle = None
    with suppress(OSError):
        # Some disks lock for one alone what is open for writing, and folders cannot be.
        flags = os.O_RDONLY if temporary.is_dir() else os.O_RDWR | os.O_CREAT
        handle = os.open(temporary, flags, 0o666)
    try:
        if handle is not None and fcntl is not None:
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif handle is not None:
            os.close(handle)
            handle = None
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _is_held(temporary: Path) -> bool:
    """Another process, or this one, is at it."""
    if fcntl is None:
        return False
    handle = os.open(temporary, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def sweep(own: Path) -> None:
    """Deletes what killed processes have left in the folder of a temporary file that was just made.

    Times are compared with that file's, for a folder may lie on a machine whose clock is another. Each folder
    is looked through once a process: it may hold many files. What was set aside and never replaced gets its
    name back.
    """
    folder = own.parent
    if folder in _looked_through:
        return
    _looked_through.add(folder)
    with suppress(OSError):
        now = own.stat().st_mtime
        for path in _temporaries(folder):
            if path == own:
                continue
            with suppress(OSError):
                # Set aside it keeps its own time; elsewhere a folder is touched by each new file in it.
                aside = _SET_ASIDE.fullmatch(path.name)
                touched = path.stat().st_ctime if aside else path.stat().st_mtime
                if now - touched > UNTOUCHED_SECONDS and not _is_held(path):
                    _cleared(path)


def take_away(folder: Path, run: str) -> None:
    """Deletes what the processes of a run have left in a folder, as `sweep` does, whenever that was.

    Args:
        folder: of outputs.
        run: of `name_after`; its processes are no more.
    """
    with suppress(OSError):
        for path in _temporaries(folder, run):
            with suppress(OSError):
                _cleared(path)


def _temporaries(folder: Path, run: str = "") -> Iterator[Path]:
    """What is named as temporary files and what was set aside are, of a run or of all."""
    for path in folder.glob(f".refit-{run}*"):
        if (_NAME.fullmatch(path.name) or _SET_ASIDE.fullmatch(path.name)) and not path.is_symlink():
            yield path


def _cleared(path: Path) -> None:
    aside = _SET_ASIDE.fullmatch(path.name)
    if aside and not (path.parent / aside[1]).exists():
        os.replace(path, path.parent / aside[1])
    else:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def atomic_write(
    path: str | Path, *, overwrite: bool = False, reader: Callable[[Path], object] | None = None
) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends, or leaves no trace if the block fails.

    The bytes go to a temporary file in the same folder and are on the disk before the name changes hands. Who
    may read and write a file that is replaced stays as it was.

    Args:
        path: where the file is to be.
        overwrite: replace a file that is there; otherwise it is left alone.
        reader: opens what was written before it takes its place: what it refuses is never there.

    Raises:
        FileError: the file exists and ``overwrite`` is False, the folder does not exist or may not be written
            to, the disk is full, or the reader refuses what was written.
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
                _read_back(path, temporary, reader)
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


def _read_back(path: str | Path, temporary: Path, reader: Callable[[Path], object] | None) -> None:
    if reader is None:
        return
    try:
        reader(temporary)
    except FileError as error:
        raise not_saved(path, error) from None


def not_saved(path: str | Path, refused: FileError) -> FileError:
    """What is told of a file that its own reader would refuse."""
    what = f"'{refused.key}' {refused.problem}" if refused.key else refused.problem
    return FileError(path, f"is not saved, for it could not be opened again: {what}")


@contextmanager
def fit_for_a_file(path: str | Path) -> Iterator[None]:
    """While what a file is to hold is put together: values that no file can hold are told in a sentence.

    Raises:
        FileError: there is such a value.
    """
    try:
        yield
    except (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        what = shown(str(error), 200)
        raise FileError(path, f"is not saved, for it holds what no file can hold: {what}") from error


def write_npz(
    path: str | Path,
    arrays: dict[str, np.ndarray],
    *,
    overwrite: bool = False,
    reader: Callable[[Path], object] | None = None,
) -> None:
    """Write plain arrays to a compressed ``.npz`` file, atomically; ``reader`` as in `atomic_write`.

    Raises:
        FileError: as `atomic_write`.
        TypeError: an array holds Python objects.
    """
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"'{key}' holds Python objects, expected numbers or text")
    with atomic_write(path, overwrite=overwrite, reader=reader) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def check_place(target: Path, overwrite: bool) -> None:
    """Raises FileError where a file cannot be put: no folder, or something is there that stays."""
    check_name(target)
    _refuse_existing(target, overwrite)
    _at_the_end(target)


def check_name(target: Path) -> None:
    """Raises FileError where the disk knows no such name, or there is no folder for it."""
    try:
        os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise FileError(target, f"cannot be written: {why}") from error
    if not os.path.isdir(target.parent):
        raise FileError(target, f"cannot be written: there is no folder {target.parent}")


def _at_the_end(target: Path) -> Path:
    """Where the links at a path lead: a link stays a link."""
    end = Path(os.path.realpath(target))
    if end.is_symlink():
        raise FileError(target, "cannot be written: it is a link that leads in a circle")
    if not os.path.isdir(end.parent):
        raise FileError(target, f"cannot be written: it is a link to {end}, and there is no such folder")
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


def is_disk_full(error: BaseException) -> bool:
    """Whether there was no room to write, which is so for the next file, too."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return isinstance(cause, OSError) and cause.errno in _FULL


def reason(error: OSError) -> str:
    """Why writing failed, in words."""
    if error.errno in _FULL:
        return "there is no space left on the disk"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "the folder or file is write-protected"
    return error.strerror or str(error)

"""A folder of files that are numbered by frame: whole or not there at all, and stopped on request."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Cancelled, FileError
from core.files.containers.atomic import check_name, held, reason, set_aside, sweep, temporary_beside

Progress = Callable[[int, int], None]
"""Called with how many of how many frames are written."""

_NUMBER_ALONE = re.compile(r"\d{6,}\.pkl")
# AT_FDCWD, and RENAME_EXCHANGE or RENAME_SWAP: rename(2).
_HERE, _SWAP = -100, 2
# Those named by their number alone are also other tools' way to name frames of a video.
_NUMBERED = re.compile(r".+_\d{6,}\.(obj|ply|pkl)")


def tell(done: int, total: int, progress: Progress | None, stop: threading.Event | None) -> None:
    """Says how far writing is.

    Raises:
        Cancelled: ``stop`` is set.
    """
    if stop is not None and stop.is_set():
        raise Cancelled
    if progress is not None:
        progress(done, total)


def only_numbered(folder: Path, *, alone: bool = False) -> bool:
    """The folder holds nothing but files as `write_numbered` calls them, so that it may be replaced.

    Args:
        folder: that is there.
        alone: their number alone, and all of them pickles.
    """
    names = _NUMBER_ALONE if alone else _NUMBERED
    try:
        return all(entry.is_file() and names.fullmatch(entry.name) for entry in folder.iterdir())
    except OSError:
        return False


def write_numbered(
    folder: str | Path,
    name: str,
    suffix: str,
    files: Iterable[tuple[int, bytes]],
    total: int,
    *,
    overwrite: bool,
    progress: Progress | None,
    stop: threading.Event | None,
) -> None:
    """Writes a folder of files, ``walk_000137.obj`` for frame 137: all of them or none.

    Args:
        folder: a new one; it appears when everything is written.
        name: how every file's name begins; empty where it is the number alone.
        suffix: how it ends.
        files: frames and what their files hold.
        total: how many there are.
        overwrite: replace a folder that holds files with a name and a number and nothing else. Any other is
            left alone.
        progress: told how many are written.
        stop: looked at before every file.

    Raises:
        FileError: the folder exists and may not be replaced, or cannot be written.
        Cancelled: ``stop`` was set.
    """
    with _new_folder(Path(folder), overwrite, alone=not name) as place:
        for done, (frame, content) in enumerate(files):
            tell(done, total, progress, stop)
            (place / f"{name}{'_' * bool(name)}{frame:06d}{suffix}").write_bytes(content)
        tell(total, total, progress, stop)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A place to be filled with files of any names; it becomes ``folder`` when the block ends, or goes if the
    block fails.

    Raises:
        FileError: the folder holds something, or cannot be written.
    """
    with _new_folder(folder, False, False) as place:
        yield place


@contextmanager
def _new_folder(target: Path, overwrite: bool, alone: bool) -> Iterator[Path]:
    """A new folder to be filled; it becomes ``target`` when the block ends, or goes if the block fails."""
    _check_folder(target, overwrite, alone)
    temporary = temporary_beside(target)
    try:
        temporary.mkdir()
        with held(temporary):
            sweep(temporary)
            yield temporary
            _check_folder(target, overwrite, alone)
            _take_the_place(temporary, target)
    except OSError as error:
        raise FileError(target, f"cannot be written: {reason(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_folder(target: Path, overwrite: bool, alone: bool) -> None:
    check_name(target)
    if not target.exists():
        return
    if not target.is_dir():
        raise FileError(target, "is a file, expected the name of a folder to write")
    if not only_numbered(target, alone=alone):
        raise FileError(target, "holds other files; choose a folder that does not exist yet")
    if not overwrite and any(target.iterdir()):
        raise FileError(target, "already exists, and is only replaced when asked to")


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders have exchanged their names at once, so that there always was one; not every system
    can."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(one), os.fsencode(other)
        if sys.platform == "linux":
            return library.renameat2(_HERE, names[0], _HERE, names[1], _SWAP) == 0
        if sys.platform == "darwin":
            return library.renamex_np(*names, _SWAP) == 0
    except (AttributeError, OSError, TypeError, ValueError):
        pass
    return False


def _take_the_place(temporary: Path, target: Path) -> None:
    if not target.exists():
        os.replace(temporary, target)
        return
    if _exchanged(temporary, target):
        return
    old = set_aside(target)
    os.replace(target, old)
    try:
        os.replace(temporary, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)

"""Temporary files beside what is written: their names, who is at them, what killed processes have left."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, where a file that is open cannot be deleted
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\.refit-[0-9a-f]{16}\.(tmp|mkv|mp4|gif|png)")
UNTOUCHED_SECONDS = 3600.0
"""What has not been touched for so long is left by a process that is no more, unless it is `held`."""
_SET_ASIDE = re.compile(r"\.refit-[0-9a-f]{16}\.(.+)\.old")
_looked_through: set[Path] = set()


def temporary_mark() -> str:
    """How the name of a new temporary file begins."""
    return f".refit-{secrets.token_hex(8)}"


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
        for path in folder.glob(".refit-*"):
            aside = _SET_ASIDE.fullmatch(path.name)
            if path == own or not (aside or _NAME.fullmatch(path.name)) or path.is_symlink():
                continue
            with suppress(OSError):
                # Set aside it keeps its own time; elsewhere a folder is touched by each new file in it.
                touched = path.stat().st_ctime if aside else path.stat().st_mtime
                if now - touched <= UNTOUCHED_SECONDS or _is_held(path):
                    continue
                if aside and not (folder / aside[1]).exists():
                    os.replace(path, folder / aside[1])
                else:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

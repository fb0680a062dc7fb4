"""Opening a file to read: every way it can fail is one sentence."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from core.errors import FileError

MAX_BYTES = 4 * 1024**3
"""No file, and no sum of the arrays read from one file, may be larger than this."""

_CHUNK = 1 << 20
T = TypeVar("T")


_watching = threading.local()


@contextmanager
def watched(check: Callable[[], object]) -> Iterator[None]:
    """Has ``check`` called again and again while this thread reads; what it raises ends the reading."""
    before = getattr(_watching, "check", None)
    _watching.check = check
    try:
        yield
    finally:
        _watching.check = before


def nobody_asks() -> None:
    """A check for `watched` that ends nothing: what is read there is read to its end."""


def still_wanted() -> None:
    """Between two pieces of a file: raises what `watched` was given to raise."""
    check = getattr(_watching, "check", None)
    if check is not None:
        check()


class _Kept:
    """A file that is opened once for all who read it within a block.

    Attributes:
        file: None until somebody has opened it.
        lent: somebody reads it just now.
        found: what was found in it, by name.
    """

    def __init__(self) -> None:
        self.file: BinaryIO | None = None
        self.lent = False
        self.found: dict[str, Any] = {}


@contextmanager
def kept_open(path: str | Path) -> Iterator[None]:
    """Within, this thread opens the file at ``path`` once, however often it is read, and whatever has its
    name by then; and what it has found in there (`found_in`) is not looked for again."""
    kept: dict[str, _Kept] = vars(_watching).setdefault("kept", {})
    name = os.fspath(path)
    if name in kept:
        yield
        return
    mine = kept[name] = _Kept()
    try:
        yield
    finally:
        del kept[name]
        if mine.file is not None:
            mine.file.close()


def found_in(path: str | Path, file: BinaryIO, name: str, look: Callable[[], T]) -> T:
    """What ``look`` finds in a file, found once where the file is `kept_open`.

    Args:
        path: of the file.
        file: as `open_to_read` gave it.
        name: of what is found.
        look: finds it.
    """
    kept = _kept_at(path)
    if kept is None or kept.file is not file:
        return look()
    if name not in kept.found:
        kept.found[name] = look()
    found: T = kept.found[name]
    return found


def _kept_at(path: str | Path) -> _Kept | None:
    kept: dict[str, _Kept] = vars(_watching).get("kept", {})
    return kept.get(os.fspath(path))


@contextmanager
def open_to_read(path: str | Path) -> Iterator[BinaryIO]:
    """The open binary file at ``path``, at its beginning.

    Raises:
        FileError: there is no such file, it is a folder or a device, or it may not be read.
    """
    still_wanted()
    kept = _kept_at(path)
    stays = kept is not None and not kept.lent
    file = kept.file if kept is not None and stays and kept.file is not None else _opened(path)
    if kept is not None and stays:
        kept.file, kept.lent = file, True
    try:
        check_regular(path, os.fstat(file.fileno()))  # it may be another by now
        file.seek(0)
        yield file
    except OSError as error:
        raise FileError(path, f"cannot be read: {_reason(error)}") from None
    finally:
        if kept is not None and stays:
            kept.lent = False
        else:
            file.close()


def _opened(path: str | Path) -> BinaryIO:
    try:
        check_regular(path, os.stat(path))
        return open(path, "rb", opener=_without_waiting)
    except FileNotFoundError:
        raise FileError(path, "there is no such file") from None
    except NotADirectoryError:
        raise FileError(path, "there is no such file, because a part of its path is not a folder") from None
    except PermissionError:
        raise FileError(path, "may not be read: permission denied") from None
    except (OSError, ValueError) as error:
        raise FileError(path, f"cannot be opened: {_reason(error)}") from None


def check_regular(path: str | Path, status: os.stat_result) -> None:
    """Nothing but a file of the disk is read or written over: others have no end, or wait for somebody.

    Raises:
        FileError: ``path``, of which ``status`` is told, is a folder, a pipe, a socket, a device, or one of
            the files in which Linux tells of itself.
    """
    if stat.S_ISDIR(status.st_mode):
        raise FileError(path, "is a folder, expected a file")
    if not stat.S_ISREG(status.st_mode) or (_takes_no_room(status) and _told_by_system(path)):
        raise FileError(path, "is not a regular file")


def _takes_no_room(status: os.stat_result) -> bool:
    return getattr(status, "st_blocks", 1) == 0


def _told_by_system(path: str | Path) -> bool:
    return os.path.realpath(path).startswith(("/proc/", "/sys/"))


def _without_waiting(path: str, flags: int) -> int:
    """Opens what may have become a pipe since it was looked at."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bytes(path: str | Path, limit: int = MAX_BYTES) -> bytes:
    """All bytes of the file.

    Raises:
        FileError: as `open_to_read`, or the file is larger than ``limit`` bytes.
    """
    with open_to_read(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise FileError(path, f"is {size} bytes long, expected at most {limit}")
        return file.read(min(limit, size + 1))


def checksum(path: str | Path) -> str:
    """SHA-256 of the file's bytes as 64 hexadecimal digits.

    Raises:
        FileError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with open_to_read(path) as file:
        while chunk := file.read(_CHUNK):
            still_wanted()
            digest.update(chunk)
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

"""Temporary files beside what is written: their names, and what killed processes have left of them."""

from __future__ import annotations

import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r"\.refit-[0-9a-f]{16}\.(tmp|mkv|mp4|gif|png)")
UNTOUCHED_SECONDS = 3600.0
"""Nobody is writing any more what has not been touched for so long."""
_looked_through: set[Path] = set()


def temporary_mark() -> str:
    """How the name of a new temporary file begins."""
    return f".refit-{secrets.token_hex(8)}"


def temporary_beside(target: Path) -> Path:
    """A name in the folder of ``target``, to be written first and to take its place then."""
    return target.with_name(f"{temporary_mark()}.tmp")


def sweep(own: Path) -> None:
    """Deletes what killed processes have left in the folder of a temporary file that was just made.

    Times are compared with that file's, for a folder may lie on a machine whose clock is another. Each folder
    is looked through once a process: it may hold many files.
    """
    folder = own.parent
    if folder in _looked_through:
        return
    _looked_through.add(folder)
    with suppress(OSError):
        now = own.stat().st_mtime
        for path in folder.glob(".refit-*"):
            if not _NAME.fullmatch(path.name) or path.is_symlink():
                continue
            # A folder is touched by each new file in it.
            with suppress(OSError):
                if now - path.stat().st_mtime > UNTOUCHED_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

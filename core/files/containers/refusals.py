"""A reader that is given a file of another kind says which."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np

from core.errors import FileError
from core.files.containers.opening import kept_open

P = ParamSpec("P")
R = TypeVar("R")
PathReader = Callable[Concatenate[str | Path, P], R]


def reads(kind: str, words: str) -> Callable[[Callable[Concatenate[str | Path, P], R]], PathReader[P, R]]:
    """For readers, which take a path first: where one refuses a file that is something else, it says what.

    Args:
        kind: what it reads, as in `core.files.motions.file_kind.FileKind`; several parted by ``|``.
        words: the same for people: ``'a motion'``.

    Returns:
        Makes of a reader one whose FileError reads ``is a body model of SMPL-X, expected a motion``; what is
        wrong with a file of its own kind, or one that nothing is known of, it says as before.
    """

    def wrap(reader: Callable[Concatenate[str | Path, P], R]) -> PathReader[P, R]:
        @functools.wraps(reader)
        def told(path: str | Path, *rest: P.args, **options: P.kwargs) -> R:
            try:
                # Whatever its numbers are: nobody is warned of what comes of them.
                with np.errstate(all="ignore"), kept_open(path):
                    return reader(path, *rest, **options)
            except FileError as error:
                raise _told_apart(error, Path(path), kind.split("|"), words) from error.__cause__

        return told

    return wrap


def _told_apart(error: FileError, path: Path, kinds: list[str], words: str) -> FileError:
    from core.files.motions.file_kind import file_kind

    if error.path != path or type(error) is not FileError:
        return error
    found = file_kind(path)
    if not found.kind or found.kind in kinds:
        return error
    if found.kind == "layout" and "motion" in kinds:
        return FileError(path, f"is {found.words}: it holds {found.keys}")
    return FileError(path, f"is {found.words}, expected {words}")

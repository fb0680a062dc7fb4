"""What comes out of the index is of the kind that went in, or the index is damaged: SQLite keeps no
checksums, and takes whatever bytes there are for a value."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import NoneType
from typing import Any

NAME = (str, bytes)
"""A place or path, as `core.catalogue.schema.to_sql` has it."""
NUMBER = (float, int, NoneType)
WHOLE = (int, NoneType)
TEXT = (str, NoneType)
ERRORS = (sqlite3.Error, UnicodeError)
"""What SQLite raises; the second where its own sentence names what is damaged."""


class Damaged(sqlite3.DatabaseError):
    """The index holds what was never written there."""


def check(row: Sequence[Any], kinds: tuple[tuple[type, ...], ...]) -> None:
    """Raises `Damaged` unless the values of a row are of these kinds, and its numbers finite."""
    if not _are(tuple(map(type, row)), kinds) or not math.isfinite(
        sum(value for value in row if type(value) is float)
    ):
        raise Damaged("a row holds what was never written there")


@lru_cache(maxsize=1024)
def _are(found: tuple[type, ...], kinds: tuple[tuple[type, ...], ...]) -> bool:
    return len(found) == len(kinds) and all(one in kind for one, kind in zip(found, kinds, strict=True))


@contextmanager
def told_as_damage() -> Iterator[None]:
    """Within, what no row can be made into is damage: a word that none of several is.

    Raises:
        Damaged: there is such a value.
    """
    try:
        yield
    except (ValueError, LookupError, TypeError) as error:
        raise Damaged(f"a row holds what was never written there: {error}") from None

"""Entries into the tables of the index, and out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from core.catalogue.entry import Entry
from core.catalogue.journal import Stat
from core.catalogue.schema import (
    PROBLEM_COLUMNS,
    assumed_rows,
    entry_of,
    places_of,
    problem_rows,
    row_of,
    to_sql,
)


class Details:
    """Problems of clips and what was assumed of them, in place of what was: kept until they are written, all
    at once. Nobody reads them from the index meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._of: dict[int, Entry] = {}

    def keep(self, clip: int, entry: Entry) -> None:
        """Those of a clip; what was kept of it before is of no use."""
        self._of[clip] = entry

    def write(self) -> None:
        """Enters all that is kept."""
        if not self._of:
            return
        clips = [(clip,) for clip in self._of]
        for table in ("problems", "assumed"):
            self._connection.executemany(f"DELETE FROM {table} WHERE clip = ?", clips)
        kept = self._of.items()
        problems = ((clip, *values, 0) for clip, entry in kept for values in problem_rows(entry))
        self._connection.executemany(_PROBLEM, problems)
        assumed = ((clip, *values) for clip, entry in kept for values in assumed_rows(entry))
        self._connection.executemany(_ASSUMED, assumed)
        self._of.clear()


def put(connection: sqlite3.Connection, entry: Entry) -> None:
    """Enters what is known of a clip in place of what was."""
    before = connection.execute("SELECT id FROM clips WHERE output = ?", (to_sql(entry.output),)).fetchone()
    details = Details(connection)
    enter(connection, None if before is None else before[0], entry, {}, details)
    details.write()


def enter(
    connection: sqlite3.Connection,
    clip: int | None,
    entry: Entry,
    more: Mapping[str, Any],
    details: Details,
) -> None:
    """As `put`, with ``more`` columns of the clip's row, and problems and what was assumed left to the
    ``details``; ``clip`` is its number, None for a new one."""
    # What was accepted is looked up once more, of the problems that there are now.
    row = {**row_of(entry), "session_size": None, "session_mtime": None, **more}
    if clip is None:
        clip = connection.execute(f"INSERT {_columns(tuple(row))}", tuple(row.values())).lastrowid
        assert clip is not None
    else:
        connection.execute(_updating(tuple(row)), (*row.values(), clip))
    details.keep(clip, entry)


def put_names(connection: sqlite3.Connection, clips: Iterable[tuple[Entry, Mapping[str, Any]]]) -> None:
    """Enters clips of which place and motion alone are known, and the index nothing yet; with more columns of
    their rows, the same ones of all."""
    pattern = {**row_of(Entry("")), "why": ""}
    rows = [{**pattern, **places_of(entry), **more} for entry, more in clips]
    if rows:
        # One may be named twice.
        insert = f"INSERT OR IGNORE {_columns(tuple(rows[0]))}"
        connection.executemany(insert, [tuple(row.values()) for row in rows])


@lru_cache(maxsize=16)
def _columns(names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INTO clips ({columns}) VALUES ({', '.join('?' * len(names))})"


@lru_cache(maxsize=16)
def _updating(names: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}" = ?' for name in names)
    return f"UPDATE clips SET {changes} WHERE id = ?"


_PROBLEM = (
    f"INSERT INTO problems ({', '.join(('clip', *PROBLEM_COLUMNS, 'accepted'))}) "
    f"VALUES ({', '.join('?' * (len(PROBLEM_COLUMNS) + 2))})"
)
_ASSUMED = "INSERT INTO assumed (clip, quantity, value, why, how) VALUES (?, ?, ?, ?, ?)"


def numbers(stat: Stat | None) -> tuple[int | None, int | None]:
    """How a file was, as columns hold it."""
    return (None, None) if stat is None else (stat.size, stat.mtime_ns)


def read_entry(connection: sqlite3.Connection, clip: int) -> Entry:
    """All that is known of a clip, by its number.

    Raises:
        KeyError: there is no such clip.
    """
    found = connection.execute("SELECT * FROM clips WHERE id = ?", (clip,))
    names = [column[0] for column in found.description]
    row = found.fetchone()
    if row is None:
        raise KeyError(clip)
    problems = connection.execute(
        f"SELECT {', '.join(PROBLEM_COLUMNS)} FROM problems WHERE clip = ? ORDER BY rowid", (clip,)
    )
    assumed = connection.execute(
        "SELECT quantity, value, why, how FROM assumed WHERE clip = ? ORDER BY rowid", (clip,)
    )
    return entry_of(dict(zip(names, row, strict=True)), problems.fetchall(), assumed.fetchall())

"""Entries into the tables of the index, and out of them."""

from __future__ import annotations

import sqlite3

from core.catalogue.entry import Entry
from core.catalogue.schema import PROBLEM_COLUMNS, assumed_rows, entry_of, problem_rows, row_of


def put(connection: sqlite3.Connection, entry: Entry) -> None:
    """Enters what is known of a clip in place of what was."""
    row = row_of(entry)
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("?" * len(row))
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in row if name != "output")
    connection.execute(
        f"INSERT INTO clips ({names}) VALUES ({places}) ON CONFLICT (output) DO UPDATE SET {changes}",
        tuple(row.values()),
    )
    (clip,) = connection.execute("SELECT id FROM clips WHERE output = ?", (row["output"],)).fetchone()
    for table in ("problems", "assumed"):
        connection.execute(f"DELETE FROM {table} WHERE clip = ?", (clip,))
    problems = [(clip, *values, 0) for values in problem_rows(entry)]
    places = ", ".join("?" * (len(PROBLEM_COLUMNS) + 2))
    columns = ", ".join(("clip", *PROBLEM_COLUMNS, "accepted"))
    connection.executemany(f"INSERT INTO problems ({columns}) VALUES ({places})", problems)
    connection.executemany(
        "INSERT INTO assumed (clip, quantity, value, why, how) VALUES (?, ?, ?, ?, ?)",
        [(clip, *values) for values in assumed_rows(entry)],
    )
    # What was accepted is looked up once more, of the problems that there are now.
    connection.execute("UPDATE clips SET session_size = NULL, session_mtime = NULL WHERE id = ?", (clip,))


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

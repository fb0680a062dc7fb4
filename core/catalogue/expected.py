"""Clips that are there to be fitted and that no run has named yet: listed beside the others by whoever knows
of them, in tables of his own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from core.catalogue.schema import to_sql
from core.catalogue.store import transaction

LISTED = "listed"
"""The clips of the index with those that are expected, which have negative numbers."""


def expect(connection: sqlite3.Connection, clips: Iterable[tuple[str, str]]) -> None:
    """Puts clips that wait in place of those that were expected before.

    Args:
        connection: to the index, whose file does not change.
        clips: places of their results, and their motion files.
    """
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS expected AS SELECT * FROM main.clips WHERE 0")
    connection.execute(
        f"CREATE TEMP VIEW IF NOT EXISTS {LISTED} AS SELECT * FROM main.clips UNION ALL "
        "SELECT * FROM expected WHERE output NOT IN (SELECT output FROM main.clips)"
    )
    rows = (_row(number, output, source) for number, (output, source) in enumerate(clips, 1))
    with transaction(connection, "DEFERRED"):
        connection.execute("DELETE FROM expected")
        connection.executemany(
            "INSERT INTO expected (id, output, source, name, folder, state, why) "
            "VALUES (?, ?, ?, ?, ?, 'waiting', '')",
            rows,
        )


def _row(number: int, output: str, source: str) -> tuple[int | str | bytes, ...]:
    folder, _, name = output.rpartition("/")
    return (-number, *map(to_sql, (output, source, name, folder)))

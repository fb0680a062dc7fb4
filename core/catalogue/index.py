"""Builds the index of a folder from its journals and results, and brings it up to date: what has not changed
is not read again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.batch.heartbeat import now_at
from core.catalogue.entry import Entry
from core.catalogue.facts import is_of_same_fit, of_result
from core.catalogue.journal import LEFT_OUT, Stat, journals
from core.catalogue.journals_read import Progress, take_journals
from core.catalogue.rows import numbers, put, put_names, read_entry
from core.catalogue.schema import of_sql, to_sql
from core.catalogue.still_going import is_going
from core.catalogue.store import transaction
from core.errors import FileError
from core.files.beside_results import is_beside_results
from core.files.motions.folder_walk import OUTPUT_ENDING
from core.model.fit_result import FitResult
from core.outputs.results import RESULT, is_result, load_result
from core.outputs.sessions import SUFFIX as SESSION
from core.outputs.sessions import load_session
from core.problems.accepted import Accepted, accepted_by
from core.session.session import SessionStep

AT_ONCE = 200
"""Results that are read in one transaction, so that what is read stays when somebody stops."""
SESSIONS_AT_ONCE = 20
"""Sessions, which take longer to read."""

_ENDINGS = (RESULT.suffix, SESSION)
OVER = "its run ended before it was done"
GONE = "its result is gone"


@dataclass
class Refreshed:
    """What bringing the index up to date has found.

    Attributes:
        read: results that were read.
        told: sentences on what could not be read.
    """

    read: int = 0
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _There:
    """What lies below the folder: places and how the files are; and the folders that cannot be looked into,
    with what is told of each."""

    results: dict[str, Stat]
    sessions: dict[str, Stat]
    hidden: dict[str, str]

    def is_hidden(self, place: str) -> bool:
        """Nobody knows whether there is such a file."""
        return any(place.startswith(f"{folder}/") for folder in self.hidden)


def refresh(folder: Path, connection: sqlite3.Connection, progress: Progress | None = None) -> Refreshed:
    """Brings the index up to date.

    Args:
        folder: of the results.
        connection: to the index.
        progress: told the clips that are read and how many there are to read, as far as that is known; what
            it raises ends it, and what is read so far stays.

    Raises:
        FileError: the folder cannot be looked into.
        sqlite3.Error: the index cannot be written.
    """
    found = Refreshed()
    is_new = connection.execute("SELECT 1 FROM clips").fetchone() is None
    runs: list[Path] = []
    try:
        runs = journals(folder)
    except FileError as error:
        found.told.append(f"{error}; what runs have told is left out.")
    found.told += take_journals(runs, connection, progress)
    there = _look(folder)
    if is_new:
        _name(there, connection, progress)
    found.told += there.hidden.values()
    _Results(folder, connection, there, found).bring_in(progress)
    with transaction(connection):
        _settle(folder, connection, runs)
    return found


def _name(there: _There, connection: sqlite3.Connection, progress: Progress | None) -> None:
    """Enters what is named as a result and no journal tells of, so that all of it is listed before any of it
    is read: of few that would not be seen."""
    known = {of_sql(row[0]) for row in connection.execute("SELECT output FROM clips")}
    endings = tuple(OUTPUT_ENDING.values())
    new = [name for name in there.results if name not in known and name.endswith(endings)]
    if len(new) <= AT_ONCE:
        return
    with transaction(connection):
        put_names(connection, ((Entry(name), {"state": "done"}) for name in new))
    if progress is not None:
        progress(0, len(new))


def _look(folder: Path) -> _There:
    results: dict[str, Stat] = {}
    sessions: dict[str, Stat] = {}
    hidden: dict[str, str] = {}
    waiting = [(os.fspath(folder), "")]
    while waiting:
        path, place = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if is_beside_results(entry.name):
                        continue
                    below = f"{place}/{entry.name}" if place else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, below))
                    elif entry.name.endswith((RESULT.suffix, SESSION)) and not entry.name.startswith(
                        ".refit-"
                    ):
                        with suppress(OSError):
                            there = entry.stat()
                            group = results if entry.name.endswith(RESULT.suffix) else sessions
                            group[below] = Stat(there.st_size, there.st_mtime_ns)
        except OSError as error:
            if place and isinstance(error, FileNotFoundError):
                continue  # gone meanwhile
            if not place:
                problem = (
                    "there is no such folder" if isinstance(error, FileNotFoundError) else str(error.strerror)
                )
                raise FileError(folder, problem) from None
            words = FileError(path, f"cannot be looked into: {error.strerror}")
            hidden[place] = f"{words}; what is known of clips in it stays."
    return _There(results, sessions, hidden)


class _Results:
    """The results below a folder, as far as the index does not know them yet."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, there: _There, found: Refreshed) -> None:
        self._folder, self._connection, self._there, self._found = folder, connection, there, found

    def bring_in(self, progress: Progress | None) -> None:
        """Reads those that are new or have changed, and notes which are gone."""
        known = self._known()
        to_read = []
        with transaction(self._connection):
            for output, stat in self._there.results.items():
                if known.get(output) != stat:
                    to_read.append(output)
            self._note_stats()
        for start in range(0, len(to_read), AT_ONCE):
            with transaction(self._connection):
                for count, output in enumerate(to_read[start : start + AT_ONCE], start):
                    if progress is not None:
                        progress(count, len(to_read))
                    self._read(output, self._there.results[output])
        self._look_at_sessions(progress)

    def _known(self) -> dict[str, Stat]:
        """What the index knows of results and of what is none."""
        rows = self._connection.execute(
            "SELECT output, facts_size, facts_mtime FROM clips WHERE facts_size IS NOT NULL "
            "UNION ALL SELECT path, size, mtime FROM others"
        )
        return {of_sql(output): Stat(size, mtime) for output, size, mtime in rows}

    def _note_stats(self) -> None:
        there = self._there.results
        rows = self._connection.execute("SELECT id, output, result_size, result_mtime FROM clips").fetchall()
        changed = [
            (*numbers(there.get(place)), clip)
            for clip, output, *before in rows
            if tuple(before) != numbers(there.get(place := of_sql(output)))
            and not self._there.is_hidden(place)
        ]
        self._connection.executemany(
            "UPDATE clips SET result_size = ?, result_mtime = ? WHERE id = ?", changed
        )
        others = self._connection.execute("SELECT path FROM others").fetchall()
        gone = [(path,) for (path,) in others if of_sql(path) not in there]
        self._connection.executemany("DELETE FROM others WHERE path = ?", gone)
        if self._there.hidden:
            believed = [(clip,) for clip, output, *_ in rows if self._there.is_hidden(of_sql(output))]
            self._connection.executemany(
                "UPDATE clips SET result_size = told_size, result_mtime = told_mtime "
                "WHERE id = ? AND result_size IS NULL AND told = 'done'",
                believed,
            )

    def _read(self, output: str, stat: Stat) -> None:
        path, place = self._folder / output, to_sql(output)
        entry, unreadable = None, ""
        try:
            if is_result(path) or self._is_meant(output):
                entry = of_result(output, load_result(path))
        except FileError as error:
            if self._is_meant(output):
                entry, unreadable = Entry(output), str(error)
        if entry is None:
            self._connection.execute(
                "INSERT OR REPLACE INTO others (path, size, mtime) VALUES (?, ?, ?)",
                (place, *numbers(stat)),
            )
            return
        self._found.read += 1
        put(self._connection, entry)
        # What it is now is settled once all is read, and listed meanwhile.
        state = "failed" if unreadable or entry.failure else "done"
        self._connection.execute(
            "UPDATE clips SET facts_size = ?, facts_mtime = ?, result_size = ?, result_mtime = ?, "
            "unreadable = ?, state = coalesce(state, ?), why = coalesce(why, '') WHERE output = ?",
            (*numbers(stat), *numbers(stat), unreadable, state, place),
        )

    def _is_meant(self, output: str) -> bool:
        """It has the name of a result, or was told to be one."""
        if output.endswith(tuple(OUTPUT_ENDING.values())):
            return True
        row = self._connection.execute("SELECT 1 FROM clips WHERE output = ?", (to_sql(output),)).fetchone()
        return row is not None

    def _look_at_sessions(self, progress: Progress | None) -> None:
        rows = self._connection.execute(
            "SELECT id, output, session_size, session_mtime FROM clips"
        ).fetchall()
        changed = [
            (clip, of_sql(output), before[0] is not None)
            for clip, output, *before in rows
            if tuple(before) != numbers(self._there.sessions.get(_session_of(of_sql(output))))
            and not self._there.is_hidden(of_sql(output))
        ]
        for start in range(0, len(changed), SESSIONS_AT_ONCE):
            with transaction(self._connection):
                for count, one in enumerate(changed[start : start + SESSIONS_AT_ONCE], start):
                    if progress is not None:
                        progress(count, len(changed))
                    self._look_at_session(*one)

    def _look_at_session(self, clip: int, output: str, was_session: bool) -> None:
        place = _session_of(output)
        stat, now = self._there.sessions.get(place), SessionStep()
        if stat is not None:
            try:
                now = load_session(self._folder / place).now
            except FileError as error:
                self._found.told.append(f"{error}; what is accepted in it is left out.")
        if output in self._there.results:
            self._show(clip, output, now.result, was_session=was_session)
        self._accept(clip, now.accepted)
        self._connection.execute(
            "UPDATE clips SET session_size = ?, session_mtime = ? WHERE id = ?", (*numbers(stat), clip)
        )

    def _show(self, clip: int, output: str, fit: FitResult | None, *, was_session: bool) -> None:
        """What is known of a clip is of the fit that opens: that of its session, or else of its result."""
        if fit is None and was_session:
            with suppress(FileError):  # which is told where the result itself is read
                fit = load_result(self._folder / output)
        if fit is None:
            return
        known, of_fit = read_entry(self._connection, clip), of_result(output, fit)
        if not is_of_same_fit(known, of_fit):
            put(self._connection, replace(of_fit, subject=known.subject))

    def _accept(self, clip: int, accepted: tuple[Accepted, ...]) -> None:
        notes = "\n".join(dict.fromkeys(one.note for one in accepted if one.note))
        self._connection.execute(
            "UPDATE clips SET accepted = ?, accepted_notes = ? WHERE id = ?",
            (len(accepted), notes.encode("utf-8", "replace").decode(), clip),
        )
        if not accepted:
            self._connection.execute("UPDATE problems SET accepted = 0 WHERE clip = ?", (clip,))
            return
        entry = read_entry(self._connection, clip)
        ids = self._connection.execute("SELECT rowid FROM problems WHERE clip = ? ORDER BY rowid", (clip,))
        marks = [
            (int(accepted_by(problem, accepted) is not None), number)
            for (number,), problem in zip(ids.fetchall(), entry.problems, strict=True)
        ]
        self._connection.executemany("UPDATE problems SET accepted = ? WHERE rowid = ?", marks)


def _session_of(output: str) -> str:
    """The place of the session beside a result."""
    return output.removesuffix(RESULT.suffix) + SESSION


def _settle(folder: Path, connection: sqlite3.Connection, runs: Sequence[Path]) -> None:
    """Says of every clip what it is now."""
    connection.execute("DELETE FROM clips WHERE result_size IS NULL AND coalesce(told, '') = ''")
    gone = "SELECT id FROM clips WHERE result_size IS NULL AND facts_size IS NOT NULL"
    for (clip,) in connection.execute(gone).fetchall():
        was = read_entry(connection, clip)
        put(connection, Entry(was.output, was.source, was.sha256, family=was.family, assumed=was.assumed))
        forget = "UPDATE clips SET facts_size = NULL, facts_mtime = NULL, took = NULL WHERE id = ?"
        connection.execute(forget, (clip,))
    connection.execute(
        # By its name alone a source may be another one.
        "DELETE FROM clips WHERE output LIKE ? AND result_size IS NULL AND instr(source, ?) > 0 AND "
        "(source, person) IN (SELECT source, person FROM clips WHERE result_size IS NOT NULL)",
        (f"%{LEFT_OUT}", os.sep),
    )
    for table in ("problems", "assumed"):
        connection.execute(f"DELETE FROM {table} WHERE clip NOT IN (SELECT id FROM clips)")
    going = _going(folder, connection, runs)
    places = ", ".join("?" * len(going))
    same = "result_size IS told_size AND result_mtime IS told_mtime"
    state = f"""CASE
        WHEN told = 'running' AND told_run IN ({places}) AND {same} THEN 'running'
        WHEN result_size IS NULL AND told = 'failed' AND {same} THEN 'failed'
        WHEN result_size IS NULL THEN 'waiting'
        WHEN coalesce(unreadable, '') != '' OR failure != '' THEN 'failed'
        ELSE 'done' END"""
    why = f"""CASE
        WHEN told = 'running' AND told_run IN ({places}) AND {same} THEN ''
        WHEN result_size IS NULL AND told = 'failed' AND {same} THEN told_why
        WHEN result_size IS NULL AND told = 'running' THEN '{OVER}'
        WHEN result_size IS NULL AND told != 'waiting' THEN '{GONE}'
        WHEN result_size IS NULL THEN ''
        WHEN coalesce(unreadable, '') != '' THEN unreadable
        WHEN failure = '' AND told = 'failed' AND {same} THEN told_why
        ELSE failure END"""
    connection.execute(
        f"UPDATE clips SET state = {state}, why = {why} WHERE state IS NOT ({state}) OR why IS NOT ({why})",
        going * 4,
    )


def _going(folder: Path, connection: sqlite3.Connection, runs: Sequence[Path]) -> list[Any]:
    """The runs that go on, of those whose journals there are."""
    open_ = connection.execute("SELECT name, host, pid FROM runs WHERE ended IS NULL").fetchall()
    if not open_:
        return []
    touched = {to_sql(path.name): Stat.of(path) for path in runs}
    now = now_at(folder)
    return [
        name
        for name, host, pid in open_
        if (stat := touched.get(name)) is not None and is_going(host, pid, stat.mtime_ns / 1e9, now)
    ]

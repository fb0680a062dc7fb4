"""Enters into the index what journals tell, a stretch of lines after the other: what is taken stays when
somebody stops, and whoever lists clips sees more and more of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from core.catalogue.entry import Entry
from core.catalogue.journal import FORMAT, Began, Ended, Event, Line, Stat, Unread, read_on
from core.catalogue.rows import Details, enter, numbers, put_names
from core.catalogue.schema import to_sql
from core.catalogue.store import transaction
from core.errors import FileError
from core.files.containers.opening import check_regular

LINES_AT_ONCE = 1000
"""Lines of a journal that are taken in one transaction."""

Progress = Callable[[int, int], None]


def take_journals(
    paths: Sequence[Path], connection: sqlite3.Connection, progress: Progress | None
) -> list[str]:
    """Takes what is new in the journals of all runs.

    Args:
        paths: of the journals, in the order in which they began.
        connection: to the index.
        progress: told the clips that are taken and how many are named, where there is more than one stretch
            of lines; what it raises ends it.

    Returns:
        Sentences on what could not be read.

    Raises:
        sqlite3.Error: the index cannot be written.
    """
    told: list[str] = []
    taken = 0
    for path in paths:
        stretch = _Stretch(path, connection)
        while stretch.more:
            if taken and progress is not None:
                (named,) = connection.execute("SELECT count(*) FROM clips").fetchone()
                progress(min(taken, named), named)
            with transaction(connection):
                stretch.take()
            taken += stretch.ended
        told += stretch.told
    return told


class _Stretch:
    """A journal, stretch by stretch.

    Attributes:
        more: there is something left to read.
        ended: clips that have ended, by the stretch that was taken last.
        told: sentences for people.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection
        self._name = to_sql(path.name)
        self._details = Details(connection)
        self.more, self.ended = True, 0
        self.told: list[str] = []
        self._lost = 0

    def take(self) -> None:
        """Takes the next lines, from where whoever was last has ended."""
        row = self._connection.execute(
            "SELECT place, unread FROM runs WHERE name = ?", (self._name,)
        ).fetchone()
        place, unread = row or (0, 0)
        self.ended, self.more = 0, False
        stat = self._there()
        if stat is None or stat.size == place:
            self._tell_lost()
            return
        if stat.size < place:
            place = 0  # it is another file by now
        if row is None:
            new = "INSERT INTO runs (name, place, host, pid, unread) VALUES (?, 0, '', 0, 0)"
            self._connection.execute(new, (self._name,))
        before = unread
        try:
            for count, (offset, lines) in enumerate(read_on(self._path, place), 1):
                unread += self._take(lines)
                place = offset
                if count == LINES_AT_ONCE:
                    self.more = True
                    break
        except FileError as error:
            self._leave_out(error)
        self._details.write()
        self._lost += unread - before
        if not self.more:
            self._tell_lost()
        self._connection.execute(
            "UPDATE runs SET place = ?, unread = ? WHERE name = ?", (place, unread, self._name)
        )

    def _there(self) -> Stat | None:
        """How the file is; None where there is nothing to read, which is told unless it is gone by now."""
        try:
            status = self._path.stat()
            check_regular(self._path, status)
            return Stat(status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            if self._path.is_symlink():
                self._leave_out(FileError(self._path, "is a link that leads nowhere"))
        except OSError as error:
            self._leave_out(FileError(self._path, f"cannot be read: {error.strerror}"))
        except FileError as error:
            self._leave_out(error)
        return None

    def _leave_out(self, error: FileError) -> None:
        self.told.append(f"{error}; what it says is left out.")

    def _tell_lost(self) -> None:
        if self._lost:
            lost, is_one = self._lost, self._lost == 1
            words = "1 line makes no sense, and is" if is_one else f"{lost:,} lines make no sense, and are"
            self.told.append(f"{self._path}: {words} left out.")

    def _take(self, lines: Sequence[Line]) -> int:
        """What a line tells; how much of it makes no sense.

        Raises:
            FileError: a later version wrote it, whose lines may mean something else.
        """
        unread = 0
        waiting: list[Event] = []
        for line in lines:
            match line:
                case Event(state="waiting"):
                    waiting.append(line)
                case Event():
                    self.ended += line.state in ("done", "failed")
                    _take_event(self._connection, self._name, line, self._details)
                case Began(format=version) if version > FORMAT:
                    raise FileError(self._path, f"is of format {version}, expected at most {FORMAT}")
                case Began():
                    whose = (line.host, line.pid, line.at, self._name)
                    self._connection.execute(
                        "UPDATE runs SET host = ?, pid = ?, began = ? WHERE name = ?", whose
                    )
                case Ended():
                    self._connection.execute(
                        "UPDATE runs SET ended = ? WHERE name = ?", (line.at, self._name)
                    )
                case Unread():
                    unread += 1
        if waiting:
            _take_waiting(self._connection, self._name, waiting, self._details)
        return unread


def _take_waiting(
    connection: sqlite3.Connection, run: str | bytes, events: Sequence[Event], details: Details
) -> None:
    """Clips that are to be fitted: most of them nothing is known of yet."""
    new = []
    for event in events:
        output = to_sql(event.output)
        row = connection.execute(
            "SELECT id, told, facts_size, source FROM clips WHERE output = ?", (output,)
        ).fetchone()
        entry = event.entry or Entry(event.output)
        if row is None:
            told = {"told": "waiting", "told_at": event.at, "told_run": run, "told_why": ""}
            new.append((entry, {**told, "state": "waiting"}))
        elif row[1] is None and row[2] is None and not row[3]:
            connection.execute(
                "UPDATE clips SET source = ?, told = 'waiting', told_at = ?, told_run = ?, told_why = '' "
                "WHERE id = ?",
                (to_sql(entry.source), event.at, run, row[0]),
            )
        else:
            _take_event(connection, run, event, details)
    put_names(connection, new)


def _take_event(connection: sqlite3.Connection, run: str | bytes, event: Event, details: Details) -> None:
    output = to_sql(event.output)
    known = connection.execute(
        "SELECT id, told, told_at, facts_size FROM clips WHERE output = ?", (output,)
    ).fetchone()
    if known is not None and known[1]:
        if (known[2] or 0) > event.at:
            return
        if event.state == "waiting" and known[1] != "waiting":
            return  # to be looked at again, which changes nothing yet
    size, mtime = numbers(event.stat)
    # What it is now is settled once all is read.
    told = {
        "told": event.state, "told_at": event.at, "told_run": run, "told_why": event.why, "told_size": size,
        "told_mtime": mtime, "state": event.state, "why": event.why,
    }  # fmt: skip
    if event.took is not None:
        told["took"] = event.took
    entry = event.entry
    if entry is not None and (entry.fitted is not None or known is None or known[3] is None):
        if entry.fitted is not None and event.stat is not None:
            told |= {"facts_size": size, "facts_mtime": mtime, "unreadable": ""}
    else:
        entry = Entry(event.output) if known is None else None
    if entry is not None:
        enter(connection, None if known is None else known[0], entry, told, details)
        return
    changes = ", ".join(f"{name} = ?" for name in told)
    connection.execute(f"UPDATE clips SET {changes} WHERE id = ?", (*told.values(), known[0]))

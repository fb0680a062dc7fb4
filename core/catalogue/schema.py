"""The tables of the index, and how an `Entry` stands in them."""

from __future__ import annotations

import os
from dataclasses import fields
from operator import attrgetter
from types import NoneType
from typing import Any

from core.catalogue.damage import NAME, NUMBER, TEXT, WHOLE, Damaged, check, told_as_damage
from core.catalogue.entry import Entry
from core.files.assumption import Assumption
from core.model.joints import PARTS
from core.problems.detect import Problem
from core.problems.rules import ProblemKind

VERSION = 2
"""Grows when the tables change; an index of an earlier version is built anew."""

APPLICATION = 0x52454649

_ROWS = ("problems", "verdicts", "assumed")
_JOINED = ("unused", "notes")
_SQL_TYPE = {
    "str": "TEXT",
    "int | None": "INTEGER",
    "float | None": "REAL",
    "bool": "INTEGER",
    "bytes": "BLOB",
}
_KIND = {"TEXT": TEXT, "INTEGER": WHOLE, "REAL": NUMBER, "BLOB": (bytes, NoneType)}


def _columns() -> dict[str, str]:
    """Name and type of the columns that hold an `Entry`."""
    found: dict[str, str] = {}
    for item in fields(Entry):
        if item.name == "parts":
            found |= dict.fromkeys(PARTS, "REAL")
        elif item.name in _JOINED:
            found[item.name] = "TEXT"
        elif item.name not in _ROWS:
            found[item.name] = _SQL_TYPE[str(item.type)]
    return found


ENTRY_COLUMNS = _columns()
_PLAIN = tuple(name for name in ENTRY_COLUMNS if name not in (*PARTS, *_JOINED, "output", "source"))
_plain_of = attrgetter(*_PLAIN)

_MORE_COLUMNS = (
    "name TEXT, folder TEXT, took REAL, kinds TEXT, accepted INTEGER, accepted_notes TEXT"
    ", state TEXT, why TEXT, unreadable TEXT"
    ", told TEXT, told_at REAL, told_run TEXT, told_why TEXT, told_size INTEGER, told_mtime INTEGER"
    ", facts_size INTEGER, facts_mtime INTEGER, result_size INTEGER, result_mtime INTEGER"
    ", session_size INTEGER, session_mtime INTEGER"
)
_TYPES = {"id": "INTEGER", **ENTRY_COLUMNS, **dict(one.split() for one in _MORE_COLUMNS.split(", "))}

TABLES = (
    # told: by journals; facts: the result that the entry is of; result, session: as they are on the disk now.
    "CREATE TABLE clips (id INTEGER PRIMARY KEY, "
    + ", ".join(f'"{name}" {kind}' for name, kind in ENTRY_COLUMNS.items())
    + f", {_MORE_COLUMNS}, UNIQUE (output))",
    "CREATE TABLE problems (clip INTEGER, kind TEXT, metric TEXT, part TEXT, first INTEGER, last INTEGER, "
    "frame INTEGER, value REAL, usual REAL, threshold REAL, unit TEXT, reason TEXT, verdict TEXT, "
    "accepted INTEGER)",
    "CREATE INDEX problems_of_clip ON problems (clip)",
    "CREATE TABLE assumed (clip INTEGER, quantity TEXT, value TEXT, why TEXT, how TEXT)",
    "CREATE INDEX assumed_of_clip ON assumed (clip)",
    "CREATE TABLE runs (name TEXT PRIMARY KEY, place INTEGER, host TEXT, pid INTEGER, began REAL, "
    "ended REAL, unread INTEGER)",
    "CREATE TABLE others (path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER)",
)

PROBLEM_COLUMNS = (
    "kind", "metric", "part", "first", "last", "frame", "value", "usual", "threshold", "unit", "reason",
    "verdict",
)  # fmt: skip
_PROBLEM_KINDS = (*((str,),) * 3, *((int,),) * 3, *(NUMBER,) * 3, *((str,),) * 3)
_ASSUMED_KINDS = ((str,),) * 4


def to_sql(name: str) -> str | bytes:
    """A place or path as a table holds it: as bytes where it is no Unicode."""
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name) if os.name != "nt" else name.encode("utf-8", "surrogatepass")
    return name


def of_sql(value: str | bytes | None) -> str:
    """A place or path from a table.

    Raises:
        Damaged: it is a number.
    """
    if not isinstance(value, str | bytes | None):
        raise Damaged("a place is a number")
    if isinstance(value, bytes):
        return os.fsdecode(value) if os.name != "nt" else value.decode("utf-8", "surrogatepass")
    return value or ""


def row_of(entry: Entry) -> dict[str, Any]:
    """The columns of an entry in the table of clips."""
    row = dict(zip(_PLAIN, _plain_of(entry), strict=True))
    for name, value in row.items():
        if type(value) is str and not value.isascii():
            row[name] = value.encode("utf-8", "replace").decode()
    row.update(zip(PARTS, entry.parts, strict=True))
    for name in _JOINED:
        row[name] = "\n".join(getattr(entry, name))
    row["kinds"] = ", ".join(entry.kinds)
    return row | places_of(entry)


def places_of(entry: Entry) -> dict[str, Any]:
    """Those of the columns that tell where a clip lies."""
    folder, _, name = entry.output.rpartition("/")
    texts = {"output": entry.output, "source": entry.source, "name": name, "folder": folder}
    return {column: to_sql(text) for column, text in texts.items()}


def problem_rows(entry: Entry) -> list[tuple[Any, ...]]:
    """Rows of the table of problems, without clip and whether they are accepted."""
    said = entry.verdicts if len(entry.verdicts) == len(entry.problems) else ("",) * len(entry.problems)
    return [
        (problem.kind.value, *(getattr(problem, name) for name in PROBLEM_COLUMNS[1:-1]), verdict)
        for problem, verdict in zip(entry.problems, said, strict=True)
    ]


def assumed_rows(entry: Entry) -> list[tuple[str, ...]]:
    """Rows of the table of what was assumed, without clip."""
    return [(one.quantity, one.value, one.why, one.how) for one in entry.assumed]


def entry_of(row: dict[str, Any], problems: list[tuple[Any, ...]], assumed: list[tuple[str, ...]]) -> Entry:
    """An entry from its rows, as `row_of`, `problem_rows` and `assumed_rows` give them.

    Raises:
        Damaged: none of them can have given these.
    """
    check([row[name] for name in ENTRY_COLUMNS], tuple(map(kind_of, ENTRY_COLUMNS)))
    for found, kinds in ((problems, _PROBLEM_KINDS), (assumed, _ASSUMED_KINDS)):
        for one in found:
            check(one, kinds)
    with told_as_damage():
        return _entry_of(row, problems, assumed)


def kind_of(column: str) -> tuple[type, ...]:
    """Types of what a column of the table of clips holds."""
    return NAME if column in ("output", "source", "folder") else _KIND[_TYPES[column]]


def _entry_of(row: dict[str, Any], problems: list[tuple[Any, ...]], assumed: list[tuple[str, ...]]) -> Entry:
    values: dict[str, Any] = {}
    for item in fields(Entry):
        if item.name == "parts":
            values["parts"] = tuple(row[part] for part in PARTS)
        elif item.name in _JOINED:
            values[item.name] = tuple((row[item.name] or "").splitlines())
        elif item.name in ("output", "source"):
            values[item.name] = of_sql(row[item.name])
        elif item.name == "measured":
            values["measured"] = bool(row["measured"])
        elif item.name not in _ROWS:
            values[item.name] = row[item.name]
    found = [Problem(ProblemKind(kind), *map(_number, rest)) for kind, *rest, _ in problems]
    return Entry(
        **values,
        problems=tuple(found),
        verdicts=tuple(row[-1] for row in problems),
        assumed=tuple(Assumption(*one) for one in assumed),
    )


def _number(value: Any) -> Any:
    return float("nan") if value is None else value

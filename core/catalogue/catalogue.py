"""All clips of a folder of results: listed, chosen and sorted without reading a result."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.catalogue.damage import ERRORS, NUMBER, WHOLE, Damaged, check
from core.catalogue.entry import Entry
from core.catalogue.expected import LISTED, expect
from core.catalogue.filters import FIELDS, condition, folded, order
from core.catalogue.index import Refreshed, refresh
from core.catalogue.journal import STATES, State
from core.catalogue.journals_read import Progress
from core.catalogue.rows import read_entry
from core.catalogue.schema import kind_of, of_sql, to_sql
from core.catalogue.store import Store
from core.errors import FileError, RefitError
from core.files.assumption import FILE, FIT, HOW_WORDS, USER
from core.model.joints import PARTS
from core.outputs.results import RESULT
from core.outputs.sessions import SUFFIX as SESSION

WORST_FIRST = ("max",)


@dataclass(frozen=True)
class Clip:
    """One clip as a list shows it; `Catalogue.entry` has all of it. None and '' for what is not known.

    The figures are of the fit that its session shows, where one lies beside the result, or else of that.

    Attributes:
        id: its number in this catalogue; another one once that is built anew, negative where it is expected.
        output: the result's place below the folder.
        source: the motion file.
        state: what has become of it.
        why: it failed, or waits again.
        family: of the motion.
        gender: of the bodies.
        subject: whose shape it holds, or else the folder of the result.
        person: who of several people in the file.
        recipe: name of the recipe.
        frames: how many.
        rate: frames a second.
        seconds: that the fit took.
        mean: mm, as in `Entry`.
        p95: mm.
        max: mm.
        worst: frame to open it at.
        parts: mean mm of each of `core.model.joints.PARTS`.
        curve: as in `Entry`.
        curve_top: mm.
        jitter: mm/frame².
        skate: mm/frame.
        sinks: mm.
        problem_frames: how many frames stand out.
        kinds: of problems, most telling first, with commas between.
        accepted: how many problems somebody has accepted.
        notes: what was said of those, a line each.
        session: there is a session beside the result.
    """

    id: int
    output: str
    source: str
    state: State
    why: str
    family: str
    gender: str
    subject: str
    person: str
    recipe: str
    frames: int | None
    rate: float | None
    seconds: float | None
    mean: float | None
    p95: float | None
    max: float | None
    worst: int | None
    parts: tuple[float | None, ...]
    curve: bytes
    curve_top: float | None
    jitter: float | None
    skate: float | None
    sinks: float | None
    problem_frames: int | None
    kinds: str
    accepted: int
    notes: str
    session: bool

    @property
    def name(self) -> str:
        """File name of the result."""
        return self.output.rpartition("/")[2]

    @property
    def opens(self) -> str:
        """Place of the file that its figures are of: the session beside the result, or else that."""
        return self.output.removesuffix(RESULT.suffix) + SESSION if self.session else self.output


@dataclass(frozen=True)
class Assumed:
    """What was taken of files without having been said, and of how many."""

    quantity: str
    value: str
    how: str
    clips: int


@dataclass(frozen=True)
class Group:
    """Clips that have something in common; mm are means over their clips."""

    name: str
    clips: int
    done: int
    failed: int
    mean: float | None
    max: float | None


class Catalogue:
    """The clips of a folder of results. To be used by the thread that opened it; any number may be open, in
    one process or several.

    What is listed is what `refresh` found the last time, by whomever::

        with Catalogue(folder) as catalogue:
            catalogue.refresh()
            ids = catalogue.ids(["state=done", "mean>5"], sort=["max"])
            first = catalogue.clips(ids[:100])

    A list of any length needs 8 bytes a clip for ``ids``, and `clips` for those that are to be seen.

    Args:
        folder: of the results.
        rebuild: what is there of an index is thrown away; `refresh` builds it anew.
        kept: False where nothing is to be written into the folder: the index lives as long as this object.

    Attributes:
        folder: of the results.
        told: a sentence where the index cannot lie beside them; ''.

    Raises:
        core.catalogue.store.Unreadable: there is an index that cannot be read.
        FileError: the folder is none, or another process holds the index.
    """

    def __init__(self, folder: str | Path, *, rebuild: bool = False, kept: bool = True) -> None:
        self.folder = Path(folder)
        if not os.path.isdir(self.folder):
            raise FileError(self.folder, "is no folder of results")
        self._store = Store(self.folder, rebuild=rebuild, kept=kept)
        self._clips = "clips"
        self.told = self._store.told
        self._connection = self._store.connection
        self._connection.create_function("fold", 1, folded, deterministic=True)

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the index."""
        self._store.close()

    def refresh(self, progress: Progress | None = None) -> Refreshed:
        """Brings the index up to date with journals, results and sessions; reads what is new alone.

        Args:
            progress: told the results that are read and how many there are to read; what it raises ends it,
                and what is read so far stays.

        Raises:
            FileError: the folder cannot be looked into, or the index cannot be written.
        """
        with self._telling():
            return refresh(self.folder, self._connection, progress)

    def expect(self, clips: Iterable[tuple[str, str]]) -> None:
        """Lists clips as waiting that no run has named yet, in place of those that were expected before.

        They are known to this object alone. `entry` knows nothing of them, and once there is a result of one
        that has been found by `refresh`, that is listed instead.

        Args:
            clips: places of their results below the folder, and their motion files.
        """
        with self._telling():
            expect(self._connection, clips)
        self._clips = LISTED

    def ids(self, filters: Sequence[str] = (), sort: Sequence[str] = WORST_FIRST) -> list[int]:
        """Numbers of clips, in order.

        Args:
            filters: as `core.catalogue.filters.condition` has them; a clip must pass all.
            sort: as `core.catalogue.filters.order` has it; by default the worst vertex.

        Raises:
            RefitError: a filter or a field makes no sense.
        """
        wanted = condition(filters)
        sql = f"SELECT id FROM {self._clips} WHERE {wanted.sql} ORDER BY {order(sort)}"
        return [row[0] for row in self._all(sql, wanted.values)]

    def clips(self, ids: Sequence[int]) -> list[Clip]:
        """Clips by their numbers, in this order; those that are gone are left out."""
        sql = f"SELECT {_COLUMNS} FROM {self._clips} WHERE id IN ({_IDS})"
        with self._telling():
            found = {row[0]: _clip(row) for row in self._of(ids, sql)}
        return [found[one] for one in ids if one in found]

    def entry(self, clip: int) -> Entry:
        """All that is known of a clip: problems, what was assumed, checksums, notes.

        Raises:
            KeyError: there is none of this number.
        """
        with self._telling():
            return read_entry(self._connection, clip)

    def at(self, output: str) -> int | None:
        """Number of the clip with this place below the folder; None where there is none."""
        rows = self._all(f"SELECT id FROM {self._clips} WHERE output = ?", (to_sql(output),))
        return rows[0][0] if rows else None

    def states(self, filters: Sequence[str] = ()) -> dict[State, int]:
        """How many clips are in each state."""
        wanted = condition(filters)
        sql = f"SELECT state, count(*) FROM {self._clips} WHERE {wanted.sql} GROUP BY state"
        counts = dict(self._all(sql, wanted.values))
        return {state: counts.get(state, 0) for state in STATES}

    def groups(self, by: str = "subject", filters: Sequence[str] = ()) -> list[Group]:
        """Clips by what they have in common: any text of `core.catalogue.filters.FIELDS`, by name.

        Raises:
            RefitError: there is no such text.
        """
        field = FIELDS.get(by)
        if field is None or field.kind != "text":
            raise RefitError(f"Clips cannot be grouped by '{by}'.")
        wanted = condition(filters)
        sql = (
            f"SELECT coalesce({field.sql}, '') AS of_group, count(*), sum(state = 'done'), "
            f"sum(state = 'failed'), avg(mean), max(max) FROM {self._clips} "
            f"WHERE {wanted.sql} "
            "GROUP BY of_group ORDER BY fold(of_group)"
        )
        rows = self._all(sql, wanted.values)
        with self._telling():
            for row in rows:
                check(row[1:], (*(WHOLE,) * 3, *(NUMBER,) * 2))
            return [Group(of_sql(name), *rest) for name, *rest in rows]

    def assumed(self, filters: Sequence[str] = ()) -> list[Assumed]:
        """What was taken without having been said, by quantity, the most frequent first."""
        wanted = condition(filters)
        sql = (
            "SELECT quantity, value, how, count(DISTINCT clip) FROM assumed WHERE how NOT IN (?, ?, ?) "
            f"AND clip IN (SELECT id FROM clips WHERE {wanted.sql}) "
            "GROUP BY quantity, value, how ORDER BY quantity, 4 DESC, value"
        )
        rows = self._all(sql, (FILE, USER, FIT, *wanted.values))
        self._check_assumed([row[:-1] for row in rows])
        return [Assumed(*row) for row in rows]

    def assumed_of(self, ids: Sequence[int]) -> dict[int, list[tuple[str, str, str]]]:
        """Of clips what was taken without having been said: quantity, value, how."""
        found: dict[int, list[tuple[str, str, str]]] = {one: [] for one in ids}
        sql = (
            "SELECT clip, quantity, value, how FROM assumed WHERE how NOT IN (?, ?, ?) "
            f"AND clip IN ({_IDS}) ORDER BY rowid"
        )
        rows = list(self._of(ids, sql, (FILE, USER, FIT)))
        self._check_assumed([row[1:] for row in rows])
        for clip, *rest in rows:
            found[clip].append((rest[0], rest[1], rest[2]))
        return found

    def _check_assumed(self, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._telling():
            for row in rows:
                check(row, ((str,),) * 3)
                if row[2] not in HOW_WORDS:
                    raise Damaged(f"nothing is known by {row[2]!r}")

    def stretches_of(self, ids: Sequence[int], most: int) -> dict[int, list[tuple[int, int, int, str, str]]]:
        """Of clips the first problems that nobody has accepted, at most ``most`` of each: first frame, last,
        worst, reason and verdict."""
        found: dict[int, list[tuple[int, int, int, str, str]]] = {one: [] for one in ids}
        sql = (
            "SELECT clip, first, last, frame, reason, verdict FROM problems WHERE NOT accepted "
            f"AND clip IN ({_IDS}) ORDER BY rowid"
        )
        with self._telling():
            for clip, *rest in self._of(ids, sql):
                check(rest, (*((int,),) * 3, *((str,),) * 2))
                if len(found[clip]) < most:
                    found[clip].append((rest[0], rest[1], rest[2], rest[3], rest[4]))
        return found

    def kinds(self, filters: Sequence[str] = ()) -> list[tuple[str, int]]:
        """Kinds of problems, and how many clips have each; the most frequent first."""
        wanted = condition(filters)
        sql = (
            "SELECT kind, count(DISTINCT clip) FROM problems "
            f"WHERE clip IN (SELECT id FROM clips WHERE {wanted.sql}) GROUP BY kind ORDER BY 2 DESC, 1"
        )
        return [(f"{kind}", count) for kind, count in self._all(sql, wanted.values)]

    def _of(self, ids: Sequence[int], sql: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        """Rows of some clips, asked for in lots; ``sql`` has `_IDS` after its own values."""
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            yield from self._all(sql.replace(_IDS, ", ".join("?" * len(some))), (*values, *some))

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._telling():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except ERRORS as error:
            raise self._store.told_of(error) from None


_AT_ONCE = 500
_IDS = ":ids:"
_NAMES = (
    "id", "output", "source", "state", "why", "family", "gender", "subject", "person", "recipe", "frames",
    "rate", "seconds", "mean", "p95", "max", "worst", "curve", "curve_top", "jitter", "skate", "sinks",
    "problem_frames", "kinds", "accepted", "accepted_notes", "session_size", "folder", *PARTS,
)  # fmt: skip
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)
_KINDS = tuple(map(kind_of, _NAMES))


def _clip(row: Sequence[Any]) -> Clip:
    check(row, _KINDS)
    values = dict(zip(_NAMES, row, strict=True))
    if values["state"] not in STATES:
        raise Damaged(f"no clip is {values['state']!r}")
    folder, session = of_sql(values.pop("folder")), values.pop("session_size")
    parts = tuple(values.pop(part) for part in PARTS)
    values |= {name: of_sql(values[name]) for name in ("output", "source")}
    values["subject"] = values["subject"] or folder
    values["notes"] = values.pop("accepted_notes") or ""
    values["accepted"] = values["accepted"] or 0
    return Clip(**values, parts=parts, session=session is not None)

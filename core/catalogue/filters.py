"""Which clips are asked for, as people write it, and what that is in SQL: values never become part of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.catalogue.schema import to_sql
from core.errors import RefitError
from core.files.assumption import DEFAULT, NUMBERS, TOOL
from core.files.containers.arrays import key_list
from core.model.joints import PARTS

Kind = Literal["text", "number", "among"]

_FILTER = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=|!=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_SUBJECT = "coalesce(nullif(subject, ''), folder)"
_SURELY_NOT = f"('{NUMBERS}', '{DEFAULT}', '{TOOL}')"


@dataclass(frozen=True)
class Field:
    """Something that clips can be chosen and sorted by.

    Attributes:
        name: as people write it.
        kind: a text, a number, or one ``'among'`` several that a clip has.
        sql: what it is in the table of clips; of several, a query for the ids of clips and the texts.
        label: heading of its column.
        unit: of a number.
        help: what it is, in a few words.
        falling: sorted by it, the largest comes first.
    """

    name: str
    kind: Kind
    sql: str
    label: str
    help: str
    unit: str = ""
    falling: bool = False


def _number(name: str, help_: str, unit: str = "", *, sql: str = "", label: str = "") -> Field:
    return Field(name, "number", sql or f'"{name}"', label or name, help_, unit, falling=True)


def _text(name: str, help_: str, *, sql: str = "", label: str = "") -> Field:
    return Field(name, "text", sql or f'"{name}"', label or name, help_)


FIELDS = {
    field.name: field
    for field in (
        _text("state", "waiting, running, done or failed"),
        _text("name", "of the result's file"),
        _text("folder", "of the result, below the folder of all"),
        _text("output", "the result's place below the folder"),
        _text("source", "the motion file"),
        _text("subject", "whose shape it holds; else its folder", sql=_SUBJECT),
        _text("person", "who of several people in the file"),
        _text("family", "of the motion: smpl, smplh or smplx"),
        _text("to", "family of the fit", sql="target"),
        _text("gender", "of the bodies"),
        _text("bodies", "built-in or licensed"),
        _text("recipe", "its name"),
        _text("sha256", "checksum of the motion file"),
        _text("why", "it failed, or waits"),
        _number("frames", "how many"),
        _number("fps", "frames a second", sql="rate"),
        _number("seconds", "that the fit took", "s"),
        _number("mean", "v2v, mean over the clip", "mm"),
        _number("p95", "mean over frames of the 95th percentile", "mm"),
        _number("max", "the worst vertex", "mm"),
        *(_number(part, f"mean of the {part}", "mm") for part in PARTS),
        _number("jitter", "acceleration of the skin against the source's", "mm/frame²"),
        _number("skate", "sliding of a resting foot beyond the source's, at most", "mm/frame"),
        _number("sinks", "depth below the ground beyond the source's, at most", "mm"),
        _number("problems", "frames that stand out", sql="problem_frames"),
        _number("unconverged", "fitted frames that have not converged", sql="fitted - converged"),
        _number("accepted", "problems that somebody has accepted"),
        _text("note", "words on accepted problems", sql="accepted_notes"),
        _text("told", "sentences on what was assumed and came up", sql="notes"),
        Field("kind", "among", "SELECT clip, kind FROM problems", "kind", "of problem: off throughout"),
        Field(
            "verdict", "among", "SELECT clip, verdict FROM problems", "verdict", "whose fault a problem is"
        ),
        Field(
            "assumed",
            "among",
            "SELECT clip, quantity FROM assumed WHERE how IN " + _SURELY_NOT
            + " UNION ALL SELECT clip, quantity || ' ' || value FROM assumed WHERE how IN " + _SURELY_NOT,
            "assumed",
            "what the file does not say and nobody said: up axis, or: up axis z",
        ),
        Field(
            "guessed",
            "among",
            f"SELECT clip, quantity FROM assumed WHERE how = '{NUMBERS}' UNION ALL "
            f"SELECT clip, quantity || ' ' || value FROM assumed WHERE how = '{NUMBERS}'",
            "guessed",
            "of that, what was guessed from the numbers",
        ),
    )
}  # fmt: skip
"""By name, in the order of columns."""

_SEARCHED = ("output", "source", "why", "notes", "accepted_notes", "kinds", "subject", "person")


@dataclass(frozen=True)
class Condition:
    """A condition on clips: SQL and its values."""

    sql: str
    values: tuple[Any, ...] = ()


def condition(filters: Sequence[str]) -> Condition:
    """What clips must be to pass all filters.

    Args:
        filters: each ``FIELD OP VALUE`` with ``=``, ``!=``, ``<``, ``>``, ``<=``, ``>=`` or ``~`` (has it
            in it), as in ``mean>10`` or ``guessed=up axis``; anything else is words that must all be in one
            of the clip's names or sentences. An empty value stands for what is not known.

    Raises:
        RefitError: there is no such field, or a number is compared with something else.
    """
    found = [_one(text) for text in filters if text.strip()]
    sql = " AND ".join(f"({one.sql})" for one in found) or "1"
    return Condition(sql, tuple(value for one in found for value in one.values))


def order(sort: Sequence[str]) -> str:
    """The order of clips in SQL; what is not known comes last.

    Args:
        sort: names of fields, each perhaps with ``:up`` or ``:down``. Numbers begin with the largest, texts
            with the first.

    Raises:
        RefitError: there is no such field, or clips have several of it.
    """
    parts = []
    for text in sort:
        name, _, way = text.partition(":")
        field = _field(name)
        if field.kind == "among" or way not in ("", "up", "down"):
            raise RefitError(
                f"Clips cannot be sorted by '{text}'; expected a field, as in max, max:up or name:down."
            )
        falling = way == "down" or (not way and field.falling)
        blank = f"({field.sql}) IS NULL" + (f" OR ({field.sql}) = ''" if field.kind == "text" else "")
        fold = f"fold({field.sql})" if field.kind == "text" else field.sql
        parts.append(f"({blank}), {fold} {'DESC' if falling else 'ASC'}")
    return ", ".join([*parts, "output"])


def _field(name: str) -> Field:
    found = FIELDS.get(name.strip().lower())
    if found is None:
        raise RefitError(f"There is no '{name.strip()}' in the catalogue; there is {key_list(FIELDS)}.")
    return found


def _one(text: str) -> Condition:
    match = _FILTER.fullmatch(text)
    if match is None:
        return _words(text)
    name, sign, value = match.groups()
    field = _field(name)
    return _BY_KIND[field.kind](field, sign, value)


def _words(text: str) -> Condition:
    found = []
    for word in text.split():
        found.append(
            Condition(
                " OR ".join(f"instr(fold({column}), ?)" for column in _SEARCHED),
                (word.casefold(),) * len(_SEARCHED),
            )
        )
    sql = " AND ".join(f"({one.sql})" for one in found)
    return Condition(sql, tuple(value for one in found for value in one.values))


def _of_number(field: Field, sign: str, value: str) -> Condition:
    if not value and sign in ("=", "!="):
        return Condition(f"({field.sql}) IS {'NOT ' if sign == '!=' else ''}NULL")
    try:
        number = float(value.removesuffix(field.unit).strip() if field.unit else value)
    except ValueError:
        number = float("nan")
    if number != number or sign == "~":
        raise RefitError(
            f"'{field.name}{sign}{value}': '{field.name}' is a number; expected as in {field.name}>10."
        )
    return Condition(f"({field.sql}) {sign} ?", (number,))


def _of_text(field: Field, sign: str, value: str) -> Condition:
    test, values = _text_test(field, f"coalesce({field.sql}, '')", sign, value)
    return Condition(f"NOT ({test})" if sign == "!=" else test, values)


def _of_several(field: Field, sign: str, value: str) -> Condition:
    if not value:
        has = f"id IN (SELECT clip FROM ({field.sql}))"
        return Condition(has if sign == "!=" else f"NOT {has}")
    columns = "SELECT c.* FROM (SELECT NULL AS clip, NULL AS text WHERE 0 UNION ALL " + field.sql + ") AS c"
    test, values = _text_test(field, "text", sign, value)
    has = f"id IN (SELECT clip FROM ({columns}) WHERE {test})"
    return Condition(f"NOT {has}" if sign == "!=" else has, values)


def _text_test(field: Field, sql: str, sign: str, value: str) -> tuple[str, tuple[Any, ...]]:
    if sign in ("=", "!="):
        return f"fold({sql}) = ?", (folded(to_sql(value)),)
    if sign == "~":
        return f"instr(fold({sql}), ?)", (folded(to_sql(value)),)
    raise RefitError(
        f"'{field.name}{sign}{value}': '{field.name}' is a text; expected = , != or ~ (has it in it)."
    )


_BY_KIND: dict[Kind, Callable[[Field, str, str], Condition]] = {
    "number": _of_number,
    "text": _of_text,
    "among": _of_several,
}


def folded(value: Any) -> Any:
    """A text without large letters: SQLite by itself folds those of English alone."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.casefold() if isinstance(value, str) else value

"""What the catalogue knows of one clip: plain values, so that a journal can hold it in a line."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from core.files.assumption import Assumption, meaning_of_json
from core.model.joints import PARTS
from core.problems.detect import Problem
from core.problems.rules import ProblemKind

MOST_PROBLEMS = 100
"""Of one clip; the worst of them where there are more."""

MOST_TEXTS = 50


@dataclass(frozen=True)
class Entry:
    """One clip; millimetres, seconds, frames by number. None and '' stand for what is not known.

    Attributes:
        output: the result's place below the folder, with ``/`` between names, which may hold halves of
            letters (`os.fsdecode`).
        source: the motion file, as it was found; its name alone where folders are not to be told.
        sha256: checksum of the motion file.
        start: the clip's first frame in it.
        person: who of several people in the file.
        subject: whose shape the fit holds, where shapes are shared.
        family: of the motion, ``'smplh'``.
        target: family of the fit.
        gender: of the bodies.
        frames: how many there are.
        fitted: how many of them are fitted; None where no fit has been looked at.
        converged: how many have converged.
        rate: frames a second.
        bodies: ``'built-in'`` or ``'licensed'``.
        source_body: checksum of the source's body.
        target_body: of the fit's.
        correspondence: of the file that leads from one to the other.
        mask: of the file of valid vertices.
        recipe: its name.
        settings: checksum of all settings of the recipe.
        made_by: version that made the fit.
        made_at: when, ISO 8601.
        seconds: that the fit took.
        mean: v2v, mean over frames and vertices, mm.
        median: mean over frames of the frame's median.
        p95: mean over frames of the frame's 95th percentile.
        max: the worst vertex of all.
        worst: frame with the largest mean.
        parts: mean mm of each of `core.model.joints.PARTS`.
        curve: mean mm over time, one byte for each of at most `core.catalogue.facts.CURVE_POINTS` pieces: its
            worst frame in 254ths of ``curve_top``; 255 where nothing is fitted.
        curve_top: mm that 254 stands for.
        measured: the fit was posed and measured against its source: without that nobody has looked for jumps
            and for what is wrong at the ground.
        jitter: mean acceleration of the skin against the source's, mm/frame².
        skate: the most that a resting foot slides beyond the source's, mm/frame.
        sinks: the most that the fit sinks into the ground beyond the source, mm.
        problem_frames: how many frames the problems cover.
        problems: what stands out, at most `MOST_PROBLEMS`.
        verdicts: whose fault each of them is, in words; '' where nobody has judged.
        assumed: what the file was taken to mean.
        unused: its keys that were not used.
        notes: sentences on what was assumed, and on what came up.
        failure: why the fit has failed as a whole.
    """

    output: str
    source: str = ""
    sha256: str = ""
    start: int | None = None
    person: str = ""
    subject: str = ""
    family: str = ""
    target: str = ""
    gender: str = ""
    frames: int | None = None
    fitted: int | None = None
    converged: int | None = None
    rate: float | None = None
    bodies: str = ""
    source_body: str = ""
    target_body: str = ""
    correspondence: str = ""
    mask: str = ""
    recipe: str = ""
    settings: str = ""
    made_by: str = ""
    made_at: str = ""
    seconds: float | None = None
    mean: float | None = None
    median: float | None = None
    p95: float | None = None
    max: float | None = None
    worst: int | None = None
    parts: tuple[float | None, ...] = (None,) * len(PARTS)
    curve: bytes = b""
    curve_top: float | None = None
    measured: bool = False
    jitter: float | None = None
    skate: float | None = None
    sinks: float | None = None
    problem_frames: int | None = None
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    verdicts: tuple[str, ...] = ()
    assumed: tuple[Assumption, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of problems, most telling first."""
        if not self.problems:
            return ()
        there = {problem.kind for problem in self.problems}
        return tuple(kind.value for kind in ProblemKind if kind in there)

    def to_json(self) -> dict[str, Any]:
        """Plain json values; what is not known is left out."""
        stored: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value not in (item.default, None):
                stored[item.name] = _TO_JSON.get(item.name, _same)(value)
        return stored

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Entry:
        """From `to_json`; what makes no sense is left out.

        Raises:
            ValueError: there is no ``output``.
        """
        if not isinstance(stored.get("output"), str):
            raise ValueError("there is no 'output'")
        taking, made = _of_json(), object.__new__(cls)
        # One by one, as is usual with what is frozen, takes longer than all else of a line.
        taken = vars(made)
        taken.update(_DEFAULTS)
        for name, value in stored.items():
            of_json = taking.get(name)
            if of_json is not None:
                found = of_json(value)
                if found is not None:
                    taken[name] = found
        return made


@lru_cache(maxsize=1)
def _of_json() -> dict[str, Callable[[Any], Any]]:
    """What takes the json of each field."""
    return {item.name: _OF_JSON.get(item.name) or _BY_TYPE[str(item.type)] for item in fields(Entry)}


def number(value: object) -> float | None:
    """A finite number, or None."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def whole(value: object) -> int | None:
    """A whole number that a table can hold, or None."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) < 2**62 else None


def _same(value: Any) -> Any:
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(text for text in listed[:MOST_TEXTS] if isinstance(text, str))


def _parts(value: object) -> tuple[float | None, ...] | None:
    if not isinstance(value, list) or len(value) != len(PARTS):
        return None
    return tuple(map(number, value))


def _curve(value: object) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except ValueError:
        return None


_PROBLEM = {
    "metric": _text, "part": _text, "first": whole, "last": whole, "frame": whole, "value": number,
    "usual": number, "threshold": number, "unit": _text, "reason": _text,
}  # fmt: skip


def _problem_to_json(problem: Problem) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(problem, name) for name in _PROBLEM}
    told |= {name: number(told[name]) for name in ("value", "usual", "threshold")}
    return {"kind": problem.kind.value, **told}


def _problems(value: object) -> tuple[Problem, ...]:
    found = []
    for one in (value if isinstance(value, list) else [])[:MOST_PROBLEMS]:
        if not isinstance(one, dict):
            continue
        values: dict[str, Any] = {name: take(one.get(name)) for name, take in _PROBLEM.items()}
        values |= {name: math.nan for name in ("value", "usual", "threshold") if values[name] is None}
        try:
            kind = ProblemKind(one.get("kind"))
        except ValueError:
            continue
        if None not in values.values() and 0 <= values["first"] <= values["last"]:
            found.append(Problem(kind, **values))
    return tuple(found)


_DEFAULTS = vars(Entry(""))
_TO_JSON: dict[str, Callable[[Any], Any]] = {
    "parts": list,
    "curve": lambda value: base64.b64encode(value).decode(),
    "problems": lambda value: [_problem_to_json(one) for one in value],
    "verdicts": list,
    "assumed": lambda value: [one.to_json() for one in value],
    "unused": list,
    "notes": list,
}
_OF_JSON: dict[str, Callable[[Any], Any]] = {
    "parts": _parts,
    "curve": _curve,
    "problems": _problems,
    "verdicts": lambda value: (
        tuple(one for one in value[:MOST_PROBLEMS] if isinstance(one, str)) if isinstance(value, list) else ()
    ),
    "assumed": lambda value: meaning_of_json({"assumed": value})["assumed"],
    "unused": _texts,
    "notes": _texts,
}
_BY_TYPE: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "int | None": whole,
    "float | None": number,
    "bool": _flag,
}

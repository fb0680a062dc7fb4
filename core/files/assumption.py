"""What a file was taken to mean, and why: nothing is read in silence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

FAMILY, UP_AXIS, UNIT, GENDER, HANDS = "family", "up axis", "unit", "gender", "hands"
FRAME_RATE, COORDINATES, ANGLES, SIDES = "frame rate", "coordinates", "angles", "sides"
QUANTITIES = (FAMILY, UP_AXIS, UNIT, GENDER, HANDS, FRAME_RATE, COORDINATES, ANGLES, SIDES)
"""What a motion file may mean in more than one way."""

FILE, USER, NUMBERS, TOOL, DEFAULT, FIT = "file", "user", "numbers", "tool", "default", "fit"
HOW_WORDS = {
    USER: "said by you",
    FIT: "as when the fit was made",
    FILE: "said by the file",
    TOOL: "known of the tool",
    NUMBERS: "guessed from the numbers",
    DEFAULT: "default",
}
"""How something is known, in the order in which one wins over the next."""
_SHORT = 1000
"""Letters of one that is kept for the next file that says the same."""


@dataclass(frozen=True)
class Assumption:
    """What one quantity of a motion was taken to be.

    Attributes:
        quantity: one of `QUANTITIES`.
        value: what it was taken to be, as the command line takes it: ``'smplh'``, ``'z'``, ``'30'``; empty
            where nobody knows.
        why: a few words, without a full stop.
        how: ``'file'``, ``'user'``, ``'fit'`` (as when the fit was made that the motion belongs to),
            ``'numbers'`` (guessed from them), ``'tool'`` (what the tool that wrote it is known to write) or
            ``'default'``.
    """

    quantity: str
    value: str
    why: str
    how: str

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES or self.how not in HOW_WORDS:
            raise ValueError(
                f"{self.quantity!r} by {self.how!r}, expected {QUANTITIES} by {tuple(HOW_WORDS)}"
            )

    @property
    def words(self) -> str:
        """For people, in one line: ``up axis z (default)``."""
        return f"{self.quantity} {self.value or 'not known'} ({HOW_WORDS[self.how]})"

    def to_json(self) -> dict[str, str]:
        """In plain json values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Doubt:
    """The numbers speak against what was taken for a quantity.

    Attributes:
        quantity: of `QUANTITIES`.
        sentence: what speaks against it, without a full stop.
        likely: what it rather is, as the command line takes it; empty where that is not known.
        grave: the motion would be wrong, not only its view.
    """

    quantity: str
    sentence: str
    likely: str = ""
    grave: bool = False


def known(quantity: str, value: str, why: str) -> Assumption:
    """What a tool is known to mean by its files, where they do not say: ``known(GENDER, 'male', 'AIST++ is
    fitted with the male body')``."""
    return Assumption(quantity, value, why, TOOL)


def meaning_to_json(
    assumed: tuple[Assumption, ...], unused: tuple[str, ...], origin: tuple[float, float, float] | None
) -> dict[str, Any]:
    """What was taken, which keys were not used, and where the origin lies, in plain json values."""
    stored: dict[str, Any] = {"assumed": [one.to_json() for one in assumed], "unused": list(unused)}
    return stored if origin is None else {**stored, "origin": list(origin)}


def meaning_of_json(stored: dict[str, Any]) -> dict[str, Any]:
    """``assumed``, ``unused`` and ``origin`` from `meaning_to_json`; what makes no sense is left out."""
    assumed, unused = stored.get("assumed"), stored.get("unused")
    return {
        "assumed": tuple(one for each in (assumed if isinstance(assumed, list) else ()) for one in _of(each)),
        "unused": tuple(key for key in (unused if isinstance(unused, list) else ()) if isinstance(key, str)),
        "origin": _origin(stored.get("origin")),
    }


def _of(stored: Any) -> tuple[Assumption, ...]:
    try:
        values = (stored["quantity"], stored["value"], stored["why"], stored["how"])
        if set(map(type, values)) != {str}:
            return ()
        return (_made(*values) if sum(map(len, values)) <= _SHORT else Assumption(*values),)
    except (KeyError, TypeError, ValueError, IndexError):
        return ()


@lru_cache(maxsize=1024)
def _made(quantity: str, value: str, why: str, how: str) -> Assumption:
    """Of most files of a data set the same is taken, for the same reasons."""
    return Assumption(quantity, value, why, how)


def _origin(stored: object) -> tuple[float, float, float] | None:
    """Where an origin of positions lies, from json; None where it makes no sense."""
    match stored:
        case [int() | float() as x, int() | float() as y, int() | float() as z]:
            return (float(x), float(y), float(z)) if all(map(math.isfinite, (x, y, z))) else None
    return None

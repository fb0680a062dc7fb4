"""json as text in a file: read within bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.errors import FileError

MOST_DIGITS = 18
"""Of a whole number: with more it is none that anything counts."""


class TooLong(ValueError):
    """A whole number of more digits than anything has; says so."""


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS + 1:
        raise TooLong(f"holds a whole number of {len(digits.lstrip('-'))} digits")
    return int(digits)


_DECODER = json.JSONDecoder(parse_int=_whole)


def parsed_json(text: str) -> Any:
    """What a text in json holds.

    Raises:
        TooLong: it holds whole numbers of too many digits.
        ValueError: it is none, or is nested too deeply.
    """
    try:
        return _DECODER.decode(text)
    except (RecursionError, MemoryError):
        raise ValueError("is nested too deeply") from None


def json_object(path: str | Path, text: str, key: str | None = None) -> dict[str, Any]:
    """The object that a text in json holds; ``path`` and ``key`` are where it is from.

    Raises:
        FileError: it is something else, or no json.
    """
    try:
        found = parsed_json(text)
    except TooLong as error:
        raise FileError(path, str(error), key=key) from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise FileError(path, "is not a json object", key=key)
    return found

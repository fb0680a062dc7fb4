"""Values of settings as people write them, in files and on the command line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection
from dataclasses import Field, fields
from typing import Any

from core.fitting.settings import FitSettings
from core.joints import PARTS

SETTINGS: dict[str, Field[Any]] = {item.name: item for item in fields(FitSettings)}
"""Every setting of a stage, by name."""

AUTO = "auto"
"""How a setting that is left open is written."""

WEIGHTS = "weights"
"""How part weights are written: a table by part, ``weights.hands = 3``."""


def is_open(name: str) -> bool:
    """The setting may be left open."""
    return SETTINGS[name].default is None


def is_whole(name: str) -> bool:
    """The setting is a whole number."""
    return isinstance(SETTINGS[name].default, int) and "range" in SETTINGS[name].metadata


def expected(name: str) -> str:
    """What a setting may be, in words: ``a whole number, 1 to 200 steps``."""
    metadata, or_open = SETTINGS[name].metadata, f", or '{AUTO}'" if is_open(name) else ""
    choices = metadata.get("choices")
    if choices is not None:
        if True in choices:
            return f"true or false{or_open}"
        return f"one of {', '.join(choices)}"
    low, high = metadata["range"]
    unit = f" {metadata['unit']}" if metadata["unit"] else ""
    return f"{'a whole number' if is_whole(name) else 'a number'}, {low:g} to {high:g}{unit}{or_open}"


def checked(name: str, value: Any) -> Any:
    """A value as `FitSettings` takes it.

    Args:
        name: of the setting; not the part weights.
        value: as read from a file.

    Raises:
        ValueError: the value is not of the setting's type or out of its range; says both.
    """
    metadata = SETTINGS[name].metadata
    if is_open(name) and value == AUTO:
        return None
    choices = metadata.get("choices")
    if choices is not None:
        # 1 equals True, but is not what the setting asks for.
        if any(value == choice and type(value) is type(choice) for choice in choices if choice is not None):
            return value
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        low, high = metadata["range"]
        if low <= value <= high and (isinstance(value, int) or not is_whole(name)):
            return value if is_whole(name) else float(value)
    raise ValueError(f"is {shown(value)}, expected {expected(name)}")


def with_weight(weights: tuple[float, ...], part: str, value: Any) -> tuple[float, ...]:
    """Part weights with that of one part changed.

    Raises:
        ValueError: no such part, or a weight that is no number or out of its range.
    """
    if part not in PARTS:
        raise ValueError(unknown(part, PARTS, "body part"))
    low, high = SETTINGS["part_weights"].metadata["range"]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(f"is {shown(value)}, expected a number, {low:g} to {high:g}")
    index = PARTS.index(part)
    return (*weights[:index], float(value), *weights[index + 1 :])


def unknown(name: str, known: Collection[str], what: str) -> str:
    """Says that ``name`` is none of those known, and which was probably meant."""
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(known)}"
    return f"is no {what}; {meant}"


def shown(value: Any) -> str:
    """A value as a file would have it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

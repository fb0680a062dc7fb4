"""Values of settings as people write them, in files and on the command line, and which of them have an
effect together."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection
from dataclasses import Field, fields, replace
from typing import Any

from core.fitting.recipe.settings import FitSettings
from core.model.joints import PARTS

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
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = metadata["range"]
        # Compared before all else: a whole number may be too large to be turned into any other.
        if low <= value <= high and math.isfinite(value) and (isinstance(value, int) or not is_whole(name)):
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
    if isinstance(value, int) and abs(value) >= 10**60:
        return "a whole number of very many digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


# Which settings have an effect beside the others, and which values they can take there.


def concerning(what: str) -> tuple[str, ...]:
    """Names of the settings of ``joints``, ``shape`` or ``expression``."""
    return tuple(name for name, item in SETTINGS.items() if item.metadata["of"] == what)


def term_modules(*concerned: str) -> tuple[str, ...]:
    """Names of the modules of `core.fitting.terms` that settings weigh, each once; only those of settings
    that concern this, where given."""
    chosen = [item.metadata for item in SETTINGS.values() if item.metadata["term"]]
    if concerned:
        chosen = [metadata for metadata in chosen if metadata["of"] in concerned]
    return tuple(dict.fromkeys(metadata["term"] for metadata in chosen))


OF_JOINTS, OF_SHAPE, OF_EXPRESSION = map(concerning, ("joints", "shape", "expression"))
# The published method fits each frame on its own, and ends by its gradient.
NOT_PUBLISHED = (
    *(name for name, item in SETTINGS.items() if item.metadata["apart"]), "shape_frames", "tolerance",
)  # fmt: skip
OF_VERTICES = ("robust", "robust_by", "robust_scale")
HELD = {
    "free_global_orient": "The root is held",
    "free_body": "The body's joints are held",
    "free_left_hand": "The left hand is held",
    "free_right_hand": "The right hand is held",
    "free_jaw": "The jaw is held",
    "free_eyes": "The eyes are held",
}
"""What lets joints turn, each kind of them, and what is said where it does not."""


def no_effect(settings: FitSettings, name: str, method: str = "gauss-newton") -> str:
    """Why a setting changes nothing beside the others, as a sentence; empty where it does."""
    if method != "gauss-newton" and name in NOT_PUBLISHED:
        return "The published method does without"
    if settings.stage == "translation" and name == "edge_weight":
        return "Edges do not see where the body is"
    if not settings.metrics[0] and name in OF_VERTICES:
        return "The robust loss is of distances between vertices: give the vertex metric a weight"
    if settings.stage == "translation" and name in (*OF_JOINTS, *OF_SHAPE, *OF_EXPRESSION):
        return "The translation stage moves the body as a whole"
    if name == "free_transl" and not settings.metrics[0]:
        return "Edges alone do not see where the body is: give the vertex metric a weight"
    if name in ("robust_by", "robust_scale") and settings.robust == "none":
        return "There is no robust loss"
    if name == "pose_prior_to" and not settings.pose_prior:
        return "There is no pose prior"
    freed_by = SETTINGS[name].metadata["freed_by"]
    if freed_by and getattr(settings, freed_by) is False:
        return HELD[freed_by]
    if name in OF_JOINTS and name not in HELD and all(getattr(settings, each) is False for each in HELD):
        return "All joints are held"
    if name in OF_SHAPE and name != "shape" and settings.shape == "fixed":
        solved_alike = name == "shape_frames" and settings.expression == "shared"
        return "" if solved_alike else "The shape is held"
    if name in OF_EXPRESSION and name != "expression" and settings.expression == "off":
        return "The expression is held"
    return ""


def with_value(settings: FitSettings, name: str, value: Any) -> FitSettings | None:
    """Settings with one of them changed; None where they would make no sense together."""
    try:
        return replace(settings, **{name: value})
    except ValueError:
        return None

"""Recipes as TOML files, for the window and the command line.

name = "hands first"

[[stages]]
stage = "vertex"
iterations = 20
weights.hands = 3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import __version__
from core.errors import FileError
from core.files.containers.atomic import atomic_write, fit_for_a_file
from core.files.containers.opening import read_bytes
from core.files.containers.refusals import reads
from core.fitting.recipe.draft import Draft, DraftStage
from core.fitting.recipe.recipe import METHODS, STARTS
from core.fitting.recipe.setting_rules import (
    AUTO,
    SETTINGS,
    WEIGHTS,
    checked,
    expected,
    shown,
    unknown,
    with_weight,
)
from core.fitting.recipe.settings import FitSettings
from core.model.joints import PARTS
from core.shown_text import shown as shown_text

if TYPE_CHECKING:
    from tomlkit.items import Table

# A recipe is a page of text; what is much larger is something else.
MOST_BYTES = 200_000
MOST_IN_A_LINE = 2000
MOST_OF_AN_ERROR = 200
"""Letters of what the parser says, which quotes the file."""
MOST_STAGES = 100
TOP = ("name", "start", "method", "stages")
ON = "on"


@reads("recipe|text", "a recipe")
def read_recipe(path: str | Path) -> Draft:
    """Reads a recipe.

    Raises:
        FileError: it cannot be read, is no TOML, or holds an unknown key or a value that is of the wrong type
            or out of its range; says which.
    """
    values = _parsed(Path(path))
    for key in values:
        if key not in TOP:
            raise FileError(path, unknown(key, TOP, "setting of a recipe"), key=key)
    words = {"name": Path(path).stem}
    for key, choices in (("name", None), ("start", STARTS), ("method", METHODS)):
        if key not in values:
            continue
        found = values[key]
        if not isinstance(found, str) or (choices is not None and found not in choices):
            wanted = "a text" if choices is None else f"one of {', '.join(choices)}"
            raise FileError(path, f"is {shown(found)}, expected {wanted}", key=key)
        words[key] = found
    stages = values.get("stages")
    if not isinstance(stages, list) or not stages or not all(isinstance(stage, dict) for stage in stages):
        found = "is missing" if stages is None else f"is {shown(stages)}"
        raise FileError(path, f"{found}, expected one or more tables [[stages]]", key="stages")
    if len(stages) > MOST_STAGES:
        raise FileError(path, f"has {len(stages)} tables, expected {MOST_STAGES} or less", key="stages")
    return Draft(tuple(_entry(path, number, stage) for number, stage in enumerate(stages, 1)), **words)


def _parsed(path: Path) -> dict[str, Any]:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    data = read_bytes(path, MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(path, "is no text, expected a recipe in TOML") from None
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > MOST_IN_A_LINE:
            raise FileError(path, f"is no TOML: line {number} has {len(line):,} characters")
    try:
        return tomlkit.parse(text).unwrap()
    except (TOMLKitError, RecursionError, ValueError) as error:
        why = shown_text(str(error) or type(error).__name__, MOST_OF_AN_ERROR)
        raise FileError(path, f"is no TOML: {why}") from None


def _entry(path: str | Path, number: int, stage: Mapping[str, Any]) -> DraftStage:
    where = f"of stage {number}"
    if isinstance(stage.get("stage"), str):
        where += f" ({stage['stage']})"
    given: dict[str, Any] = {}
    on = True
    for key, value in stage.items():
        try:
            if key == ON:
                if not isinstance(value, bool):
                    raise ValueError(f"is {shown(value)}, expected true or false")
                on = value
            elif key == WEIGHTS:
                if not isinstance(value, Mapping):
                    raise ValueError(f"is {shown(value)}, expected numbers by part: {', '.join(PARTS)}")
                weights = FitSettings().part_weights
                for part, weight in value.items():
                    key = f"{WEIGHTS}.{part}"
                    weights = with_weight(weights, part, weight)
                given["part_weights"] = weights
            elif key not in names():
                raise ValueError(unknown(key, (*names(), WEIGHTS, ON), "setting"))
            else:
                given[key] = checked(key, value)
        except ValueError as error:
            raise FileError(path, f"{where} {error}", key=key) from None
    try:
        settings = FitSettings(**given)
    except ValueError as error:
        raise FileError(path, f"stage {number}: {error}") from None
    return DraftStage(settings, on, settings)


def names() -> tuple[str, ...]:
    """Settings of a stage as files name them, but for the weights of parts."""
    return tuple(name for name in SETTINGS if name != "part_weights")


def recipe_text(draft: Draft) -> str:
    """A recipe in TOML: of each stage first what differs from the defaults, then the rest, so that the file
    means the same whatever the defaults become."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(f"A recipe of Refit {__version__}: refit convert --recipe FILE"))
    document.add("name", tomlkit.item(draft.name))
    document.add("start", tomlkit.item(draft.start).comment(f"one of {', '.join(STARTS)}"))
    document.add("method", tomlkit.item(draft.method).comment(f"one of {', '.join(METHODS)}"))
    stages = tomlkit.aot()
    for entry in draft.entries:
        stages.append(_table(entry))
    document.add("stages", stages)
    return tomlkit.dumps(document)


def _table(entry: DraftStage) -> Table:
    import tomlkit

    table, settings = tomlkit.table(), entry.settings
    default = FitSettings(stage=settings.stage)
    table.add("stage", settings.stage)
    if not entry.on:
        table.add(ON, False)
    rest = []
    for item in fields(FitSettings):
        if item.name == "stage":
            continue
        if getattr(settings, item.name) == getattr(default, item.name):
            rest.append(item.name)
        else:
            _add(table, item.name, settings)
    table.add(tomlkit.comment("as by default"))
    for name in rest:
        _add(table, name, settings)
    return table


def _add(table: Table, name: str, settings: FitSettings) -> None:
    import tomlkit

    value = getattr(settings, name)
    if name == "part_weights":
        weights = tomlkit.inline_table()
        weights.update({part: _short(weight) for part, weight in zip(PARTS, value, strict=True)})
        table.add(WEIGHTS, weights)
        return
    table.add(name, tomlkit.item(AUTO if value is None else value).comment(expected(name)))


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else number


def write_recipe(path: str | Path, draft: Draft, *, overwrite: bool = False) -> None:
    """Writes a recipe, whole or not at all.

    Raises:
        FileError: as `atomic_write`.
    """
    with fit_for_a_file(path):
        content = recipe_text(draft).encode()
    with atomic_write(path, overwrite=overwrite, reader=read_recipe) as file:
        file.write(content)

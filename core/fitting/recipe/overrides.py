"""Settings changed from the command line: ``vertex.weights.hands=3``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.errors import RefitError
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.recipe import METHODS, STARTS
from core.fitting.recipe.setting_rules import (
    SETTINGS,
    WEIGHTS,
    checked,
    no_effect,
    shown,
    unknown,
    with_weight,
)
from core.fitting.recipe.settings import FitSettings

EXAMPLE = "for example vertex.weights.hands=3"
CHANGED = " (changed)"


def assigned(draft: Draft, assignments: list[str]) -> Draft:
    """A recipe with settings changed, one assignment after another.

    Args:
        draft: the recipe.
        assignments: ``STAGE.SETTING=VALUE``, where STAGE is a kind (``vertex``: all of that kind) or a place
            (``2``: the second), ``STAGE.weights.PART=VALUE``, ``start=VALUE`` or ``method=VALUE``.

    Raises:
        RefitError: no such stage or setting, or a value of the wrong type or out of its range; says which.
    """
    before = draft
    for text in assignments:
        target, equals, value = text.partition("=")
        target = target.strip()
        if not equals or not target:
            raise RefitError(f"--set {text}: is no assignment; {EXAMPLE}.")
        try:
            draft = _assigned(draft, target, parsed(value.strip()))
        except ValueError as error:
            end = "" if str(error).endswith("?") else "."
            raise RefitError(f"--set {target}: {error}{end}") from None
    return _renamed(draft, before)


def with_betas_count(draft: Draft, count: int) -> Draft:
    """A recipe in which every stage that solves the shape solves so many coefficients of it.

    Raises:
        RefitError: no stage that is on solves the shape.
    """
    before, found = draft, False
    for index, entry in enumerate(draft.entries):
        if entry.on and not no_effect(entry.settings, "num_betas", draft.method):
            draft, found = draft.set(index, replace(entry.settings, num_betas=count)), True
    if not found:
        raise RefitError("--betas-count: no stage of the recipe solves the shape.")
    return _renamed(draft, before)


def _renamed(draft: Draft, before: Draft) -> Draft:
    return draft if draft == before else replace(draft, name=draft.name.removesuffix(CHANGED) + CHANGED)


def _assigned(draft: Draft, target: str, value: Any) -> Draft:
    of_recipe = {"start": STARTS, "method": METHODS}
    if target in of_recipe:
        if value not in of_recipe[target]:
            raise ValueError(f"is {shown(value)}, expected one of {', '.join(of_recipe[target])}")
        return replace(draft, **{target: value})
    stage, dot, name = target.partition(".")
    if not dot or not name:
        raise ValueError(f"{unknown(target, tuple(of_recipe), 'setting of a recipe')}; {EXAMPLE}")
    for index in _places(draft, stage):
        draft = draft.set(index, _changed(draft.entries[index].settings, name, value))
    return draft


def _places(draft: Draft, stage: str) -> list[int]:
    """Which stages are meant."""
    kinds = [entry.settings.stage for entry in draft.entries]
    if stage.isascii() and stage.isdigit():
        if not 1 <= int(stage) <= len(kinds):
            raise ValueError(f"the recipe has no stage {stage}, its stages are 1 to {len(kinds)}")
        return [int(stage) - 1]
    found = [index for index, kind in enumerate(kinds) if kind == stage]
    if not found:
        raise ValueError(f"the recipe has no stage '{stage}', it has {', '.join(dict.fromkeys(kinds))}")
    return found


def _changed(settings: FitSettings, name: str, value: Any) -> FitSettings:
    first, _, part = name.partition(".")
    if first == WEIGHTS:
        if not part:
            raise ValueError(f"says no part; {EXAMPLE}")
        return replace(settings, part_weights=with_weight(settings.part_weights, part, value))
    known = tuple(known for known in SETTINGS if known not in ("part_weights", "stage"))
    if name not in known:
        raise ValueError(f"'{name}' {unknown(name, (*known, WEIGHTS), 'setting')}")
    # A new object checks what its settings make together.
    return replace(settings, **{name: checked(name, value)})


def parsed(text: str) -> Any:
    """A value as TOML would read it; a word needs no quotation marks."""
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text.strip("\"'")

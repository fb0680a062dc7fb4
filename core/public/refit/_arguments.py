"""Arguments as they are given in Python, checked; what does not fit is a sentence that names the argument."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from core.commands.argument_types import default_threads
from core.correspond.load_bodies import bodies_for, of_bodies_there
from core.errors import RefitError
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.overrides import assigned
from core.fitting.recipe.recipe import PRESETS, Recipe
from core.fitting.recipe.settings import FitSettings
from core.model.body_pair import BodyPair, in_body
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, other_family
from core.model.motion import MOST_RATE, Motion
from core.shown_text import shown

T = TypeVar("T")

DEVICES = ("auto", "cpu", "cuda")

AnyRecipe = Recipe | FitSettings | Mapping[str, Any] | str | os.PathLike[str]
AnyBodies = BodyPair | str | os.PathLike[str]


def expect(name: str, value: object, kind: type[T]) -> T:
    """The value, if it is of this kind.

    Raises:
        RefitError: it is not.
    """
    if not isinstance(value, kind):
        raise RefitError(f"{name} is a {type(value).__name__}, expected a {kind.__name__}.")
    return value


def one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    """The value, if it is one of the choices.

    Raises:
        RefitError: it is not.
    """
    if not isinstance(value, str) or value not in choices:
        raise RefitError(f"{name} is {value!r}, expected one of {', '.join(choices)}.")
    return value


def path_of(name: str, value: object) -> Path:
    """A path from a text or a path.

    Raises:
        RefitError: it is neither.
    """
    if not isinstance(value, str | os.PathLike):
        raise RefitError(f"{name} is a {type(value).__name__}, expected a path.")
    return Path(os.fspath(value)).expanduser()  # type: ignore[arg-type]


def paths_of(name: str, value: object) -> list[Path]:
    """One path or several.

    Raises:
        RefitError: it is neither.
    """
    if isinstance(value, Iterable) and not isinstance(value, str | os.PathLike):
        return [path_of(name, one) for one in value]
    return [path_of(name, value)]


def bodies_in(bodies: object) -> BodyPair | Path | str | None:
    """A pair of bodies, a folder of models, ``'builtin'``, or None.

    Raises:
        RefitError: it is none of these.
    """
    from core.environment import BUILTIN

    if bodies is None or isinstance(bodies, BodyPair):
        return bodies
    if isinstance(bodies, str | os.PathLike):
        return BUILTIN if bodies == BUILTIN else path_of("bodies", bodies)
    raise RefitError(f"bodies is a {type(bodies).__name__}, expected a BodyPair or a folder of models.")


def motion_and_bodies(motion: Motion, bodies: AnyBodies | None) -> tuple[Motion, BodyPair]:
    """A motion with the bodies to fit it with; what was assumed in choosing them is a warning.

    Args:
        motion: the source.
        bodies: a pair, a folder of licensed models, or None for what
        `core.correspond.load_bodies.load_bodies` then takes.

    Raises:
        FileError: the folder lacks a file, or a file cannot be read.
        RefitError: ``bodies`` is none of these.
    """
    chosen = bodies_in(bodies)
    if isinstance(chosen, BodyPair):
        return motion_in(motion, chosen), chosen
    motion = of_bodies_there(motion, chosen)
    pair = bodies_for(motion, chosen, target=other_family(motion.family))
    for note in pair.notes:
        warnings.warn(shown(note), UserWarning, stacklevel=3)
    return motion_in(motion, pair), pair


def motion_of(fit: FitResult, motion: Motion, pair: BodyPair) -> Motion:
    """The motion that a fit was made from, as `motion_in`, with its positions from the fit's origin.

    Raises:
        RefitError: it is of another body, or is not read as it was when the fit was made.
    """
    from core.session.reading_of_fit import from_origin_of_fit, other_reading

    if differs := other_reading(fit, motion):
        raise RefitError(differs)
    return motion_in(from_origin_of_fit(motion, fit), pair)


def motion_in(motion: Motion, pair: BodyPair) -> Motion:
    """A motion with what its file tells in terms of the body found.

    Raises:
        RefitError: it is of another body.
    """
    if motion.body_terms is None or motion.family == pair.source.family:
        return in_body(motion, pair.source)
    ours, theirs = FAMILY_LABEL[motion.family], FAMILY_LABEL[pair.source.family]
    raise RefitError(f"{motion.name} is a motion of {ours}, but the bodies are from {theirs}.")


def chosen_recipe(
    preset: str | None, recipe: AnyRecipe | None, settings: Mapping[str, Any] | None, usual: Recipe
) -> Recipe:
    """What to do.

    Args:
        preset: name of a preset, or None.
        recipe: a recipe, a single stage, plain values of one, or a TOML file; or None.
        settings: what is changed of it, ``{"vertex.weights.hands": 3}``; or None.
        usual: where neither is given.

    Raises:
        FileError: the file cannot be read, or holds what is no recipe.
        RefitError: both are given, an unknown preset, or a value that cannot be.
    """
    if preset is not None and recipe is not None:
        raise RefitError("preset and recipe are both given, expected one of them.")
    if preset is not None:
        draft = Draft.of(PRESETS[one_of("preset", preset, tuple(PRESETS))])
    else:
        draft = Draft.of(usual) if recipe is None else _draft_of(recipe)
    if settings is not None:
        # Before the stages that are off are left out, as the command line has it.
        draft = _changed(draft, settings)
    if not draft.runs:
        raise RefitError(f"recipe: every stage of {recipe} is off, expected one that is on.")
    return draft.recipe()


def recipe_for_command(recipe: AnyRecipe) -> Recipe | Path:
    """What stands after ``--recipe``: a file is left to be read with the stages that are off, which have
    places too.

    Raises:
        RefitError: as `chosen_recipe`.
    """
    if isinstance(recipe, str | os.PathLike):
        return path_of("recipe", recipe)
    return _draft_of(recipe).recipe()


def _draft_of(recipe: AnyRecipe) -> Draft:
    if isinstance(recipe, Recipe):
        return Draft.of(recipe)
    if isinstance(recipe, FitSettings):
        return Draft.of(Recipe((recipe,), name="own"))
    if isinstance(recipe, str | os.PathLike):
        from core.outputs.recipes import read_recipe

        return read_recipe(path_of("recipe", recipe))
    try:
        if isinstance(recipe, Mapping):
            return Draft.of(Recipe.from_dict({"name": "own", **recipe}))
    except (ValueError, TypeError, AttributeError) as error:
        raise RefitError(f"recipe: {error}.") from None
    raise RefitError(f"recipe is a {type(recipe).__name__}, expected a Recipe, its values, or a TOML file.")


def assignments(settings: Mapping[str, Any]) -> list[str]:
    """Settings as the command line takes them after ``--set``.

    Raises:
        RefitError: they are no mapping.
    """
    if not isinstance(settings, Mapping):
        kind = type(settings).__name__
        raise RefitError(f"settings is a {kind}, expected a dict as {{'vertex.weights.hands': 3}}.")
    return [f"{name}={_value(value)}" for name, value in settings.items()]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "auto" if value is None else str(value)


def _changed(draft: Draft, settings: Mapping[str, Any]) -> Draft:
    try:
        return assigned(draft, assignments(settings))
    except RefitError as error:
        raise RefitError(str(error).replace("--set ", "settings: ", 1)) from None


def thread_count(threads: int | None) -> int | None:
    """The number of workers; None for one a processor.

    Raises:
        RefitError: it is no number of threads, or ``REFIT_THREADS`` is not.
    """
    if threads is None:
        return default_threads()
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise RefitError(f"threads is {threads!r}, expected 1 or more.")
    return threads


def rate_of(name: str, value: float | None) -> float | None:
    """Frames a second.

    Raises:
        RefitError: it is no such number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < MOST_RATE:
        raise RefitError(f"{name} is {value!r}, expected a positive number of frames a second.")
    return float(value)

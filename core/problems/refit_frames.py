"""Some frames of a fit fitted again, with the shape held, and joined to the frames around them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np

from core.fitting.combine_fits import is_partial
from core.fitting.recipe.recipe import Recipe
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.measure.fit_failure import judged
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.blend_frames import joined, margin


def recipe_of(result: FitResult) -> Recipe:
    """The recipe that made a fit; the default where its provenance has none."""
    try:
        return Recipe.from_dict(result.provenance["recipe"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return Recipe()


def refit_frames(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    frames: np.ndarray,
    recipe: Recipe | None = None,
    suspects: np.ndarray | None = None,
    *,
    follow: Callable[[FitRun, Progress], None] | None = None,
    **how: Any,
) -> FitResult:
    """A fit with some frames fitted again.

    The shape is held, and the new frames fade into those around them, over `core.problems.blend_frames.REACH`
    frames on either side. Where all frames are chosen there is nothing to join: then it is a new fit, with a
    shape of its own.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit; it stays as it is.
        frames: ids of the frames; those whose source is not finite are left out.
        recipe: what to do; None for what made the fit.
        suspects: ids of frames that are not good either, into which nothing fades.
        follow: told of each step of the run; what it raises ends it.
        how: ``device`` and ``threads`` of `FitRun`.

    Raises:
        RefitError: none of the frames is finite, or the bodies do not suit the motion.
    """
    recipe, finite = recipe or recipe_of(result), np.flatnonzero(motion.finite_frames())
    chosen = np.intersect1d(finite, frames)
    wrong = np.empty(0, dtype=int) if suspects is None else suspects
    everything = len(chosen) == len(finite)
    wide = chosen
    if len(chosen) and not everything:
        wide = np.union1d(chosen, margin(motion, result, chosen, wrong))
    # Without a start there is nothing to hold: all frames find a shape of their own.
    start = result if not everything or recipe.start == "current" else None
    run = FitRun(motion, bodies, recipe, frames=wide, start=start, **how)
    with closing(iter(run)) as steps:  # type: ignore[type-var]
        for step in steps:
            if follow is not None:
                follow(run, step)
    found = run.result()
    if not run.keeps_others:
        return found
    both = joined(motion, run.bodies, result, found, chosen, wrong)
    wanted = finite if result.partial else np.empty(0, dtype=int)
    partial = is_partial(both.fitted, run.frames, wanted)
    return judged(both, provenance=found.provenance, seconds=found.seconds, partial=partial)

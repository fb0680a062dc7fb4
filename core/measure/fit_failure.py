"""When a fit has failed as a whole: far beyond what any right motion comes to on any right pair of bodies.

The bounds leave room. Every built-in motion with every preset, on the built-in bodies and on each of their
harder variants, ends below 3 mm and 3σ with all frames converged, and a single step from body parts at 5 mm;
left and right exchanged in the correspondence end at 46 mm and 30σ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.fitting.recipe.recipe import PUBLISHED_STAGES, Recipe
from core.fitting.recipe.settings import FitSettings
from core.model.fit_result import FitResult

MOST_MEAN_MM = 40.0
"""Mean v2v over the fitted frames, millimetres."""

MOST_BETA = 15.0
"""Magnitude of a single beta, standard deviations of the body's shapes."""

LEAST_CONVERGED = 0.5
"""Share of the fitted frames that converge, where the recipe lets them."""

LEAST_FRAMES = 8
"""Of fewer frames the share says little."""

KEPT_SHORT = "kept_short"
"""In a provenance: some frames are of a run that was not to converge."""


def fit_failure(result: FitResult) -> str:
    """Why a fit has failed, or nothing.

    A fit is judged by what it was asked for. The mean tells nothing of a recipe that has no vertices meet,
    that holds the mean shape, or that cuts a published method to fewer iterations than it is published with.
    Whether frames converged tells nothing where iterations or tolerance are below those of `FitSettings`,
    where frames pull on each other or joints are fitted one by one, and of frames edited by hand. A run that
    was stopped is judged by its betas, and by its numbers being numbers.

    Returns:
        ``'mean 437 mm, more than 40 mm'``; several reasons are joined.
    """
    done = np.flatnonzero(result.fitted)
    if not len(done):
        return "" if result.partial else "no frame was fitted"
    betas = result.betas[None] if result.frame_betas is None else result.frame_betas[done]
    rows = (result.mean_mm, result.transl, result.poses.reshape(len(result), -1), result.expression)
    lost = ~np.isfinite(betas).all(1) | np.zeros(len(done), dtype=bool)
    for values in rows:
        lost |= ~np.isfinite(values[done].reshape(len(done), -1)).all(1)
    if lost.any():
        return f"{lost.sum():,} of {len(done):,} fitted frames hold no finite numbers"
    reasons = []
    mean, beta = float(result.mean_mm[done].mean()), float(np.abs(betas).max(initial=0))
    if mean > MOST_MEAN_MM and not result.partial and _seeks_vertices(result):
        reasons.append(f"mean {_figure(mean)} mm, more than {MOST_MEAN_MM:g} mm")
    if beta > MOST_BETA:
        reasons.append(f"a beta of {_figure(beta)} standard deviations, more than {MOST_BETA:g}")
    own = done[~result.edited[done]]
    if len(own) >= LEAST_FRAMES and not result.partial and not stops_short(result):
        converged = int(result.converged[own].sum())
        if converged < LEAST_CONVERGED * len(own):
            reasons.append(f"{converged:,} of {len(own):,} frames converged, fewer than half")
    return "; ".join(reasons)


def judged(result: FitResult, **changes: Any) -> FitResult:
    """The fit with ``changes`` of its fields, and what `fit_failure` finds of it then.

    Whatever makes one fit of another ends with this: figures, ``partial`` and ``provenance`` all have a say.
    """
    made = replace(result, **changes)
    return replace(made, failure=fit_failure(made))


def stops_short(result: FitResult) -> bool:
    """Frames of the fit may stop before they converge, by what was asked for, or it is not known."""
    recipe = _recipe(result)
    if recipe is None or recipe.method != "gauss-newton" or result.provenance.get(KEPT_SHORT):
        return True
    last, usual = recipe.stages[-1], FitSettings()
    less = last.iterations < usual.iterations or last.tolerance < usual.tolerance
    return less or last.coupled or last.order == "chain"


def kept_short(provenance: dict[str, Any], start: FitResult) -> dict[str, Any]:
    """A run's provenance that says so where frames kept from ``start`` were not to converge."""
    return provenance | {KEPT_SHORT: True} if stops_short(start) else provenance


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _seeks_vertices(result: FitResult) -> bool:
    """The mean v2v is small where the recipe has done what it says."""
    recipe = _recipe(result)
    if recipe is None:
        return True
    if recipe.method != "gauss-newton":
        least = min(stage.iterations for stage in PUBLISHED_STAGES)
        return all(stage.iterations >= least for stage in recipe.stages)
    if not result.betas.any() and all(stage.shape == "fixed" for stage in recipe.stages):
        return False
    meets = (stage.stage != "translation" and stage.metrics[0] > 0 for stage in recipe.stages)
    return recipe.start == "current" or any(meets)


def _recipe(result: FitResult) -> Recipe | None:
    """The recipe that made the fit, None where that is not known."""
    try:
        return Recipe.from_dict(result.provenance["recipe"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None

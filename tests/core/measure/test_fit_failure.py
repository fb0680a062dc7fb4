"""When a fit has failed as a whole: nothing that is right trips the bounds, what is plainly wrong does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.combine_fits import merged
from core.fitting.recipe.recipe import FAST, PRESETS, PUBLISHED_LBFGS, Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.measure.fit_failure import LEAST_FRAMES, MOST_BETA, MOST_MEAN_MM, fit_failure, judged
from core.model.fit_result import FitResult
from core.model.frame_parameters import ParameterChange
from core.problems.edited import edited
from core.problems.refit_frames import refit_frames
from tests.core.clip_fits import CLIPS, clip, fitted_clip
from tests.variants import NAMES, body_pair


def fit(motion, pair, recipe, **more) -> FitResult:  # type: ignore[no-untyped-def]
    run = FitRun(motion, pair, recipe, device="cpu", threads=1, **more)
    for _ in run:
        pass
    return run.result()


@pytest.fixture(scope="module")
def good() -> FitResult:
    """Twelve frames of walking, converged."""
    result = fitted_clip("walk", 0, 12)[2]
    assert not result.failed
    return result


def as_by(result: FitResult, recipe: Recipe, **changes: object) -> FitResult:
    """The fit as if a recipe had made it."""
    return replace(result, provenance={**result.provenance, "recipe": recipe.as_dict()}, **changes)  # type: ignore[arg-type]


def far(result: FitResult, mm: float = 437.0) -> FitResult:
    return replace(result, mean_mm=np.full_like(result.mean_mm, mm))


@pytest.mark.parametrize("variant", NAMES)
@pytest.mark.parametrize("name", CLIPS)
def test_no_clip_on_any_bodies_comes_near_the_bounds(name: str, variant: str) -> None:
    motion, pair = clip(name), body_pair(variant)
    motion = motion.some(np.unique(np.linspace(0, len(motion) - 1, LEAST_FRAMES).astype(int)))
    for recipe in (Recipe((FitSettings(shape_frames=LEAST_FRAMES),)), FAST):
        result = fit(motion, pair, recipe)
        assert result.failure == ""
        assert result.mean_mm.max() < MOST_MEAN_MM / 5
        assert np.abs(result.betas).max() < MOST_BETA / 5
        assert recipe is FAST or result.converged.all()


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe((FitSettings(iterations=1),), start="parts"),
        Recipe((FitSettings(stage="edge", iterations=1),), start="parts"),
        Recipe((FitSettings(stage="translation"),)),
        Recipe((FitSettings(stage="translation"),), start="parts"),
        Recipe((FitSettings(shape="fixed"),)),
        Recipe((FitSettings(smoothness=1.0),)),
    ],
    ids=["one step", "one step of edges", "moved", "moved from parts", "mean shape", "smooth"],
)
def test_what_was_asked_for_is_no_failure(recipe: Recipe) -> None:
    pair = body_pair("other shape basis")
    motion = clip("backflip", 0, LEAST_FRAMES)
    betas = 2 * np.random.default_rng(1).normal(size=16).astype(np.float32)
    result = fit(replace(motion, betas=betas), pair, recipe)
    assert result.failure == ""


def test_a_body_that_is_impossible_has_failed() -> None:
    pair = body_pair("built-in")
    betas = np.full(pair.target.num_betas, 43.0, np.float32)
    result = fit(clip("walk", 0, 4), pair, FitSettings(shape="fixed"), betas=betas)
    assert result.failed
    assert "a beta of 43 standard deviations, more than 15" in result.failure
    assert result.mean_mm.mean() > MOST_MEAN_MM
    assert "more than 40 mm" in result.failure


def test_a_correspondence_across_the_body_has_failed() -> None:
    pair = body_pair("built-in")
    rows = np.random.default_rng(0).permutation(pair.target.num_vertices)
    across = replace(pair.correspondence, matrix=pair.correspondence.matrix[rows])
    settings = FitSettings(iterations=5, shape_frames=4)
    result = fit(clip("walk", 0, 4), replace(pair, correspondence=across), settings)
    assert result.failure.startswith("mean ")
    assert result.failure == fit_failure(result)


def test_each_bound(good: FitResult) -> None:
    assert fit_failure(far(good)) == "mean 437 mm, more than 40 mm"
    assert fit_failure(far(good, MOST_MEAN_MM)) == ""
    betas = good.betas.copy()
    betas[3] = -43.2
    assert fit_failure(replace(good, betas=betas)) == "a beta of 43.2 standard deviations, more than 15"
    own = np.tile(good.betas, (len(good), 1))
    own[5, 1] = 16.0
    assert "a beta of 16" in fit_failure(replace(good, frame_betas=own))
    some = np.arange(len(good)) < 5
    assert fit_failure(replace(good, converged=some)) == "5 of 12 frames converged, fewer than half"
    assert fit_failure(replace(good, converged=np.arange(len(good)) < 6)) == ""
    both = fit_failure(replace(far(good), converged=~some & False, betas=betas))
    assert both.split("; ") == [
        "mean 437 mm, more than 40 mm",
        "a beta of 43.2 standard deviations, more than 15",
        "0 of 12 frames converged, fewer than half",
    ]


def test_frames_that_were_not_to_converge_are_no_failure(good: FitResult) -> None:
    none = replace(good, converged=np.zeros(len(good), dtype=bool))
    assert none.failed is False
    assert fit_failure(none)
    for settings in (
        FitSettings(iterations=39),
        FitSettings(tolerance=1e-6),
        FitSettings(smoothness=0.01),
        FitSettings(order="chain"),
    ):
        assert fit_failure(as_by(none, Recipe((settings,)))) == ""
    assert fit_failure(as_by(none, PRESETS["fast"])) == ""
    assert fit_failure(replace(none, partial=True)) == ""
    assert fit_failure(replace(none, edited=np.ones(len(good), dtype=bool))) == ""
    assert fit_failure(none.take(np.arange(LEAST_FRAMES - 1))) == ""
    assert fit_failure(replace(none, provenance={})) == ""


def test_the_mean_is_no_failure_where_it_was_not_asked_for(good: FitResult) -> None:
    none = np.zeros_like(good.betas)
    for settings in (FitSettings(stage="edge"), FitSettings(stage="translation")):
        assert fit_failure(as_by(far(good), Recipe((settings,)))) == ""
        assert fit_failure(as_by(far(good), Recipe((settings, FitSettings()))))
        assert fit_failure(as_by(far(good), Recipe((settings,), start="current")))
    fixed = Recipe((FitSettings(shape="fixed"),))
    assert fit_failure(as_by(far(good), fixed, betas=none)) == ""
    assert fit_failure(as_by(far(good), fixed))
    assert fit_failure(as_by(far(good), Recipe(), betas=none))


def test_published_methods_are_judged_where_they_have_their_iterations(good: FitResult) -> None:
    assert fit_failure(as_by(far(good), PUBLISHED_LBFGS)) == "mean 437 mm, more than 40 mm"
    few = replace(PUBLISHED_LBFGS, stages=tuple(replace(s, iterations=3) for s in PUBLISHED_LBFGS.stages))
    assert fit_failure(as_by(far(good), few)) == ""


def test_numbers_that_are_none(good: FitResult) -> None:
    mean = good.mean_mm.copy()
    mean[2:4] = np.nan
    assert fit_failure(replace(good, mean_mm=mean)) == "2 of 12 fitted frames hold no finite numbers"
    assert fit_failure(replace(good, betas=np.full(16, np.nan, np.float32))).startswith("12 of 12")
    assert fit_failure(replace(good, partial=True, transl=np.full_like(good.transl, np.inf)))
    unfitted = replace(good, fitted=np.arange(12) < 10)
    mean = np.where(unfitted.fitted, good.mean_mm, np.nan)
    assert fit_failure(replace(unfitted, mean_mm=mean)) == ""
    nothing = replace(good, fitted=np.zeros(12, dtype=bool))
    assert fit_failure(nothing) == "no frame was fitted"
    assert fit_failure(replace(nothing, partial=True)) == ""
    for recipe in ("text", {"stages": 3}, {"stages": [{"later": 1}]}, None):
        assert fit_failure(replace(good, provenance={"recipe": recipe})) == ""


def test_a_run_that_was_cancelled_is_not_judged_by_its_mean(good: FitResult) -> None:
    assert fit_failure(replace(far(good), partial=True)) == ""


def test_frames_fitted_again_one_by_one_are_no_failure_of_the_others() -> None:
    motion, pair, _ = fitted_clip("walk", 0, 12)
    fast = fit(motion, pair, replace(FAST, stages=(replace(FAST.stages[0], iterations=1),)))
    assert not fast.converged.any()
    one = fit(motion, pair, Recipe(start="current"), frames=np.array([3]), start=fast)
    assert one.converged[3]
    assert not one.converged[4]
    assert one.failure == ""
    two = fit(motion, pair, Recipe(start="current"), frames=np.array([4]), start=one)
    assert two.failure == ""


def test_what_is_mended_has_not_failed_any_more(good: FitResult) -> None:
    motion, pair, _ = fitted_clip("walk", 0, 12)
    bad = judged(far(good))
    assert bad.failed
    assert merged(bad, good, np.arange(12)).failure == ""  # type: ignore[union-attr]
    betas = good.betas.copy()
    betas[0] = 40.0
    wide = judged(replace(good, betas=betas))
    assert wide.failed
    assert edited(motion, pair, wide, 0, ParameterChange(betas=good.betas)).failure == ""
    assert edited(motion, pair, good, 0, ParameterChange(betas=betas)).failed


def test_frames_that_complete_a_fit_have_it_judged_as_a_whole(good: FitResult) -> None:
    motion, pair, _ = fitted_clip("walk", 0, 12)
    first = replace(far(good), partial=True, fitted=np.arange(12) < 9)
    assert not judged(first).failed
    whole = refit_frames(motion, pair, first, np.arange(9, 12), device="cpu", threads=1)
    assert not whole.partial
    assert whole.failed
    mended = refit_frames(motion, pair, judged(far(good)), np.arange(11), device="cpu", threads=1)
    assert mended.mean_mm[0] < 10
    assert mended.failure == fit_failure(mended)


def test_what_is_changed_is_judged_as_it_is_then(good: FitResult) -> None:
    bad = judged(good, mean_mm=far(good).mean_mm)
    assert bad.failed
    assert not judged(bad, partial=True).failed

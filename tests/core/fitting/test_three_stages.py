"""Edges, translation, vertices: each by itself does its own part, and together they end where a fit ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.recipe.recipe import ACCURATE, THREE_STAGES, Recipe
from core.fitting.run import FitRun
from core.fitting.stage_reports import StageReport, StageReports
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.clip_fits import clip, fitted_clip
from tests.variants import body_pair


def told(
    motion: Motion, pair: BodyPair, recipe: Recipe, start: FitResult | None = None
) -> tuple[FitResult, tuple[StageReport, ...]]:
    run = FitRun(motion, pair, recipe, start=start, device="cpu", threads=1, measure_start=True)
    reports = StageReports(0.0)
    for progress in run:
        reports.see(progress, 0.0)
    return run.result(), reports.reports()


@pytest.mark.parametrize("variant", ["built-in", "strong correctives"])
def test_one_by_one_they_end_where_one_run_ends(variant: str) -> None:
    motion, pair = clip("cartwheel", 40, 64), body_pair(variant)
    whole, together = told(motion, pair, THREE_STAGES)
    assert [report.kind for report in together] == ["edge", "translation", "vertex"]
    fit: FitResult | None = None
    for stage, report in zip(THREE_STAGES.stages, together, strict=True):
        before = fit
        start = "parts" if fit is None else "current"
        fit, (alone,) = told(motion, pair, replace(THREE_STAGES, stages=(stage,), start=start), fit)
        assert alone.objective == pytest.approx(report.objective)
        assert alone.now_mm == pytest.approx(report.now_mm)
        assert alone.objective[-1] < alone.objective[0]
        if stage.stage == "vertex":
            assert alone.now_mm < 0.5 * alone.before_mm
            continue
        # Neither finds a shape, and the second moves the body as a whole alone.
        assert not fit.betas.any()
        assert before is None or np.allclose(fit.poses, before.poses, atol=1e-5)
    assert np.array_equal(fit.poses, whole.poses)
    assert np.array_equal(fit.betas, whole.betas)


def test_as_near_as_the_accurate_fit() -> None:
    motion, pair, accurate = fitted_clip("spinkick", 20, 52)
    fit, _ = told(motion, pair, THREE_STAGES)
    assert fit.converged.all()
    assert not fit.failed
    assert fit.mean_mm == pytest.approx(accurate.mean_mm, abs=0.1)


def test_where_the_shape_is_solved_the_objective_before_is_told() -> None:
    motion, pair = clip("walk", 0, 4), body_pair("built-in")
    _, (vertex,) = told(motion, pair, ACCURATE)
    # From the mean shape it is far: without the place it starts from a stage would seem to do nothing.
    assert len(vertex.objective) == vertex.shape_steps + 1
    assert vertex.objective[0] > 5 * vertex.objective[-1]

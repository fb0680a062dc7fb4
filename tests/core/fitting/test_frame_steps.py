"""One frame step by step: it ends where its fit does, and every step is downhill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import RefitError
from core.fitting.frame_steps import FrameSteps, frame_steps
from core.fitting.recipe.recipe import ACCURATE, FAST, PUBLISHED, Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.progress import Snapshot
from core.measure.frame_errors import measured
from tests.core.clip_fits import bodies, clip, fitted_clip

FRAME = 30
TUNED = Recipe(
    (
        FitSettings(stage="edge", iterations=6),
        FitSettings(stage="translation"),
        FitSettings(smoothness=0.02, robust="huber"),
    ),
    name="tuned",
)
CHAIN = Recipe((FitSettings(stage="edge", order="chain", iterations=3), FitSettings()), name="chain")
PARTS = replace(ACCURATE, start="parts", name="parts")
# Ends before it converges, and is tried from other starts.
SHORT = Recipe((FitSettings(iterations=7, tolerance=1e-9, shape="fixed"),), name="short")
OWN_SHAPE = Recipe((FitSettings(shape="per-frame"),), name="own shape")


def steps_of(recipe: Recipe, with_fit: bool = True) -> FrameSteps:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    return frame_steps(motion, pair, recipe, FRAME, fit if with_fit else None, device="cpu")


@pytest.mark.parametrize(
    ("recipe", "with_fit"),
    [
        (ACCURATE, True),
        (ACCURATE, False),
        (FAST, False),
        (TUNED, True),
        (CHAIN, True),
        (PARTS, False),
        (SHORT, False),
        (OWN_SHAPE, True),
        *(
            pytest.param(recipe, with_fit, marks=pytest.mark.slow)
            for recipe, with_fit in (
                (FAST, True),
                (TUNED, False),
                (CHAIN, False),
                (PARTS, True),
                (OWN_SHAPE, False),
            )
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Recipe) else "with a fit" if value else "without",
)
def test_the_last_step_is_the_fit_of_the_frame(recipe: Recipe, with_fit: bool) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    found = steps_of(recipe, with_fit)
    start = fit if with_fit else None
    run = FitRun(motion, pair, recipe, frames=np.array([FRAME]), start=start, device="cpu", threads=1)
    for _ in run:
        pass
    last = len(found) - 1
    assert found.ends[-1] == last
    assert found.steps[-1].mean_mm == pytest.approx(run.result().mean_mm[FRAME], abs=1e-4)
    assert found.fit(last).mean_mm[FRAME] == pytest.approx(run.result().mean_mm[FRAME], abs=1e-4)
    assert list(found.ends) == sorted(found.ends)
    for before, after in zip(found.steps[1:], found.steps[2:], strict=False):
        if (before.stage, before.phase) == (after.stage, after.phase):
            assert after.objective <= before.objective * (1 + 1e-6)
    assert found.steps[0].mean_mm > found.steps[-1].mean_mm


def test_what_a_look_at_the_end_finds_is_told_too() -> None:
    motion, pair = clip("spinkick", 30, 50), bodies("dense correctives")
    told: list[Snapshot] = []
    run = FitRun(motion, pair, frames=np.array([10]), device="cpu", threads=1, watch=told.append)
    for _ in run:
        pass
    result = run.result()
    np.testing.assert_allclose(told[-1].poses[0], result.poses[10], rtol=0, atol=1e-6)
    np.testing.assert_allclose(told[-1].transl[0], result.transl[10], rtol=0, atol=1e-6)
    assert told[-1].errors.mean[0] == result.mean_mm[10]


def test_the_fit_after_each_step_is_what_it_says_and_leaves_others_alone() -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)
    others = np.arange(60) != FRAME
    for start in (fit, None):
        found = frame_steps(motion, pair, TUNED, FRAME, start, device="cpu")
        assert [found.steps[end].kind for end in found.ends] == ["edge", "translation", "vertex"]
        assert sum(found.iterations(stage) for stage in range(3)) == len(found) - 1
        for index, step in enumerate(found.steps):
            shown = found.fit(index)
            errors = measured(motion, pair, shown, np.array([FRAME]))
            assert errors.mean[0] == pytest.approx(step.mean_mm, abs=2e-3)
            assert shown.mean_mm[FRAME] == np.float32(step.mean_mm)
            assert shown.max_mm[FRAME] == pytest.approx(errors.max[0], abs=0.02)
            if start is not None:
                np.testing.assert_array_equal(shown.poses[others], fit.poses[others])
                np.testing.assert_array_equal(shown.betas, fit.betas)
                np.testing.assert_array_equal(shown.mean_mm[others], fit.mean_mm[others])
        ends = (found.fit(index).poses[FRAME] for index in (0, len(found) - 1))
        moved = [np.abs(poses - found.result.poses[FRAME]).max() for poses in ends]
        assert moved[0] > 0.01
        assert moved[1] < 1e-5


def test_a_frame_that_is_at_its_best_has_no_step() -> None:
    found = steps_of(replace(ACCURATE, start="current"))
    assert len(found) == 1
    assert found.ends == (0,)


def test_it_can_be_ended_and_says_what_it_cannot_do() -> None:
    motion, pair, fit = fitted_clip("walk", 0, 60)

    class Enough(Exception):
        pass

    def enough() -> None:
        raise Enough

    with pytest.raises(Enough):
        frame_steps(motion, pair, ACCURATE, FRAME, fit, device="cpu", check=enough)
    with pytest.raises(RefitError, match="published method"):
        frame_steps(motion, pair, PUBLISHED, FRAME, fit, device="cpu")


def test_a_fit_after_a_step_has_failed_or_not_by_its_own_figures() -> None:
    found = steps_of(ACCURATE, False)
    step = found.steps[0]
    far = replace(step.taken, errors=replace(step.taken.errors, mean=np.array([437.0], np.float32)))
    steps = (replace(step, taken=far), *found.steps[1:])
    shown = replace(found, steps=steps, result=replace(found.result, partial=False))
    assert shown.fit(0).failed
    shown = replace(shown, result=shown.fit(0))
    assert not shown.fit(len(steps) - 1).failed

"""A range that was fitted again joins its surroundings without a pop beyond the source's acceleration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.measure.frame_errors import measured, swapped
from core.model.fit_result import FitResult
from core.problems.blend_frames import REACH, excess_acceleration, joined, margin, seam_jump
from tests.core.clip_fits import fitted_clip

RANGE = np.arange(35, 50)
OTHERS = {
    "hands": FitSettings(part_weights=(1, 1, 1, 30, 1, 1)),
    "stiff": FitSettings(pose_prior=0.05),
    "edges": FitSettings(stage="edge"),
}
# A pop that one can see, mm/frame².
VISIBLE = 1.0


def again(name: str, settings: FitSettings) -> tuple[FitResult, FitResult]:
    """A range with its margin fitted with other settings, and the fit before."""
    motion, pair, clean = fitted_clip(name, 0, 90)
    frames = np.union1d(RANGE, margin(motion, clean, RANGE))
    run = FitRun(motion, pair, Recipe((settings,)), frames=frames, start=clean, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result(), clean


@pytest.mark.parametrize("how", OTHERS)
@pytest.mark.parametrize("name", ["walk", "dance"])
def test_a_range_fitted_with_other_settings_joins_without_a_pop(name: str, how: str) -> None:
    motion, pair, _ = fitted_clip(name, 0, 90)
    found, clean = again(name, OTHERS[how])
    usual = float(np.nanmax(excess_acceleration(motion, pair, clean, slice(0, 90))))
    hard = swapped(clean, found, RANGE)
    soft = joined(motion, pair, clean, found, RANGE)
    assert seam_jump(motion, pair, soft, RANGE) < usual + VISIBLE
    assert seam_jump(motion, pair, soft, RANGE) <= seam_jump(motion, pair, hard, RANGE) + 0.1
    # The range is as it was fitted, what lies further away is as it was.
    np.testing.assert_array_equal(soft.poses[RANGE], found.poses[RANGE])
    away = np.setdiff1d(np.arange(90), np.arange(RANGE[0] - REACH, RANGE[-1] + REACH + 1))
    np.testing.assert_array_equal(soft.poses[away], clean.poses[away])
    np.testing.assert_array_equal(soft.mean_mm[away], clean.mean_mm[away])
    np.testing.assert_array_equal(soft.left_degrees[RANGE], found.left_degrees[RANGE])
    # Frames that fade say how far they are off themselves.
    around = margin(motion, clean, RANGE)
    np.testing.assert_allclose(
        soft.mean_mm[around], measured(motion, pair, soft, around).mean, rtol=0, atol=1e-4
    )
    # What they may have left nobody knows: they are at nobody's optimum.
    assert np.isnan(soft.left_degrees[around]).all()
    assert (soft.left_joint[around] == -1).all()
    assert (soft.mean_mm[around] <= np.maximum(clean.mean_mm, found.mean_mm)[around] + 0.05).all()


def test_without_joining_there_is_a_pop() -> None:
    motion, pair, _ = fitted_clip("walk", 0, 90)
    found, clean = again("walk", OTHERS["edges"])
    hard, soft = swapped(clean, found, RANGE), joined(motion, pair, clean, found, RANGE)
    assert seam_jump(motion, pair, hard, RANGE) > 2 * VISIBLE
    assert seam_jump(motion, pair, soft, RANGE) < seam_jump(motion, pair, hard, RANGE) / 3


def test_where_a_margin_ends() -> None:
    motion, _, clean = fitted_clip("walk", 0, 90)
    assert margin(motion, clean, np.array([40])).tolist() == [*range(34, 40), *range(41, 47)]
    assert margin(motion, clean, np.array([2, 88])).tolist() == [0, 1, *range(3, 9), *range(82, 88), 89]
    assert margin(motion, clean, np.array([40]), [38, 50]).tolist() == [39, *range(41, 47)]
    edited, fitted = np.zeros(90, bool), np.ones(90, bool)
    edited[43], fitted[38] = True, False
    assert margin(motion, replace(clean, edited=edited, fitted=fitted), np.array([40])).tolist() == [
        39, 41, 42,
    ]  # fmt: skip
    assert not len(margin(motion, clean, np.arange(4, 86)))


def test_frames_that_cannot_be_fitted_have_none_around_them() -> None:
    motion, _, clean = fitted_clip("walk", 0, 90)
    poses = motion.poses.copy()
    poses[40:45] = np.nan
    gappy = replace(motion, poses=poses)
    fitted = clean.fitted.copy()
    fitted[40:45] = False
    assert margin(gappy, replace(clean, fitted=fitted), np.arange(40, 45)).tolist() == []
    around = margin(gappy, replace(clean, fitted=fitted), np.arange(40, 47))
    assert around.tolist() == list(range(47, 47 + REACH))

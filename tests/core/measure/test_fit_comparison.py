"""What one fit has over another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.measure.fit_comparison import changed_frames, compare_fits, same_fit
from core.model.fit_result import FitResult
from core.model.joints import PARTS

FRAMES = 40
FIGURES = ("mean_mm", "median_mm", "p95_mm", "max_mm")


def fit(seed: int) -> FitResult:
    """Errors of nobody's body; the median below the mean, p95 and max above it."""
    mean = np.random.default_rng(seed).uniform(1, 5, FRAMES).astype(np.float32)
    return FitResult(
        family="smplx",
        gender="neutral",
        poses=np.zeros((FRAMES, 55, 3), np.float32),
        transl=np.zeros((FRAMES, 3), np.float32),
        betas=np.zeros(10, np.float32),
        expression=np.zeros((FRAMES, 10), np.float32),
        frame_rate=60.0,
        up_axis="z",
        source_name="walk.npz",
        fitted=np.ones(FRAMES, bool),
        converged=np.ones(FRAMES, bool),
        mean_mm=mean,
        median_mm=mean * np.float32(0.8),
        p95_mm=mean * np.float32(2),
        max_mm=mean * np.float32(4),
        part_mm=np.zeros((FRAMES, len(PARTS)), np.float32),
    )


def without(result: FitResult, frames: list[int]) -> FitResult:
    fitted = ~np.isin(np.arange(FRAMES), frames)
    nothing = {name: np.where(fitted, getattr(result, name), np.float32("nan")) for name in FIGURES}
    return replace(result, fitted=fitted, **nothing)


def test_the_figures_are_those_of_the_frames_that_changed() -> None:
    before, other = fit(0), fit(1)
    changed = np.isin(np.arange(FRAMES), range(10, 22))
    rows = {name: np.where(changed, getattr(other, name), getattr(before, name)) for name in FIGURES}
    now = replace(before, **rows)
    found = compare_fits(before, now)
    assert found is not None
    assert found.frames.tolist() == list(range(10, 22))
    assert len(found) == 12
    for name in FIGURES:
        join = np.max if name == "max_mm" else np.mean
        change = getattr(found, name)
        assert change.before == pytest.approx(join(getattr(before, name)[10:22]), rel=1e-6)
        assert change.now == pytest.approx(join(getattr(now, name)[10:22]), rel=1e-6)
    gained = before.mean_mm - now.mean_mm
    assert found.better == np.count_nonzero(gained >= 0.05)
    assert found.worse == np.count_nonzero(gained <= -0.05)
    assert found.better
    assert found.worse


def test_what_nobody_could_read_is_neither_better_nor_worse() -> None:
    before = fit(0)
    found = compare_fits(before, replace(before, mean_mm=before.mean_mm + np.float32(0.04)))
    assert found is not None
    assert (len(found), found.better, found.worse) == (FRAMES, 0, 0)


def test_frames_that_only_one_of_them_holds_do_not_count() -> None:
    found = compare_fits(without(fit(0), [0, 1, 2]), without(fit(1), [2, 3, 4, 39]))
    assert found is not None
    assert found.frames.tolist() == list(range(5, 39))
    assert np.isfinite([found.mean_mm.before, found.max_mm.now]).all()


def test_without_a_frame_that_changed_there_is_nothing_to_tell() -> None:
    before = fit(0)
    assert compare_fits(before, replace(before, seconds=3.0)) is None
    assert compare_fits(before, before.take(np.arange(5))) is None
    assert compare_fits(without(before, list(range(20))), without(before, list(range(20, 40)))) is None


def test_frames_that_are_not_the_same_are_told_whatever_their_errors() -> None:
    before = without(fit(0), [7])
    again = replace(
        before, **{name: values.copy() for name, values in before.by_frame().items()}, seconds=9.0
    )
    assert changed_frames(before, again).tolist() == []
    assert same_fit(before, again)
    told = replace(again, left_degrees=np.ones(FRAMES, np.float32), left_joint=np.ones(FRAMES, np.int16))
    assert same_fit(before, told)
    assert compare_fits(before, told) is None
    poses, converged = before.poses.copy(), before.converged.copy()
    poses[[3, 7], 2, 1] += 0.1
    converged[12] = False
    # What stands in a frame that neither has fitted is nobody's.
    assert changed_frames(before, replace(again, poses=poses, converged=converged)).tolist() == [3, 12]
    assert changed_frames(before, fit(0)).tolist() == [7]
    assert len(changed_frames(before, replace(again, betas=before.betas + 1))) == FRAMES - 1
    assert not same_fit(before, replace(again, poses=poses))
    assert not same_fit(before, replace(again, partial=True))
    painted = {"correspondence": {"painted_mask": {"vertices": 4, "left_out": [[0, 1]]}}}
    assert not same_fit(before, replace(again, provenance=painted))

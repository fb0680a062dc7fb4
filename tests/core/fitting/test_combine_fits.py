"""A cancelled run on top of an earlier fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.combine_fits import is_partial, merged
from core.model.fit_result import FitResult
from core.model.joints import PARTS

FRAMES = 6


def made(value: float, fitted: list[int], mm: float = 2.0) -> FitResult:
    done = np.isin(np.arange(FRAMES), fitted)

    def column(number: float) -> np.ndarray:
        return np.where(done, number, np.nan).astype(np.float32)

    return FitResult(
        family="smplx",
        gender="neutral",
        poses=np.full((FRAMES, 55, 3), value, np.float32),
        transl=np.full((FRAMES, 3), value, np.float32),
        betas=np.ones(10, np.float32),
        expression=np.zeros((FRAMES, 10), np.float32),
        frame_rate=60.0,
        up_axis="z",
        source_name="walk.npz",
        fitted=done,
        converged=done.copy(),
        mean_mm=column(mm),
        median_mm=column(mm),
        p95_mm=column(mm),
        max_mm=column(mm),
        part_mm=np.full((FRAMES, len(PARTS)), mm, np.float32),
    )


def test_frames_not_reached_keep_the_earlier_fit() -> None:
    both = merged(made(1.0, [0, 1, 2, 3]), made(2.0, [2, 3, 4]), np.array([2, 3, 4]))
    assert both is not None
    assert both.poses[:, 0, 0].tolist() == [1, 1, 2, 2, 2, 1]
    assert both.fitted.tolist() == [True] * 5 + [False]


def test_a_frame_cut_short_keeps_the_better_fit() -> None:
    later = made(2.0, [1, 2])
    later.converged[:] = False
    later.mean_mm[1:3] = 5.0, 1.0
    both = merged(made(1.0, [0, 1, 2]), later, np.array([1, 2]))
    assert both is not None
    assert both.poses[:, 0, 0].tolist() == [1, 1, 2, 1, 1, 1]


@pytest.mark.parametrize("what", ["betas", "frame_betas", "expression"])
def test_two_shapes_are_not_mixed(what: str) -> None:
    later = made(2.0, [2, 3])
    other = {
        "betas": later.betas + 0.1,
        "frame_betas": np.ones((FRAMES, 10), np.float32),
        "expression": later.expression + 0.1,
    }
    assert merged(made(1.0, [0, 1]), replace(later, **{what: other[what]}), np.array([2, 3])) is None


def test_partial_says_whether_frames_were_left_out() -> None:
    fitted = np.array([True, True, False])
    none, asked = np.empty(0, int), np.array([0, 1])
    assert not is_partial(fitted, asked, none)
    assert is_partial(fitted, asked, np.arange(3))
    assert is_partial(fitted, np.arange(3), none)

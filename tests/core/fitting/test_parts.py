"""A motion fitted in parts is the motion fitted as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.fitting import parts
from core.fitting.parts import Part, PartOfRun, can_be_parted, joined, part_count
from core.fitting.recipe.recipe import ACCURATE, PRESETS, PUBLISHED, Recipe
from core.fitting.run import FitRun
from core.fitting.stage import stage
from core.fitting.stage.partial_result import FittedChunk
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.clip_fits import clip
from tests.variants import body_pair

FRAMES, LOT = 210, 64
SMOOTH = Recipe((replace(ACCURATE.stages[0], smoothness=0.3),))


@pytest.fixture(autouse=True)
def short_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "LEVELLED", LOT)
    monkeypatch.setattr(parts, "PART_FRAMES", LOT)
    monkeypatch.setattr(parts, "LEAST_FRAMES", 32)
    monkeypatch.setattr(parts, "MOST_OVERLAP", 40)


def motion() -> Motion:
    """With frames that are not finite where two parts meet, and in one."""
    walk = clip("walk", 0, FRAMES)
    poses = walk.poses.copy()
    poses[[20, LOT, LOT + 1]] = np.nan
    return replace(walk, poses=poses)


def fitted(recipe: Recipe) -> tuple[FitResult, list[Part]]:
    pair = body_pair("built-in")
    run = FitRun(motion(), pair, recipe, device="cpu", threads=1)
    for _ in run:
        pass
    found = []
    count = part_count(FRAMES)
    for index in range(count):
        part = PartOfRun(motion(), pair, recipe, device="cpu", threads=1, index=index, count=count)
        for _ in part:
            pass
        found.append(part.part())
    return run.result(), found


def not_begun(recipe: Recipe) -> FitRun:
    return FitRun(motion(), body_pair("built-in"), recipe, device="cpu", threads=1)


@pytest.mark.parametrize(("recipe", "close"), [(ACCURATE, 1e-6), (PRESETS["fast"], 1e-6), (SMOOTH, 1e-3)])
def test_parts_make_up_the_fit_of_the_whole(recipe: Recipe, close: float) -> None:
    whole, found = fitted(recipe)
    assert [len(part.frames) for part in found] == [64, 64, 79]
    fit = joined(not_begun(recipe), found[::-1])
    assert fit is not None
    assert np.array_equal(fit.betas, whole.betas)
    for name in ("fitted", "converged", "edited"):
        assert np.array_equal(getattr(fit, name), getattr(whole, name))
    for name in ("mean_mm", "median_mm", "p95_mm", "part_mm"):
        assert np.allclose(getattr(fit, name), getattr(whole, name), rtol=0, atol=close, equal_nan=True)
    assert np.abs(fit.poses - whole.poses).max() < 10 * close
    assert np.abs(fit.transl - whole.transl).max() < close
    told = ("source", "recipe", "source_body", "target_body", "correspondence")
    assert all(fit.provenance[key] == whole.provenance[key] for key in told)
    assert (fit.partial, fit.failure) == (whole.partial, whole.failure) == (False, "")


def test_frames_are_judged_among_the_same_whatever_else_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    before: dict[tuple[int, ...], list[list[int]]] = {}
    mended = stage.mended

    def judging(found: FittedChunk, frames: np.ndarray, *rest: Any) -> FittedChunk:
        before.setdefault(tuple(frames), []).append(rest[-1].frames.tolist())
        return mended(found, frames, *rest)

    monkeypatch.setattr(stage, "mended", judging)
    pair = body_pair("built-in")
    on: dict[str, Any] = {"device": "cpu", "threads": 1}
    runs = [FitRun(motion(), pair, ACCURATE, first_frame=first, **on) for first in (0, 2 * LOT)]
    runs.append(PartOfRun(motion(), pair, ACCURATE, index=1, count=3, **on))
    for run in runs:
        for _ in run:
            pass
    each = [others for others in before.values() if len(others) > 1]
    assert max(len(others) for others in each) == 3
    assert max(len(others[0]) for others in each) > LOT
    for others in each:
        assert others == [others[0]] * len(others)


def test_what_makes_up_no_fit_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = PRESETS["fast"]
    _, found = fitted(recipe)
    assert joined(not_begun(recipe), found[1:]) is None
    other = replace(found[0].fit, betas=found[0].fit.betas + 0.01)
    assert joined(not_begun(recipe), [replace(found[0], fit=other), *found[1:]]) is None
    monkeypatch.setattr(parts, "leave_out", lambda *_: "Rows are far off.")
    assert joined(not_begun(recipe), found) is None


def test_which_motions_are_cut() -> None:
    assert [part_count(frames) for frames in (5, 64, 95, 96, 160, 223, 224)] == [1, 1, 1, 2, 3, 3, 4]
    assert can_be_parted(ACCURATE)
    assert not can_be_parted(PUBLISHED)
    assert not can_be_parted(Recipe((*ACCURATE.stages, *ACCURATE.stages)))
    assert not can_be_parted(Recipe((replace(ACCURATE.stages[0], shape="per-frame"),)))

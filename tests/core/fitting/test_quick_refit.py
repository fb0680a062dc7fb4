"""One frame fitted again under another mask, and what results say of the masks they were made with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import RefitError
from core.fitting.quick_refit import QuickRefit, Refit
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.measure.vertex_mask import (
    made_weights,
    made_with,
    measured_mask,
    measured_with,
    painted_words,
    with_measured_mask,
)
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.frame_parameters import frame_parameters
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import posed
from core.outputs.results import load_result, save_result
from tests.core.clip_fits import fit, fitted_clip

FRAME = 9


@pytest.fixture(scope="module")
def walk() -> tuple[Motion, BodyPair, FitResult]:
    return fitted_clip("walk", 0, 16)


def without(pair: BodyPair, *parts: str) -> np.ndarray:
    out = np.isin(pair.target.vertex_part, [PARTS.index(part) for part in parts])
    return pair.correspondence.valid & ~out


def settled(quick: QuickRefit, valid: np.ndarray, frame: int = FRAME) -> Refit:
    for _ in range(12):
        found = quick.refit(frame, valid)
        if found.converged:
            return found
    raise AssertionError("it does not come to rest")


def fitted_again(motion: Motion, pair: BodyPair, result: FitResult) -> FitResult:
    """With that one frame fitted by an ordinary run."""
    recipe = Recipe((FitSettings(),), start="current")
    frames = np.array([FRAME])
    run = FitRun(motion, pair, recipe, frames=frames, start=result, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


@pytest.mark.parametrize("parts", [("feet",), ("arms", "hands"), ("torso",)])
def test_it_ends_where_a_run_with_that_mask_ends(
    walk: tuple[Motion, BodyPair, FitResult], parts: tuple[str, ...]
) -> None:
    motion, pair, result = walk
    valid = without(pair, *parts)
    found = settled(QuickRefit(motion, pair, result), valid)
    wanted = fitted_again(motion, pair.with_valid(valid), result)
    assert found.after_mm == pytest.approx(wanted.mean_mm[FRAME], abs=2e-3)
    skin, _ = posed(wanted.as_motion(), pair.target, np.array([FRAME]))
    assert np.linalg.norm(found.vertices - skin[0], axis=1)[valid].mean() < 2e-4
    assert np.isnan(found.error_mm[~valid]).all()
    assert np.nanmean(found.error_mm) == pytest.approx(found.after_mm, rel=1e-5)


def test_the_change_is_the_pose_that_is_shown(walk: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, pair, result = walk
    quick = QuickRefit(motion, pair, result)
    same = quick.refit(FRAME, pair.correspondence.valid)
    assert same.before_mm == pytest.approx(result.mean_mm[FRAME], rel=1e-4)
    assert same.after_mm == pytest.approx(same.before_mm, abs=1e-3), "nothing to gain with the same mask"
    found = settled(quick, without(pair, "legs"))
    alone = frame_parameters(result, FRAME).with_change(found.change).as_motion(result)
    skin, joints = posed(alone, pair.target, slice(0, 1))
    np.testing.assert_allclose(found.vertices, skin[0], atol=2e-6)
    np.testing.assert_allclose(found.joints, joints[0], atol=2e-6)


def test_shapes_of_the_frames_own_are_held(walk: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, pair, result = walk
    own = np.repeat(result.betas[None], len(result), 0)
    own[FRAME] += 0.2
    other = replace(result, frame_betas=own)
    found = QuickRefit(motion, pair, other).refit(FRAME, pair.correspondence.valid)
    shared = replace(result, betas=own[FRAME])
    wanted = QuickRefit(motion, pair, shared).refit(FRAME, pair.correspondence.valid)
    np.testing.assert_allclose(found.vertices, wanted.vertices, atol=1e-6)


def test_what_cannot_be_fitted_is_refused(walk: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, pair, result = walk
    left = replace(result, fitted=np.arange(len(result)) != FRAME)
    with pytest.raises(RefitError, match=f"Frame {FRAME} is not fitted"):
        QuickRefit(motion, pair, left).refit(FRAME, pair.correspondence.valid)
    few = np.zeros_like(pair.correspondence.valid)
    with pytest.raises(RefitError, match="0 valid vertices leaves nothing to fit"):
        QuickRefit(motion, pair, result).refit(FRAME, few)


def test_a_painted_mask_is_told_and_found_again(
    walk: tuple[Motion, BodyPair, FitResult], tmp_path: Path
) -> None:
    motion, pair, result = walk
    own = pair.correspondence
    valid = without(pair, "feet")
    valid[4000] = False
    painted = pair.with_valid(valid)
    assert painted.correspondence.painted
    assert painted.with_valid(np.ones_like(valid)).correspondence.painted is False, "rows stay empty"
    assert np.array_equal(painted.with_valid(own.valid).correspondence.valid, own.valid)

    made = fit(motion, painted)
    save_result(tmp_path / "fit.npz", made)
    read = load_result(tmp_path / "fit.npz")
    assert np.array_equal(measured_mask(read, own), valid)
    assert made_with(read, painted.correspondence)
    assert not made_with(read, own)
    again = with_measured_mask(pair, read)
    assert np.array_equal(again.correspondence.valid, valid)
    assert np.array_equal(again.correspondence.own, own.valid)

    # Fits of earlier versions name no mask, and have the files' own.
    assert with_measured_mask(painted, result).correspondence.painted is False


def test_errors_are_over_another_mask_while_the_fit_stays(walk: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, pair, result = walk
    painted = pair.with_valid(without(pair, "hands"))
    asked: list[tuple[int, int]] = []
    other = measured_with(motion, painted, result, lambda done, total: asked.append((done, total)))
    assert asked[-1] == (16, 16)
    assert other.poses is result.poses
    assert np.array_equal(measured_mask(other, pair.correspondence), painted.correspondence.valid)
    assert made_with(other, pair.correspondence), "it was made with the mask that it had"
    assert np.isnan(other.part_mm[:, PARTS.index("hands")]).all()
    back = measured_with(motion, pair, other)
    np.testing.assert_allclose(back.mean_mm, result.mean_mm, rtol=1e-3)
    assert back.provenance == result.provenance


def test_kept_frames_tell_their_masks(walk: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, pair, result = walk
    painted = pair.with_valid(without(pair, "hands"))
    found = fitted_again(motion, painted, result)
    assert not made_with(found, painted.correspondence), "the other frames were made with another one"
    assert np.array_equal(measured_mask(found, pair.correspondence), pair.correspondence.valid), (
        "the errors of the kept frames are over the mask that they were measured with"
    )
    told = measured_with(motion, painted, found)
    assert np.array_equal(measured_mask(told, pair.correspondence), painted.correspondence.valid)
    assert not made_with(told, painted.correspondence)


def test_weights_of_vertices_are_used_told_and_read_again(
    walk: tuple[Motion, BodyPair, FitResult], tmp_path: Path
) -> None:
    motion, pair, result = walk
    weights = np.ones(pair.target.num_vertices, np.float32)
    hands = pair.target.vertex_part == PARTS.index("hands")
    weights[hands] = 8.0
    weights[pair.target.vertex_part == PARTS.index("torso")] = 0.1
    weighed, valid = pair.with_weights(weights), pair.correspondence.valid
    assert made_with(result, pair.correspondence)
    assert not made_with(result, weighed.correspondence)
    quick = QuickRefit(motion, pair, result)
    for _ in range(12):
        found = quick.refit(FRAME, valid, weights)
        if found.converged:
            break
    assert found.heavier_mm is not None
    own = result.part_mm[FRAME, PARTS.index("hands")]
    assert np.nanmean(found.error_mm[hands & valid]) < own, "what weighs more is met better"
    wanted = fitted_again(motion, weighed, result)
    assert found.after_mm == pytest.approx(wanted.mean_mm[FRAME], abs=2e-3)
    assert quick.refit(FRAME, valid).heavier_mm is None
    # All frames with the weights: the file says so, and whoever reads it gets them back.
    whole = fit(motion, weighed)
    assert made_with(whole, weighed.correspondence)
    assert not made_with(whole, pair.correspondence)
    save_result(tmp_path / "weighed.npz", whole)
    again = load_result(tmp_path / "weighed.npz")
    told = made_weights(again, pair.correspondence)
    assert told is not None
    np.testing.assert_array_equal(told, weights)
    np.testing.assert_array_equal(measured_mask(again, pair.correspondence), valid)
    assert "with weights ×0.1 to ×8" in painted_words(again)
    assert made_weights(result, pair.correspondence) is None


def test_weights_that_are_none(walk: tuple[Motion, BodyPair, FitResult]) -> None:
    _, pair, _ = walk
    count = pair.target.num_vertices
    assert pair.with_weights(np.ones(count)) is pair
    for weights in (np.ones(3), np.zeros(count), np.full(count, np.inf)):
        with pytest.raises(RefitError):
            pair.with_weights(weights)

"""Skin that no source speaks for is in no figure, whoever measures it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from core.fitting.combine_fits import merged
from core.fitting.posed_frames import PosedFrames
from core.fitting.quick_refit import QuickRefit
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import Progress
from core.fitting.stage.initial_pose import finger_skin, held_hands
from core.measure.counted_vertices import HELD, NOTE, counted_valid
from core.measure.fit_comparison import compare_fits, run_entry
from core.measure.frame_errors import measured
from core.measure.measure_motion import measure_motion
from core.measure.vertex_mask import measured_mask, measured_with
from core.measure.vertex_series import vertex_series
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.frame_parameters import ParameterChange
from core.model.joints import HANDS, PARTS
from core.model.motion import Motion
from core.outputs.results import load_result, save_result
from core.problems.changes import part_changes
from core.problems.detect import find_problems
from core.problems.edited import edited
from core.problems.fix_strategies import STRATEGIES, FixTrial
from core.problems.limb_transfer import LIMBS, limb_errors, limb_of
from core.problems.second_opinion import SecondOpinion
from tests.core.fitting.judged import fit, run
from tests.core.fitting.test_fingers import as_smpl
from tests.variants import body_pair

HELD_ONE = FitSettings(free_left_hand=False, shape_frames=8)
HELD_BOTH = replace(HELD_ONE, free_right_hand=False)
HAND = PARTS.index("hands")
NAMES = ("mean", "median", "p95", "max", "part")


@lru_cache
def held(settings: FitSettings = HELD_BOTH) -> tuple[Motion, BodyPair, FitResult, list[Progress]]:
    motion, pair = as_smpl().cut(0, 8), body_pair("built-in", source="smpl")
    return motion, pair, *run(motion, pair, settings, measure_start=True)


def skin(pair: BodyPair, *hands: str) -> np.ndarray:
    return np.any([finger_skin(pair.target, HANDS[hand]) for hand in hands], axis=0)


def check_same(result: FitResult, found: FitResult | object, suffix: str = "") -> None:
    for name in NAMES:
        np.testing.assert_allclose(
            getattr(found, name + suffix), getattr(result, f"{name}_mm"), atol=0.005, err_msg=name
        )


@pytest.mark.parametrize(("settings", "hands"), [(HELD_BOTH, ("left", "right")), (HELD_ONE, ("left",))])
def test_every_figure_leaves_out_held_fingers(settings: FitSettings, hands: tuple[str, ...]) -> None:
    motion, pair, result, steps = held(settings)
    assert result.provenance[HELD] == list(hands)
    counts = pair.correspondence.valid & ~skin(pair, *hands)
    assert np.array_equal(counted_valid(pair, result), counts)
    plain = replace(result, provenance={k: v for k, v in result.provenance.items() if k != HELD})
    every = np.arange(len(motion))
    check_same(result, measured(motion, pair, result, every))
    check_same(result, measured(motion, pair.with_valid(counts), plain, every))
    assert measured(motion, pair, plain, every).part[:, HAND].min() > 2 * result.part_mm[:, HAND].max()
    assert steps[-1].mean_mm == pytest.approx(result.mean_mm.mean(), abs=0.005)
    assert [step.note for step in steps].count(NOTE) == 1
    # What the first step and the shape tell are over the same vertices: with the fingers they are larger.
    assert steps[-2].mean_mm < measured(motion, pair, plain, every).mean.mean()

    metrics = measure_motion(motion, pair, result)
    np.testing.assert_allclose(metrics.mean_mm, result.mean_mm, atol=0.005)
    np.testing.assert_allclose(metrics.part_mm, result.part_mm, atol=0.005)
    assert np.array_equal(np.isfinite(metrics.vertex_mean_mm), counts)
    assert not [problem for problem in find_problems(metrics) if "hand" in problem.part]
    shown = PosedFrames(motion, pair, result).frame(3).error_mm
    assert shown is not None
    assert np.array_equal(np.isfinite(shown), counts)
    assert np.nanmean(shown) == pytest.approx(result.mean_mm[3], abs=0.005)
    some = np.flatnonzero(pair.correspondence.valid)[::97]
    series = vertex_series(motion, pair, result, some)
    assert np.array_equal(np.isfinite(series).all(0), counts[some])


def test_it_stays_so_in_files_in_edits_and_with_other_masks(tmp_path: Path) -> None:
    motion, pair, result, _ = held()
    save_result(tmp_path / "fit.npz", result)
    read = load_result(tmp_path / "fit.npz")
    assert np.array_equal(counted_valid(pair, read), counted_valid(pair, result))
    assert np.array_equal(measured_mask(read, pair.correspondence), pair.correspondence.valid)
    check_same(read, measured(motion, pair, read, np.arange(len(motion))))
    check_same(result, measured_with(motion, pair, result), "_mm")

    nudged = edited(motion, pair, result, 2, ParameterChange({15: result.poses[2, 15] + 1e-5}))
    assert nudged.mean_mm[2] == pytest.approx(result.mean_mm[2], abs=0.01)

    valid = pair.correspondence.valid & (pair.target.vertex_part != PARTS.index("feet"))
    masked = measured_with(motion, pair.with_valid(valid), read)
    shown = PosedFrames(motion, pair.with_valid(valid), masked).frame(0).error_mm
    assert shown is not None
    assert np.array_equal(np.isfinite(shown), valid & counted_valid(pair, result))
    assert masked.mean_mm[0] == pytest.approx(np.nanmean(shown), abs=0.005)

    quick = QuickRefit(motion, pair, result, HELD_BOTH).refit(1, pair.correspondence.valid)
    assert np.array_equal(np.isfinite(quick.error_mm), counted_valid(pair, result))
    assert quick.before_mm == pytest.approx(result.mean_mm[1], abs=0.005)


def test_frames_fitted_again_are_measured_as_the_others_are() -> None:
    motion, pair, result, _ = held()
    free = FitSettings(shape_frames=8)
    again = fit(motion, pair, Recipe((free,), "current"), frames=np.array([4]), start=result)
    assert again.provenance[HELD] == ["left", "right"]
    check_same(again, measured(motion, pair, again, np.arange(len(motion))))
    whole = fit(motion, pair, Recipe((free,), "current"), start=result)
    assert HELD not in whole.provenance
    after = Recipe((HELD_BOTH,), "current")
    assert held_hands(pair, after, whole, False) == (), "they are where the fit before had them"
    assert held_hands(pair, after, result, False) == ("left", "right")
    assert held_hands(pair, Recipe((HELD_BOTH, free)), None, False) == ()
    assert held_hands(body_pair("built-in"), Recipe((HELD_BOTH,)), None, False) == (), "its joints say it"


def test_fits_that_say_nothing_count_all_their_skin() -> None:
    _, pair, result, _ = held()
    for told in (None, "left", ["neither"], 3):
        older = replace(result, provenance=result.provenance | {HELD: told})
        assert counted_valid(pair, older) is pair.correspondence.valid
    assert counted_valid(pair, None) is pair.correspondence.valid
    nothing_else = pair.with_valid(skin(pair, "left", "right"))
    assert np.array_equal(counted_valid(nothing_else, result), nothing_else.correspondence.valid)


def test_limbs_are_told_apart_among_the_vertices_that_count() -> None:
    motion, pair, result, _ = held()
    placed, _ = limb_errors(motion, pair, result, np.arange(len(motion)))
    body = pair.target
    limb = np.array([limb_of(name) for name in body.joint_names])[body.weights.argmax(1)]
    counts = counted_valid(pair, result)
    vertex = measure_motion(motion, pair, result).vertex_mean_mm
    for index, name in enumerate(LIMBS):
        theirs = vertex[counts & (limb == name)]
        assert len(theirs) > 10
        assert placed[:, index].mean() == pytest.approx(theirs.mean(), abs=0.01), name


def test_fits_that_leave_out_other_fingers_are_neither_mixed_nor_compared() -> None:
    motion, pair, result, _ = held()
    free = replace(result, provenance={k: v for k, v in result.provenance.items() if k != HELD})
    free = measured_with(motion, pair, free)
    every = np.arange(len(motion))
    for earlier, later in ((result, free), (free, result)):
        assert merged(earlier, later, every[:4]) is None
        whole = merged(earlier, later, every)
        assert whole is not None, "of the earlier one nothing is kept"
        check_same(whole, measured(motion, pair, whole, every))
        assert compare_fits(earlier, later) is None
        told = part_changes(earlier, later, every)
        assert "hands" not in told
        assert "whole body" not in told
    moved = replace(free, poses=free.poses.copy(), converged=~free.converged)
    entry = run_entry("fit", result, moved)
    assert entry.mean_mm is not None
    assert np.isnan(entry.mean_mm.before)
    assert entry.mean_mm.now == pytest.approx(free.mean_mm.mean())


def test_a_second_opinion_is_over_the_vertices_of_the_fit() -> None:
    motion, pair, result, _ = held()
    # As after a stage that turned the fingers: all their skin is counted.
    free = measured_with(motion, pair, replace(result, provenance={"recipe": result.provenance["recipe"]}))
    poses = free.poses.copy()
    poses[5, 16] += 0.3
    bad = measured_with(motion, pair, replace(free, poses=poses))
    every = np.arange(len(motion))
    run = SecondOpinion(motion, pair, bad, every, starts=("source",), device="cpu", threads=1)
    for _ in run:
        pass
    found = run.opinion().result
    assert found.mean_mm[5] < bad.mean_mm[5] - 1
    check_same(found, measured(motion, pair, found, every))
    fixing = [strategy for strategy in STRATEGIES if strategy.name == "source"]
    trial = FixTrial(motion, pair, bad, every, strategies=fixing, device="cpu", threads=1)
    for _ in trial:
        pass
    (fix,) = trial.fixes
    check_same(fix.result, measured(motion, pair, fix.result, every))

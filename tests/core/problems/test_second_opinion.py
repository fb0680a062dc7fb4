"""A second opinion tells a failed fit from a model gap, and mends the first."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from core.errors import RefitError
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.measure.frame_errors import measured, swapped
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.findings import findings
from core.problems.rules import ProblemKind
from core.problems.second_opinion import STARTS, SecondOpinion, settings_of
from core.problems.verdict import Margin, Opinion, Verdict, judgements
from tests.core.clip_fits import fitted_clip
from tests.core.problems.test_detect import planted

WHERE = [("walk", 0, 90, "built-in"), ("dance", 100, 190, "strong correctives")]
GAP, FAILED, UNKNOWN = Verdict.MODEL_GAP, Verdict.FAILED_FIT, Verdict.UNKNOWN
CLOSE_MM = 0.02


def opinion(motion: Motion, pair: BodyPair, result: FitResult, frames: Any, **options: Any) -> Opinion:
    run = SecondOpinion(motion, pair, result, frames, device="cpu", threads=1, **options)
    for _ in run:
        pass
    return run.opinion()


def scrambled(result: FitResult, frames: list[int]) -> FitResult:
    """Every joint turned at random, eyes and jaw too."""
    rng, poses = np.random.default_rng(0), result.poses.copy()
    poses[frames] += rng.normal(size=poses[frames].shape).astype(np.float32)
    return replace(result, poses=poses)


@pytest.mark.parametrize("where", WHERE, ids=lambda where: where[0])
def test_planted_faults_are_failed_fits_and_are_mended(where: tuple[str, int, int, str]) -> None:
    motion, pair, clean = fitted_clip(*where)
    bad, faults = planted(clean, pair)
    frames = sorted({frame for some in faults.values() for frame in some})
    found = opinion(motion, pair, bad, frames)
    judged = judgements(found)
    assert [judgement.frame for judgement in judged] == frames
    assert {judgement.verdict for judgement in judged} == {FAILED}
    assert (found.before_mm > 1.1 * clean.mean_mm[frames]).all()
    assert np.abs(found.after_mm - clean.mean_mm[frames]).max() < CLOSE_MM
    # What the better fit says of itself is so, and it is the clean fit again.
    mended = found.result
    assert (
        np.abs(measured(motion, pair, mended, np.arange(len(motion))).mean - clean.mean_mm).max() < CLOSE_MM
    )
    np.testing.assert_array_equal(mended.mean_mm[frames], found.after_mm)
    assert mended.converged[frames].all()
    assert mended.frame_betas is None
    others = np.setdiff1d(np.arange(len(motion)), frames)
    np.testing.assert_array_equal(mended.poses[others], bad.poses[others])
    np.testing.assert_array_equal(mended.betas, bad.betas)


@pytest.mark.parametrize("where", WHERE, ids=lambda where: where[0])
def test_the_worst_frames_of_a_good_fit_are_a_model_gap(where: tuple[str, int, int, str]) -> None:
    motion, pair, clean = fitted_clip(*where)
    worst = np.argsort(-clean.mean_mm)[:6]
    found = opinion(motion, pair, clean, worst)
    assert {judgement.verdict for judgement in judgements(found)} == {GAP}
    np.testing.assert_allclose(found.before_mm, clean.mean_mm[found.frames], atol=1e-3)
    assert np.abs(found.after_mm - found.before_mm).max() < CLOSE_MM
    assert set(found.by_start) == set(STARTS)
    for values in found.by_start.values():
        assert np.abs(values - found.before_mm).max() < CLOSE_MM


def test_other_starts_mend_what_the_fit_is_caught_in() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    frames = [40, 41]
    bad = scrambled(clean, frames)
    alone = opinion(motion, pair, bad, frames, starts=("current",))
    assert (alone.after_mm > clean.mean_mm[frames] + 1).all()
    for start in ("source", "neighbours", "parts"):
        other = opinion(motion, pair, bad, frames, starts=(start,))
        assert np.abs(other.after_mm - clean.mean_mm[frames]).max() < CLOSE_MM, start
        assert other.chosen == (start, start)
    # Beside a scrambled frame that is not asked for, one further away is the neighbour.
    worse = scrambled(bad, [42])
    for suspects, near in (([], False), ([42], True)):
        found = opinion(motion, pair, worse, [41], starts=("neighbours",), suspects=[40, *suspects])
        assert (found.after_mm[0] < clean.mean_mm[41] + CLOSE_MM) == near


def test_a_fault_in_a_small_part_is_a_failed_fit() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    poses = clean.poses.copy()
    poses[30, pair.target.joint_names.index("left_foot")] += np.float32([0, 0.3, 0])
    bad = replace(clean, poses=poses)
    (judgement,) = SecondOpinion(motion, pair, bad, [30], device="cpu", threads=1).verdicts(Margin(0.5))
    assert judgement.gain < 0.2
    assert judgement.verdict is FAILED


def test_frames_without_numbers_are_left_alone() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    poses = motion.poses.copy()
    poses[5] = np.nan
    broken = replace(motion, poses=poses)
    result = replace(clean, poses=clean.poses.copy())
    result.poses[7] = np.nan
    judged = SecondOpinion(broken, pair, result, [5, 7], device="cpu", threads=1).verdicts()
    assert [(judgement.frame, judgement.verdict) for judgement in judged] == [(7, UNKNOWN)]
    assert judged[0].after == pytest.approx(clean.mean_mm[7], abs=CLOSE_MM)
    assert SecondOpinion(motion, pair, clean, [], device="cpu", threads=1).verdicts() == ()


def test_it_can_be_stopped_with_the_best_so_far() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    bad, faults = planted(clean, pair)
    run = SecondOpinion(motion, pair, bad, faults["jump"], device="cpu", threads=1)
    for progress in run:
        assert (progress.start, progress.index, progress.total) == ("current", 0, 4)
        assert progress.frames_total == 1
        run.cancel()
    found = run.opinion()
    assert found.partial
    assert list(found.by_start) == ["current"]
    assert found.after_mm[0] <= found.before_mm[0]
    left = SecondOpinion(motion, pair, bad, faults["jump"], device="cpu", threads=1)
    for _ in left:
        break
    assert left.opinion().partial
    assert not opinion(motion, pair, bad, faults["jump"]).partial


def test_frames_with_betas_of_their_own_keep_them() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    own = np.repeat(clean.betas[None], len(clean), 0)
    own[20:] += np.float32(0.3)
    result = replace(clean, frame_betas=own)
    assert not np.allclose(measured(motion, pair, result, np.array([50])).mean, clean.mean_mm[50], atol=0.05)
    found = opinion(motion, pair, result, [50])
    assert "parts" not in found.by_start
    assert found.result.frame_betas is not None
    np.testing.assert_allclose(found.result.frame_betas, own, atol=1e-6)
    np.testing.assert_allclose(
        measured(motion, pair, found.result, np.array([50])).mean, found.after_mm, atol=1e-3
    )
    # Taken over into a fit that shares its shape, such a frame brings its own.
    taken = swapped(clean, result, np.array([50]))
    assert taken.frame_betas is not None
    np.testing.assert_array_equal(taken.frame_betas[50], own[50])
    np.testing.assert_array_equal(taken.frame_betas[0], clean.betas)


def test_the_objective_is_that_of_the_fit() -> None:
    _, _, clean = fitted_clip(*WHERE[0])
    stages = (FitSettings(pose_prior=0.5), FitSettings(stage="translation"))
    made = replace(clean, provenance={"recipe": Recipe(stages).as_dict()})
    assert settings_of(made).pose_prior == 0.5
    for nonsense in ({}, {"recipe": 3}, {"recipe": {"stages": [{"no": 1}]}}, {"recipe": {"stages": 4}}):
        assert settings_of(replace(clean, provenance=nonsense)) == FitSettings()


def test_what_does_not_belong_together_is_refused() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    with pytest.raises(RefitError, match="frames"):
        SecondOpinion(motion.cut(0, 10), pair, clean, [3])
    with pytest.raises(RefitError, match="but its body is smplx"):
        SecondOpinion(motion, pair, replace(clean, family="smplh"), [3])
    with pytest.raises(ValueError, match="start is 'nowhere'"):
        SecondOpinion(motion, pair, clean, [3], starts=("nowhere",))


def test_findings_say_what_is_wrong_and_who_is_to_blame() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    assert findings(motion, pair, clean, device="cpu", threads=1) == ()
    bad, faults = planted(clean, pair)
    found = findings(motion, pair, bad, device="cpu", threads=1)
    assert [(finding.first, finding.last) for finding in found] == sorted(
        (frames[0], frames[-1]) for frames in faults.values()
    )
    assert {finding.blame for finding in found} == {"failed fit"}
    assert all(finding.worst.frame in [j.frame for j in finding.judged] for finding in found)


def test_a_fit_that_ended_early_is_told_once_and_apart() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    bad, faults = planted(clean, pair)
    hurried = replace(clean, converged=np.zeros_like(clean.converged))
    (late,) = findings(motion, pair, hurried, device="cpu", threads=1)
    assert (late.worst.kind, late.first, late.last) == (ProblemKind.NOT_CONVERGED, 0, len(motion) - 1)
    assert (late.verdict, late.blame) == (GAP, "no better fit")
    found = findings(motion, pair, replace(bad, converged=hurried.converged), device="cpu", threads=1)
    assert len(found) == len(faults) + 1
    # Where it is no news it is not told.
    one = bad.converged.copy()
    one[faults["jump"]] = False
    assert len(findings(motion, pair, replace(bad, converged=one), device="cpu", threads=1)) == len(faults)


def test_a_jump_of_the_source_is_not_blamed_on_the_bodies() -> None:
    motion, pair, _ = fitted_clip(*WHERE[0])
    trans, poses = motion.trans.copy(), motion.poses.copy()
    trans[40] += np.float32([0.03, 0.03, 0.03])
    poses[60] = np.nan
    jumping = replace(motion, trans=trans, poses=poses)
    run = FitRun(jumping, pair, FitSettings(shape_frames=16), device="cpu", threads=1)
    for _ in run:
        pass
    found = findings(jumping, pair, run.result(), device="cpu", threads=1)
    assert [(f.first, f.worst.kind, f.blame) for f in found] == [
        (40, ProblemKind.SOURCE_JUMP, "source"),
        (60, ProblemKind.NOT_FINITE, "source"),
    ]


def test_an_opinion_of_everything_keeps_the_arrays_whole() -> None:
    motion, pair, clean = fitted_clip(*WHERE[0])
    bad, _ = planted(clean, pair)
    found = opinion(motion, pair, bad, np.arange(len(motion)), starts=("neighbours", "source"))
    assert list(found.by_start) == ["source"]  # there is no neighbour to start from
    assert np.abs(found.after_mm - clean.mean_mm).max() < CLOSE_MM
    for item in fields(FitResult):
        before, after = getattr(bad, item.name), getattr(found.result, item.name)
        if isinstance(before, np.ndarray):
            assert (after.dtype, after.shape) == (before.dtype, before.shape), item.name

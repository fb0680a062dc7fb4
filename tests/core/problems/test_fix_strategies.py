"""Strategies to put frames right: each mends planted faults, the best is found, others stay as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import RefitError
from core.measure.frame_errors import measured
from core.model.joints import PARTS
from core.problems.fix_strategies import STRATEGIES, Fix, FixTrial, best
from core.problems.limb_transfer import LIMBS, borrowed, limb_errors, limb_joints
from tests.core.clip_fits import fitted_clip
from tests.core.problems.test_detect import planted

FITTING = [strategy.name for strategy in STRATEGIES if strategy.start]


@pytest.fixture(scope="module")
def trial() -> FixTrial:
    motion, pair, clean = fitted_clip("walk", 0, 60)
    bad, faults = planted(clean, pair)
    suspects = np.concatenate([np.array(frames) for frames in faults.values()])
    made = FixTrial(motion, pair, bad, faults["hand"], suspects=suspects, device="cpu", threads=1)
    told = [(step.index, step.frames_done) for step in made]
    assert [index for index, _ in told] == sorted(index for index, _ in told)
    assert told[-1][0] == len(STRATEGIES) - 1
    return made


def test_each_gives_what_it_says(trial: FixTrial) -> None:
    assert [fix.strategy.name for fix in trial.fixes if fix.strategy] == [s.name for s in STRATEGIES]
    assert trial.before.worst_part == "hands"
    for fix in trial.fixes:
        errors = measured(trial.motion, trial.bodies, fix.result, trial.frames)
        assert fix.mean_mm == pytest.approx(errors.mean.mean(), abs=1e-3)
        assert fix.max_mm == pytest.approx(errors.max.max(), abs=1e-3)
        np.testing.assert_allclose(fix.result.mean_mm[trial.frames], errors.mean, atol=1e-3)
        away = np.setdiff1d(np.arange(60), np.arange(trial.frames[0] - 6, trial.frames[-1] + 7))
        np.testing.assert_array_equal(fix.result.poses[away], trial.result.poses[away])
        np.testing.assert_array_equal(fix.result.betas, trial.result.betas)
        assert fix.result.fitted.all()
        if fix.strategy and fix.strategy.start:
            assert fix.mean_mm < trial.before.mean_mm - 1
            assert fix.smooth
    across = trial.fixes[-1].result
    assert not across.converged[trial.frames].any()
    assert np.isnan(across.left_degrees[trial.frames]).all()


def test_a_hand_is_borrowed_from_good_frames(trial: FixTrial) -> None:
    motion, pair, clean = fitted_clip("walk", 0, 60)
    fix = next(fix for fix in trial.fixes if fix.strategy and fix.strategy.name == "limb")
    assert fix.limbs == ("left hand",)
    assert fix.result.provenance["fixed"]["limbs"] == ["left hand"]
    hand = np.isin(np.arange(pair.target.num_joints), limb_joints(pair.target, "left hand"))
    frames, place = trial.frames, PARTS.index("hands")
    assert len(frames) == 10
    poses = fix.result.poses[frames]
    np.testing.assert_array_equal(poses[:, ~hand], trial.result.poses[np.ix_(frames, np.flatnonzero(~hand))])
    assert (poses[:, hand] != trial.result.poses[np.ix_(frames, np.flatnonzero(hand))]).any()
    np.testing.assert_array_equal(fix.result.transl[frames], trial.result.transl[frames])
    bad = measured(motion, pair, trial.result, frames).part[:, place].mean()
    good = measured(motion, pair, clean, frames).part[:, place].mean()
    assert bad > good + 5
    assert measured(motion, pair, fix.result, frames).part[:, place].mean() < good + 0.5
    assert fix.smooth


def test_of_a_limb_only_what_is_off_is_borrowed() -> None:
    motion, pair, clean = fitted_clip("walk", 0, 60)
    frames, names = np.arange(20, 30), pair.target.joint_names
    poses = clean.poses.copy()
    poses[np.ix_(frames, [names.index("right_elbow")])] += 0.6
    poses[np.ix_(frames[5:], [names.index("left_ankle")])] += 0.5
    bad = replace(clean, poses=poses)
    suspects = np.concatenate([frames, [40]])
    found = borrowed(motion, pair, bad, frames, suspects)
    assert found is not None
    # The hand has only moved along with its arm.
    assert found.limbs == ("right arm", "left foot")
    before, after = (limb_errors(motion, pair, fit, frames)[0].mean(0) for fit in (bad, found.result))
    wanted = limb_errors(motion, pair, clean, frames)[0].mean(0)
    for limb, good in zip(LIMBS, wanted, strict=True):
        assert after[LIMBS.index(limb)] < good + 15, limb
    arm = LIMBS.index("right arm")
    assert after[arm] < before[arm] / 3
    # At the end of a motion there is one side to take from; with nothing off something is borrowed still.
    last = np.arange(50, 60)
    found = borrowed(motion, pair, clean, last, last)
    assert found is not None
    assert len(found.limbs) == 1
    joints = limb_joints(pair.target, found.limbs[0])
    lent = found.result.poses[np.ix_(last, joints)]
    assert (lent == lent[:1]).all()
    assert borrowed(motion, pair, clean, last, np.arange(60)) is None


def test_the_best_is_the_simplest_of_those_as_good(trial: FixTrial) -> None:
    index = best(trial.fixes)
    assert index == 0
    assert best(()) is None

    def fix(mean: float, smooth: bool = True) -> Fix:
        return replace(trial.fixes[0], mean_mm=mean, smooth=smooth)

    assert best([fix(3.0), fix(2.0), fix(1.99)]) == 1
    assert best([fix(3.0), fix(2.0, False)]) == 0
    assert best([fix(3.0, False), fix(2.0, False)]) == 1
    assert best([fix(float("nan"))]) is None
    # Where nothing is better than what there is, none is to be taken.
    assert best([fix(3.0), fix(2.99)], fix(3.0)) is None
    assert best([fix(3.0), fix(2.0)], fix(3.0)) == 1
    assert best([fix(4.0)], fix(3.0, False)) is None
    assert best([fix(3.0)], fix(3.0, False)) == 0, "an even seam is a gain"
    assert best([fix(3.0)], fix(float("nan"))) == 0


def test_it_can_be_cancelled_and_keeps_what_was_tried() -> None:
    motion, pair, clean = fitted_clip("walk", 0, 60)
    trial = FixTrial(motion, pair, clean, [20, 21], device="cpu", threads=1)
    for step in trial:
        if step.index == 1:
            trial.cancel()
    assert [fix.strategy.name for fix in trial.fixes if fix.strategy] == ["source"]


def test_frames_without_numbers_are_refused() -> None:
    motion, pair, clean = fitted_clip("walk", 0, 60)
    poses = motion.poses.copy()
    poses[20] = np.nan
    with pytest.raises(RefitError, match="finite"):
        FixTrial(replace(motion, poses=poses), pair, clean, [20], device="cpu", threads=1)

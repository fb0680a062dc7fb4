"""What has become of problems after some frames were fitted again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.measure.frame_errors import measured
from core.measure.measure_motion import measure_motion
from core.problems.changes import WHOLE, body_part, gone, part_changes, problem_change
from core.problems.detect import find_problems
from tests.core.clip_fits import fitted_clip
from tests.core.problems.test_detect import planted


def test_mended_frames_are_gone_and_their_millimetres_are_told() -> None:
    motion, pair, clean = fitted_clip("walk", 0, 90, "built-in")
    bad, faults = planted(clean, pair)
    frames = np.array(faults["hand"])
    errors = measured(motion, pair, bad, frames)
    mean, part = bad.mean_mm.copy(), bad.part_mm.copy()
    mean[frames], part[frames] = errors.mean, errors.part
    bad = replace(bad, mean_mm=mean, part_mm=part)
    poses = bad.poses.copy()
    poses[frames] = clean.poses[frames]
    mended = replace(clean, poses=poses, transl=bad.transl)
    before, after = (find_problems(measure_motion(motion, pair, fit)) for fit in (bad, mended))
    left = gone(before, after)
    assert {p.frame for p in left} <= set(faults["hand"])
    assert {p.metric for p in left} >= {"part_mm", "hand_mm"}
    assert not gone(before, before)
    hand = next(p for p in left if p.metric == "part_mm")
    change = problem_change(bad, mended, hand)
    assert change is not None
    assert change.before > change.now + 5
    changes = part_changes(bad, mended, frames)
    assert list(changes) == [WHOLE, "head", "torso", "arms", "hands", "legs", "feet"]
    assert abs(changes["head"].before - changes["head"].now) < 0.01
    assert part_changes(bad, bad, frames) == {}
    assert part_changes(bad, replace(mended, fitted=np.zeros(90, bool)), frames) == {}


def test_parts_of_joints() -> None:
    assert [body_part(name) for name in ("hands", "left_index3", "left hand", "whole body")] == [
        "hands", "hands", "hands", "",
    ]  # fmt: skip

"""Problem frames: what is planted is found, what is good is left alone, and both are said in plain words."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.measure.joint_neighbours import breaks
from core.measure.measure_motion import measure_motion
from core.measure.motion_metrics import MotionMetrics
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.problems.detect import Problem, find_problems, problem_frames, stretches
from core.problems.rules import ProblemKind
from core.problems.thresholds import ProblemThresholds
from tests.core.clip_fits import CLIPS, clip, fit, fitted_clip

# Two hundred frames of three clips, quick to fit.
SHORT = (("range_of_motion", 300, 500), ("walk", 0, 200), ("dance", 100, 300))
WHOLE = [(name, 0, 1000) for name in CLIPS]
HARDER = [(name, 0, 400) for name in ("range_of_motion", "dance", "backflip")]

Planted = dict[str, list[int]]


def allowed(frames: int) -> int:
    """At most one false frame in a thousand."""
    return frames // 1000


def planted(result: FitResult, pair: BodyPair, strength: float = 1.0) -> tuple[FitResult, Planted]:
    """The fit with a scrambled hand, a jump of 5 cm and trembling feet, and where they are."""
    rng, count, names = np.random.default_rng(3), len(result), pair.target.joint_names
    poses, transl = result.poses.copy(), result.transl.copy()
    fingers = [i for i, name in enumerate(names) if name.startswith("left_") and name[-1] in "123"]
    ankles = [names.index("left_ankle"), names.index("right_ankle")]
    hand = list(range(count // 6, count // 6 + 10))
    feet = list(range(3 * count // 4, 3 * count // 4 + 8))
    for frames, joints, radians in ((hand, fingers, 0.5), (feet, ankles, 0.12)):
        noise = rng.normal(scale=strength * radians, size=(len(frames), len(joints), 3))
        poses[np.ix_(frames, joints)] += noise.astype(np.float32)
    transl[count // 2] += np.float32(0.05 * strength) * np.float32([0.6, 0.6, 0.53])
    return replace(result, poses=poses, transl=transl), {"hand": hand, "jump": [count // 2], "feet": feet}


def check_planted(motion: Motion, pair: BodyPair, result: FitResult, strength: float = 1.0) -> None:
    bad, faults = planted(result, pair, strength)
    problems = find_problems(measure_motion(motion, pair, bad))
    found = set(problem_frames(problems).tolist())
    for name, frames in faults.items():
        assert set(frames) <= found, f"{name}: {sorted(set(frames) - found)} not found"
    false = found.difference(*faults.values())
    assert len(false) <= allowed(len(motion)), sorted(false)


def check_clean(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    problems = find_problems(measure_motion(motion, pair, result))
    assert len(problem_frames(problems)) <= allowed(len(motion)), [problem.reason for problem in problems]


@pytest.mark.parametrize("where", SHORT, ids=lambda where: where[0])
def test_a_good_fit_has_no_problem_frames(where: tuple[str, int, int]) -> None:
    check_clean(*fitted_clip(*where))


@pytest.mark.parametrize("where", SHORT, ids=lambda where: where[0])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_planted_faults_are_found(where: tuple[str, int, int], strength: float) -> None:
    check_planted(*fitted_clip(*where), strength)


@pytest.mark.slow
@pytest.mark.parametrize("where", WHOLE, ids=lambda where: where[0])
def test_whole_clips(where: tuple[str, int, int]) -> None:
    motion, pair, result = fitted_clip(*where)
    check_clean(motion, pair, result)
    check_planted(motion, pair, result)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["strong correctives", "dense correctives", "other shape basis"])
@pytest.mark.parametrize("where", HARDER, ids=lambda where: where[0])
def test_harder_bodies(where: tuple[str, int, int], variant: str) -> None:
    motion, pair, result = fitted_clip(*where, variant)
    check_clean(motion, pair, result)
    check_planted(motion, pair, result)


def test_what_is_found_is_said_in_plain_words() -> None:
    motion, pair, result = fitted_clip("walk", 0, 200)
    bad, faults = planted(result, pair)
    problems = find_problems(measure_motion(motion, pair, bad))
    groups = stretches(problems)
    assert [list(range(g[0].first, g[0].last + 1)) for g in groups] == sorted(faults.values())
    hand, jump, feet = groups
    (shape,) = [problem for problem in hand if problem.metric == "hand_mm"]
    assert shape.part == "left hand"
    assert shape.reason.startswith("shape of the left hand ")
    assert not any(p.part == "right hand" for p in hand)
    assert jump[0].reason.startswith("whole body 50 mm off, usually 2")
    assert jump[0].severity > 10
    # The body is off as a whole: its parts and joints are not listed one by one.
    assert [p.metric for p in jump if p.kind is ProblemKind.OFF] == ["mean_mm"]
    assert feet[0].part == "feet"
    assert feet[0].metric == "part_mm"
    for problem in problems:
        assert problem.first <= problem.frame <= problem.last
        assert problem.value > problem.threshold > problem.usual


@pytest.mark.parametrize("name", ["walk", "backflip"])
def test_a_jump_in_the_source_is_said_to_be_the_sources(name: str) -> None:
    motion, pair = clip(name, 0, 80), fitted_clip("walk", 0, 200)[1]
    trans, poses = motion.trans.copy(), motion.poses.copy()
    trans[40] += np.float32([0.03, 0.03, 0.0265])
    wrist = pair.source.joint_names.index("left_wrist")
    poses[15, wrist] = (Rotation.from_rotvec(poses[15, wrist]) * Rotation.from_rotvec((0, 1, 0))).as_rotvec()
    motion = replace(motion, trans=trans, poses=poses)
    problems = find_problems(measure_motion(motion, pair, fit(motion, pair)))
    turn, jump = problems
    assert (turn.kind, turn.first, turn.last, turn.part) == (ProblemKind.SOURCE_JUMP, 15, 15, "left_wrist")
    assert turn.reason.startswith("left wrist of the source suddenly turns 5")
    assert (jump.kind, jump.first, jump.last) == (ProblemKind.SOURCE_JUMP, 40, 40)
    assert jump.reason.startswith("the source jumps ")


def test_clips_of_fewer_frames_a_second_do_not_jump() -> None:
    for where in SHORT:
        motion, pair, result = fitted_clip(*where)
        fewer = replace(motion, poses=motion.poses[::3], trans=motion.trans[::3], frame_rate=20.0)
        arrays = {
            item.name: getattr(result, item.name)[::3]
            for item in fields(FitResult)
            if isinstance(getattr(result, item.name), np.ndarray) and item.name != "betas"
        }
        check_clean(fewer, pair, replace(result, **arrays))


def steady(count: int = 300, **changed: Any) -> MotionMetrics:
    """Metrics of a fit that is 3 mm off everywhere, give or take a little."""
    rng, joints = np.random.default_rng(0), ("pelvis", "left_index1")
    width = {"parts": (6,), "hands": (2,), "feet": (2,), "joints": (len(joints),), "": ()}
    series = {}
    for item in fields(MotionMetrics):
        if item.metadata:
            shape = (count, *width[item.metadata["columns"]])
            level = 3.0 if item.metadata["unit"] == "mm" else 0.1
            series[item.name] = (level + 0.05 * rng.normal(size=shape)).astype(np.float32)
    flags = {name: np.ones(count, dtype=bool) for name in ("finite", "fitted", "converged")}
    return MotionMetrics(joints, **{**flags, **series, "frame_rate": 60.0, "floor": 0.0, **changed})


def test_a_steady_fit_stands_out_nowhere() -> None:
    assert find_problems(steady()) == ()


def test_a_lone_bad_frame_is_found() -> None:
    hand = steady().hand_mm.copy()
    hand[123, 0] = 14
    (problem,) = find_problems(steady(hand_mm=hand))
    assert (problem.first, problem.frame, problem.last) == (123, 123, 123)
    assert problem.reason == "shape of the left hand 14 mm off, usually 3.0 mm"
    assert (problem.kind, problem.part, problem.unit) == (ProblemKind.OFF, "left hand", "mm")
    assert problem.threshold == pytest.approx(7, abs=0.1)


def test_both_the_spread_and_the_bound_must_be_exceeded() -> None:
    quiet = steady().mean_mm.copy()
    quiet[50] += 2.5
    assert find_problems(steady(mean_mm=quiet)) == ()
    assert problem_frames(find_problems(steady(mean_mm=quiet), ProblemThresholds(whole_mm=2))).tolist() == [
        50
    ]
    restless = np.abs(9 + 2 * np.random.default_rng(1).normal(size=300)).astype(np.float32)
    assert find_problems(steady(mean_mm=restless)) == ()
    assert len(problem_frames(find_problems(steady(mean_mm=restless), ProblemThresholds(spread=1))))


@pytest.mark.parametrize("level", [100.0, 15.0])
def test_an_error_that_is_the_same_everywhere_stands_out_nowhere(level: float) -> None:
    everywhere = (level + steady().mean_mm).astype(np.float32)
    problems = find_problems(steady(mean_mm=everywhere), ProblemThresholds(mean_most_mm=200))
    assert len(problem_frames(problems)) == 0
    if level > 25:
        (problem,) = problems
        assert (problem.kind, problem.first, problem.last) == (ProblemKind.THROUGHOUT, 0, 299)
        assert problem.reason == "whole body 103 mm off throughout"
        assert stretches(problems) == ((problem,),)
    else:
        assert problems == ()


def test_where_most_frames_are_bad_they_are_still_found() -> None:
    mostly = steady().mean_mm.copy()
    mostly[:200] += 90
    problems = find_problems(steady(mean_mm=mostly))
    assert problem_frames(problems).tolist() == list(range(200))
    assert [p.kind for p in problems] == [ProblemKind.OFF, ProblemKind.OVER]
    assert problems[0].reason.endswith("usually 3.0 mm")


def test_the_whole_body_is_bounded_by_its_own_bound_alone() -> None:
    mean = np.linspace(10, 40, 300).astype(np.float32)
    mean[20] = 60
    wide = ProblemThresholds(whole_mm=100, mean_most_mm=200, throughout_mm=100)
    for ceiling in (10, 50, 100):
        assert find_problems(steady(mean_mm=mean), replace(wide, ceiling_mm=ceiling)) == ()
    mean[20] = 210
    (off, over) = find_problems(steady(mean_mm=mean), replace(wide, whole_mm=250))
    assert [(p.kind, p.frame, p.threshold) for p in (off, over)] == [
        (ProblemKind.OFF, 20, 200),
        (ProblemKind.OVER, 20, 200),
    ]


def test_a_frame_over_a_bound_is_a_problem_whatever_is_usual() -> None:
    # Neither figure stands out from its median.
    most = (45 + 3 * np.random.default_rng(2).normal(size=300)).clip(36, 49).astype(np.float32)
    most[[70, 71, 200]] = 60, 55, 52
    mean = (17 + np.random.default_rng(3).normal(size=300)).clip(14, 19.5).astype(np.float32)
    mean[120] = 24
    problems = find_problems(steady(max_mm=most, mean_mm=mean))
    assert [(p.kind, p.metric, p.first, p.last) for p in problems] == [
        (ProblemKind.OVER, "max_mm", 70, 71),
        (ProblemKind.OVER, "mean_mm", 120, 120),
        (ProblemKind.OVER, "max_mm", 200, 200),
    ]
    assert [p.reason for p in problems] == [
        "max 60 mm, over 50 mm",
        "mean 24 mm, over 20 mm",
        "max 52 mm, over 50 mm",
    ]
    assert [p.severity for p in problems] == pytest.approx([1.2, 1.2, 1.04])
    assert problem_frames(problems).tolist() == [70, 71, 120, 200]
    assert len(stretches(problems)) == 3
    for bound in (47.0, 44.0, 0.5):
        problems = find_problems(
            steady(max_mm=most, mean_mm=mean), ProblemThresholds(max_most_mm=bound, join_frames=0)
        )
        assert set(np.flatnonzero((most > bound) | (mean > 20))) == set(problem_frames(problems).tolist())


def test_a_worst_vertex_stands_out_from_its_median() -> None:
    most = steady().max_mm.copy()
    most[40], most[90] = 35, 60
    problems = find_problems(steady(max_mm=most))
    assert [(p.kind, p.frame, p.reason) for p in problems] == [
        (ProblemKind.OFF, 40, "max 35 mm, usually 3.0 mm"),
        (ProblemKind.OFF, 90, "max 60 mm, usually 3.0 mm"),
        (ProblemKind.OVER, 90, "max 60 mm, over 50 mm"),
    ]
    assert find_problems(steady(max_mm=most), ProblemThresholds(max_rise_mm=60, max_most_mm=60)) == ()


def test_a_long_stretch_over_a_bound_hides_none_of_those_in_it() -> None:
    part, most = steady().part_mm.copy(), steady().max_mm.copy()
    part[[100, 150], PARTS.index("feet")] = 30
    most[80:220] = 55
    groups = stretches(find_problems(steady(part_mm=part, max_mm=most), ProblemThresholds(max_rise_mm=90)))
    assert [(g[0].kind, g[0].first, g[0].last) for g in groups] == [
        (ProblemKind.OVER, 80, 219),
        (ProblemKind.OFF, 100, 100),
        (ProblemKind.OFF, 150, 150),
    ]
    # Around a single one it is part of the same stretch, which the other introduces.
    part[150] = 3
    (group,) = stretches(find_problems(steady(part_mm=part, max_mm=most), ProblemThresholds(max_rise_mm=90)))
    assert [p.kind for p in group] == [ProblemKind.OFF, ProblemKind.OVER]


def test_near_stretches_are_one_and_far_ones_two() -> None:
    part = steady().part_mm.copy()
    part[[10, 11, 14, 40], PARTS.index("feet")] = 30
    part[11, PARTS.index("feet")] = 35
    first, second = find_problems(steady(part_mm=part))
    assert (first.first, first.last, first.frame) == (10, 14, 11)
    assert (second.first, second.last) == (40, 40)
    assert len(find_problems(steady(part_mm=part), ProblemThresholds(join_frames=0))) == 3


def test_shaking_is_booked_to_the_frame_that_is_off() -> None:
    part, jitter = steady().part_mm.copy(), steady().jitter_mm.copy()
    part[100, 0] += 5
    jitter[99:102, 0] = 5, 10, 5
    (problem,) = find_problems(steady(part_mm=part, jitter_mm=jitter))
    assert (problem.metric, problem.first, problem.last) == ("jitter_mm", 100, 100)
    assert problem.reason == "head shaking by 10 mm/frame²"


def test_frames_without_numbers_and_without_convergence_are_problems() -> None:
    metrics = steady()
    finite, fitted, converged = (np.ones(300, dtype=bool) for _ in range(3))
    finite[20:23], fitted[20:23], converged[20:23], converged[200] = False, False, False, False
    blank = {
        item.name: np.where(
            (np.arange(300) // 3 == 7).reshape(-1, *[1] * (getattr(metrics, item.name).ndim - 1)),
            np.float32(np.nan),
            getattr(metrics, item.name),
        )
        for item in fields(MotionMetrics)
        if item.metadata
    }
    problems = find_problems(steady(finite=finite, fitted=fitted, converged=converged, **blank))
    assert [(p.kind, p.first, p.last) for p in problems] == [
        (ProblemKind.NOT_FINITE, 20, 22),
        (ProblemKind.NOT_CONVERGED, 200, 200),
    ]
    assert problems[0].reason == "the source's numbers are not finite"
    assert problem_frames(problems).tolist() == [20, 21, 22, 200]


def test_joints_are_named_as_people_say_them() -> None:
    jump = steady().jump_mm.copy()
    jump[9, 1] = 31
    (problem,) = find_problems(steady(jump_mm=jump))
    assert problem.part == "left_index1"
    assert problem.reason == "left index finger jumps 31 mm out of its path"


def test_nothing_measured_is_no_problem() -> None:
    names = [item.name for item in fields(MotionMetrics) if item.metadata]
    empty = {name: np.full_like(getattr(steady(), name), np.nan) for name in names}
    none = np.zeros(300, dtype=bool)
    assert find_problems(steady(fitted=none, converged=none, **empty)) == ()
    assert stretches(()) == ()


def test_thresholds_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="spread is -1"):
        ProblemThresholds(spread=-1)
    for item in fields(ProblemThresholds):
        assert item.metadata["label"]
        assert item.metadata["help"]
        assert item.metadata["range"][0] <= item.default <= item.metadata["range"][1]
    assert ProblemThresholds().as_dict()["spread"] == 8


def test_severity_is_one_at_the_threshold() -> None:
    problem = Problem(ProblemKind.OFF, "mean_mm", "whole body", 1, 1, 1, 8.0, 2.0, 5.0, "mm", "")
    assert problem.severity == pytest.approx(2)
    assert replace(problem, value=5.0).severity == pytest.approx(1)


def test_an_even_movement_does_not_break_and_an_odd_frame_breaks_once() -> None:
    time = np.arange(60.0)
    path = np.stack((40 * time, 100 * np.sin(time / 8), 0 * time), 1)[:, None]
    assert breaks(path).max() < 2
    odd = path.copy()
    odd[30] += (20, 30, 40)
    found = breaks(odd)[:, 0]
    assert found.argmax() == 30
    assert found[30] == pytest.approx(np.sqrt(2900), rel=0.05)
    assert np.delete(found, 30).max() < 5
    moved = path.copy()
    moved[30:] += (20, 30, 40)
    assert np.flatnonzero(breaks(moved)[:, 0] > 5).tolist() == [30]


def test_the_good_frame_after_a_bad_stretch_is_not_blamed() -> None:
    error = np.full((40, 1, 3), 1.0)
    error[10:20] += (0, 25, 0)
    found = breaks(error, np.linalg.norm(error, axis=2))[:, 0]
    assert np.flatnonzero(found > 1).tolist() == [10, 19]

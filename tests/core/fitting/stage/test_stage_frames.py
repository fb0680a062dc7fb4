"""Frames side by side: smoothness, windows, gaps, and what ends a run before its time."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation, Slerp

from core.errors import RefitError
from core.fitting import run as run_module
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.stage.initial_pose import source_pose
from core.fitting.stage.partial_result import FittedChunk
from core.fitting.stage.stage import PoseStage
from core.measure.measure_motion import measure_motion
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posing import posed
from tests.core.fitting.judged import CAPTURES, TIGHT, clip, fit, joints_named, run, value

# Neighbouring frames


def roughness(result: FitResult, motion: Motion, pair: BodyPair) -> float:
    """Mean over frames of the squared change of what the fit turns beyond the source, square radians."""
    source = Rotation.from_rotvec(source_pose(motion, pair, np.arange(len(motion))).reshape(-1, 3))
    beyond = (Rotation.from_rotvec(result.poses.reshape(-1, 3)) * source.inv()).as_matrix()
    beyond = beyond.reshape(*result.poses.shape[:2], 3, 3)
    change = beyond[1:] @ beyond[:-1].swapaxes(-1, -2)
    return float((Rotation.from_matrix(change.reshape(-1, 3, 3)).magnitude() ** 2).sum() / len(change))


def test_smoothness_takes_jitter_away(pair: BodyPair) -> None:
    jumpy = clip("backflip", 20, 24)
    rough, jitter, distance = [], [], []
    for weight in (0, 0.03, 0.3):
        result = fit(jumpy, pair, FitSettings(smoothness=weight, tolerance=1e-6))
        assert result.converged.all()
        rough.append(roughness(result, jumpy, pair))
        jitter.append(float(np.nanmean(measure_motion(jumpy, pair, result).joint_jitter_mm)))
        distance.append(float(result.mean_mm.mean()))
    assert rough[1] < 0.7 * rough[0]
    assert rough[2] < 0.5 * rough[1]
    assert jitter[0] > jitter[1] > jitter[2]
    assert distance[2] < distance[0] + 0.02


def bends(motion: Motion) -> tuple[float, float]:
    """Root mean squares of what joints turn unevenly, radians, and of how the body's place does, millimetres,
    from frame to frame."""
    turns = Rotation.from_rotvec(motion.poses.reshape(-1, 3).astype(np.float64))
    joints = motion.poses.shape[1]
    steps = (turns[joints:] * turns[:-joints].inv()).as_rotvec().reshape(-1, joints, 3)
    place = np.diff(motion.trans, 2, axis=0)
    return float(np.sqrt((np.diff(steps, axis=0) ** 2).mean())), float(1000 * np.sqrt((place**2).mean()))


def test_an_even_motion_comes_of_a_jittery_source(pair: BodyPair) -> None:
    """Smoothness cannot do this: it is of what the fit turns away from the source."""
    still, rng = clip("walk", 30, 16), np.random.default_rng(0)
    jittery = replace(
        still,
        poses=(still.poses + 0.03 * rng.normal(size=still.poses.shape)).astype(np.float32),
        trans=still.trans + 0.004 * rng.normal(size=still.trans.shape),
    )
    found = {}
    for name, settings in (
        ("plain", FitSettings(shape_frames=4)),
        ("smooth", FitSettings(shape_frames=4, smoothness=0.3)),
        ("little", FitSettings(shape_frames=4, acceleration=0.01)),
        ("much", FitSettings(shape_frames=4, acceleration=10.0)),
    ):
        result = fit(jittery, pair, settings)
        assert result.converged.all(), name
        found[name] = bends(result.as_motion())
    true = bends(still)
    for kind in (0, 1):
        plain, smooth, little, much = (found[name][kind] for name in ("plain", "smooth", "little", "much"))
        assert smooth > 0.9 * plain
        assert plain > little > much
        assert much < 0.2 * plain, kind
    assert found["much"][1] < 2 * true[1] + 0.5


@pytest.mark.parametrize(
    "weights",
    [
        {"smoothness": 0.3},
        {"acceleration": 0.1},
        pytest.param({"smoothness": 3.0}, marks=pytest.mark.slow),
    ],
    ids=["smooth", "even", "smoother"],
)
def test_windows_leave_no_seams(
    weights: dict[str, float], pair: BodyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    jumpy, settings = clip("backflip", 20, 48), FitSettings(tolerance=1e-6, **weights)  # type: ignore[arg-type]
    together = fit(jumpy, pair, settings)
    monkeypatch.setattr(run_module, "CPU_CHUNK", 16)
    windows, steps = run(jumpy, pair, settings)
    assert [len(step.frames) for step in steps if step.stage == "smooth"] == [16, 16, 16]
    one, _ = posed(together.as_motion(), pair.target, slice(None))
    other, _ = posed(windows.as_motion(), pair.target, slice(None))
    assert 1000 * np.linalg.norm(one - other, axis=2).max() < 0.05


def check_acceleration(motion: Motion, pair: BodyPair) -> None:
    metrics = measure_motion(motion, pair, fit(motion, pair))
    assert np.nanmean(metrics.joint_jitter_mm) <= 0.2


@pytest.mark.parametrize("name", ["walk", "dance"])
def test_fits_move_as_their_sources_do(name: str, pair: BodyPair) -> None:
    check_acceleration(clip(name, 30, 24), pair)


@pytest.mark.slow
@pytest.mark.parametrize("name", CAPTURES)
def test_whole_captures_move_as_their_sources_do(name: str, pair: BodyPair) -> None:
    check_acceleration(clip(name), pair)


def test_a_prior_to_the_frame_before_calms_the_pose(pair: BodyPair) -> None:
    jumpy = clip("backflip", 20, 12)
    swing = []
    for weight in (1e-3, 1.0):
        settings = FitSettings(pose_prior=weight, pose_prior_to="previous")
        poses = fit(jumpy, pair, settings).poses
        relative = (
            Rotation.from_rotvec(poses[1:, 1:].reshape(-1, 3))
            * Rotation.from_rotvec(poses[:-1, 1:].reshape(-1, 3)).inv()
        )
        swing.append(float((relative.magnitude() ** 2).sum()))
    assert swing[1] < 0.8 * swing[0]


def test_a_jaw_is_held_closed_whatever_the_others_are_pulled_to(motion: Motion, pair: BodyPair) -> None:
    opened = []
    for to in ("source", "previous"):
        settings = FitSettings(free_jaw=True, jaw_prior=10.0, pose_prior_to=to)
        opened.append(np.abs(fit(motion, pair, settings).poses[:, joints_named(pair, "jaw")]).max())
    assert opened[1] < 2 * opened[0]


# What is not finite


def with_gaps(motion: Motion, gaps: list[int]) -> Motion:
    poses, trans = motion.poses.copy(), motion.trans.copy()
    poses[gaps[::2], 3] = np.nan
    trans[gaps[1::2]] = np.inf
    return replace(motion, poses=poses, trans=trans)


def test_gaps_lie_between_their_neighbours(pair: BodyPair) -> None:
    gaps = [0, 4, 5, 9]
    result = fit(with_gaps(clip("dance", 100, 10), gaps), pair)
    assert list(np.flatnonzero(~result.fitted)) == gaps
    assert np.isnan(result.mean_mm[gaps]).all()
    assert not result.converged[gaps].any()
    assert np.array_equal(result.poses[[0, 9]], result.poses[[1, 8]])
    assert np.array_equal(result.transl[[0, 9]], result.transl[[1, 8]])
    for gap, share in ((4, 1 / 3), (5, 2 / 3)):
        line = (1 - share) * result.transl[3] + share * result.transl[6]
        assert np.abs(result.transl[gap] - line).max() < 1e-6
        for joint in range(result.poses.shape[1]):
            ends = Rotation.from_rotvec(result.poses[[3, 6], joint].astype(np.float64))
            expected = Slerp([0, 1], ends)(share)
            found = Rotation.from_rotvec(result.poses[gap, joint])
            assert (found * expected.inv()).magnitude() < 1e-5


def test_gaps_change_nothing_around_them(pair: BodyPair) -> None:
    motion, settings = clip("dance", 100, 10), replace(TIGHT, shape="fixed")
    clean, gappy = fit(motion, pair, settings), fit(with_gaps(motion, [4, 5]), pair, settings)
    others = [0, 1, 2, 3, 6, 7, 8, 9]
    assert np.abs(clean.mean_mm[others] - gappy.mean_mm[others]).max() < 0.01


def test_own_shapes_in_gaps_lie_between_their_neighbours(pair: BodyPair) -> None:
    settings = FitSettings(shape="per-frame", expression="per-frame")
    result = fit(with_gaps(clip("dance", 100, 5), [2]), pair, settings)
    assert result.frame_betas is not None
    for values in (result.frame_betas, result.expression):
        assert np.abs(values[2] - 0.5 * (values[1] + values[3])).max() < 1e-5


# What ends a run


class _StopAfter(threading.Event):
    """Counts how often it is asked, and is set from then on."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_cancelling_inside_a_stage_keeps_the_best_so_far_and_later_more(
    edges: FitResult, motion: Motion, pair: BodyPair
) -> None:
    settings = replace(TIGHT, shape="fixed", tolerance=1e-9, iterations=100)
    recipe = Recipe((settings,), start="current")
    start, reached = value(motion, pair, settings, edges), []
    for times in (4, 6, 7, 10, 13):
        result = fit(motion, pair, recipe, start=edges, stop=_StopAfter(times))
        assert result.partial
        assert result.fitted.all()
        assert np.isfinite(result.poses).all()
        reached.append(value(motion, pair, settings, result))
        assert reached[-1] <= start * (1 + 1e-6)
        assert (reached[-1] < 0.5 * start) == bool((result.poses != edges.poses).any())
    assert all(later <= earlier * (1 + 1e-6) for earlier, later in pairwise(reached))
    assert reached[-1] < reached[0]


def _small_device(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    inner = PoseStage.fit

    def fit_few(stage: PoseStage, frames: np.ndarray) -> tuple[np.ndarray, FittedChunk]:
        if len(frames) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return inner(stage, frames)

    monkeypatch.setattr(PoseStage, "fit", fit_few)


def test_a_full_device_gets_fewer_frames_at_once(pair: BodyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    motion, settings = clip("walk", 0, 100), FitSettings(shape_frames=8)
    roomy = fit(motion, pair, settings)
    _small_device(monkeypatch, 30)
    result, steps = run(motion, pair, settings)
    assert result.fitted.all()
    assert result.converged.all()
    assert not result.partial
    assert any("out of memory" in step.note for step in steps)
    sizes = [len(step.frames) for step in steps if step.stage == "pose"]
    assert max(sizes) <= 30
    assert sum(sizes) == len(motion)
    assert np.abs(result.mean_mm - roomy.mean_mm).max() < 0.01


def test_a_device_that_holds_next_to_nothing_is_told_in_one_sentence(
    motion: Motion, pair: BodyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small_device(monkeypatch, 1)
    with pytest.raises(RefitError, match=r"^There is too little memory for this fit\.$"):
        fit(motion, pair)


def test_a_device_without_room_for_the_shape_is_told_too(
    motion: Motion, pair: BodyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(solved: ShapeFit) -> bool:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ShapeFit, "step", full)
    with pytest.raises(RefitError, match="too little memory"):
        fit(motion, pair)

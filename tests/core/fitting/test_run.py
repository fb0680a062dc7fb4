"""Runs: order, cancelling, what is held, what is skipped, and figures that can be checked from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.posed_frames import PosedFrames
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import CPU_CHUNK, FitRun, Progress
from core.fitting.stage import levels, stage
from core.fitting.stage.frame_chunks import split, spread
from core.fitting.stage.levels import LEVELLED
from core.fitting.stage.stage import PoseStage
from core.fitting.stage.stage_problem import prepared
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import posed
from core.model.vertex_errors import vertex_error_mm

FEW = FitSettings(shape_frames=8)


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    return load_bodies()


@pytest.fixture(scope="module")
def motion() -> Motion:
    return load_motion(default_motion()).cut(300, 300 + 3 * CPU_CHUNK)


@pytest.fixture(scope="module")
def steps_and_result(pair: BodyPair, motion: Motion) -> tuple[list[Progress], FitResult]:
    run = FitRun(motion, pair, FEW, first_frame=CPU_CHUNK + 5, device="cpu", threads=1)
    steps = list(run)
    return steps, run.result()


@pytest.fixture(scope="module")
def result(steps_and_result: tuple[list[Progress], FitResult]) -> FitResult:
    return steps_and_result[1]


def run_to_end(motion: Motion, pair: BodyPair, settings: FitSettings = FEW, threads: int = 1) -> FitResult:
    run = FitRun(motion, pair, settings, device="cpu", threads=threads)
    for _ in run:
        pass
    return run.result()


def test_the_frames_in_sight_come_first(steps_and_result: tuple[list[Progress], FitResult]) -> None:
    steps, result = steps_and_result
    shapes = [step for step in steps if step.stage == "shape"]
    assert shapes[0].frames.tolist() == [CPU_CHUNK + 5]
    assert not any(len(step.frames) for step in shapes[1:])
    poses = [step for step in steps if step.stage == "pose"]
    assert sorted(np.concatenate([step.frames for step in poses])) == list(range(len(result)))
    assert [step.frames_done for step in poses] == np.cumsum([len(step.frames) for step in poses]).tolist()
    assert all(len(step.frames) <= CPU_CHUNK for step in poses)
    assert not result.partial
    assert result.fitted.all()
    assert result.converged.all()


def test_the_frames_around_come_before_those_further_away(
    pair: BodyPair, motion: Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "LEVELLED", CPU_CHUNK)
    run = FitRun(motion, pair, FEW, first_frame=CPU_CHUNK + 5, device="cpu", threads=1)
    order = np.concatenate([step.frames for step in run if step.stage == "pose"])
    # Those that the shape was found from have nothing left to do.
    known = spread(np.arange(len(motion)), FEW.shape_frames)
    assert order[: len(known)].tolist() == known.tolist()
    first = np.setdiff1d(np.arange(CPU_CHUNK, 2 * CPU_CHUNK), known)
    assert sorted(order[len(known) :][: len(first)]) == first.tolist()
    assert sorted(order) == list(range(len(motion)))


def test_many_workers_have_chunks_to_fit_at_once(
    pair: BodyPair, motion: Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "in_lots", lambda *_: iter(()))
    run, frames = FitRun(motion, pair, FEW, device="cpu", threads=1), np.arange(2 * LEVELLED)
    problem = run._problem(FEW, "source")
    settled = PoseStage(problem, np.arange(4), None, lambda: False)
    problem.source_rotations = lambda some: problem.relaxed.expand(len(some), -1, -1, -1)  # type: ignore[method-assign]
    rounds = list(settled.rounds(lambda size: split(frames, size), CPU_CHUNK))
    assert np.array_equal(np.sort(np.concatenate(list(chain.from_iterable(rounds)))), frames)
    assert all(len(chunk) <= CPU_CHUNK for chunks in rounds for chunk in chunks)
    in_wide = sum(sum(map(len, chunks)) for chunks in rounds if len(chunks) >= 8)
    assert in_wide >= 0.7 * len(frames)


def test_once_cancelled_no_further_group_is_looked_at(
    pair: BodyPair, motion: Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()

    def in_levels(frames: np.ndarray, *given: Any) -> Iterator[np.ndarray]:
        asked.append(len(frames))
        return levels.in_levels(frames, *given)

    monkeypatch.setattr(stage, "LEVELLED", CPU_CHUNK)
    monkeypatch.setattr(stage, "in_levels", in_levels)
    run = FitRun(motion, pair, FEW, device="cpu", threads=1)
    for _ in run:
        if asked:
            run.cancel()
    known = spread(np.arange(len(motion)), FEW.shape_frames)
    assert asked == [CPU_CHUNK - np.count_nonzero(known < CPU_CHUNK)]


def test_once_cancelled_among_the_frames_of_the_shape_no_group_is(
    pair: BodyPair, motion: Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()
    monkeypatch.setattr(stage, "in_levels", lambda frames, *_: iter([asked.append(len(frames)) or frames]))
    run = FitRun(motion, pair, FEW, device="cpu", threads=1)
    for step in run:
        if step.stage == "pose":
            run.cancel()
    assert not asked
    assert run.result().fitted.sum() == FEW.shape_frames


def test_the_frame_in_sight_is_all_but_fitted_after_the_first_step(pair: BodyPair, motion: Motion) -> None:
    run = FitRun(motion, pair, FEW, first_frame=40, device="cpu", threads=1)
    steps = iter(run)
    next(steps)
    early = run.result()
    for _ in steps:
        pass
    assert np.flatnonzero(early.fitted).tolist() == [40]
    assert early.partial
    assert not early.converged[40]
    assert run.result().converged[40]
    (before, _), (after, _) = (
        posed(found.as_motion(), pair.target, slice(40, 41)) for found in (early, run.result())
    )
    assert 1000 * np.linalg.norm(before - after, axis=2).mean() < 0.5
    assert early.mean_mm[40] == pytest.approx(run.result().mean_mm[40], abs=0.1)


def test_figures_are_those_of_the_vertices(result: FitResult, motion: Motion, pair: BodyPair) -> None:
    frames = slice(10, 14)
    source, _ = posed(motion, pair.source, frames)
    fit, _ = posed(result.as_motion(), pair.target, frames)
    targets = pair.correspondence.apply(torch.as_tensor(source))
    valid = pair.correspondence.valid
    error = vertex_error_mm(torch.as_tensor(fit), targets, valid)
    counted = np.linalg.norm(fit - targets.numpy(), axis=2)[:, valid] * 1000
    assert np.allclose(error[:, valid], counted, atol=2e-3)
    assert np.isnan(error[:, ~valid]).all()
    assert np.allclose(result.mean_mm[frames], counted.mean(1), atol=2e-3)
    assert np.allclose(result.median_mm[frames], np.median(counted, 1), atol=1e-2)
    assert np.allclose(result.p95_mm[frames], np.percentile(counted, 95, axis=1), atol=2e-2)
    assert np.allclose(result.max_mm[frames], counted.max(1), atol=5e-3)
    for index, part in enumerate(PARTS):
        members = pair.target.vertex_part[valid] == index
        assert members.any(), f"no vertex belongs to the {part}"
        assert np.allclose(result.part_mm[frames, index], counted[:, members].mean(1), atol=2e-3)


def test_jaw_and_eyes_are_held_and_expression_is_off(result: FitResult) -> None:
    assert np.abs(result.poses[:, 22:25]).max() < 1e-6
    assert not result.expression.any()


def test_freed_jaw_moves(motion: Motion, pair: BodyPair) -> None:
    freed = run_to_end(motion.cut(0, 4), pair, replace(FEW, free_jaw=True))
    assert np.abs(freed.poses[:, 22]).max() > 1e-4
    assert np.abs(freed.poses[:, 23:25]).max() < 1e-6


def test_far_from_the_origin_nothing_changes(result: FitResult, motion: Motion, pair: BodyPair) -> None:
    away = np.array([250.0, -400.0, 3.0], dtype=np.float32)
    moved = run_to_end(replace(motion, trans=motion.trans + away), pair)
    assert np.abs(moved.poses - result.poses).max() < 1e-4
    assert np.abs(moved.mean_mm - result.mean_mm).max() < 1e-3
    assert np.abs(moved.transl - away - result.transl).max() < 1e-4


def test_threads_do_not_change_the_result(result: FitResult, motion: Motion, pair: BodyPair) -> None:
    both = run_to_end(motion, pair, threads=2)
    assert np.abs(both.poses - result.poses).max() < 1e-5
    assert np.abs(both.mean_mm - result.mean_mm).max() < 1e-4


def test_cancelling_keeps_what_is_done(motion: Motion, pair: BodyPair) -> None:
    run = FitRun(motion, pair, FEW, device="cpu", threads=1)
    for step in run:
        if step.stage == "pose":
            run.cancel()
    result = run.result()
    assert result.partial
    assert result.fitted.any()
    assert not result.fitted.all()
    assert np.isnan(result.mean_mm[~result.fitted]).all()
    assert np.isfinite(result.mean_mm[result.fitted]).all()
    assert np.isfinite(result.poses).all()


def test_walking_away_from_a_run_ends_it(motion: Motion, pair: BodyPair) -> None:
    run = FitRun(motion, pair, FEW, device="cpu", threads=2)
    for _ in run:
        break
    result = run.result()
    assert result.partial
    assert not result.fitted.any()
    assert np.isnan(result.summary()["mean"])


def test_frames_that_are_not_finite_are_left_out(motion: Motion, pair: BodyPair) -> None:
    poses, trans = motion.poses[:12].copy(), motion.trans[:12].copy()
    poses[3, 5, 1] = np.nan
    trans[7] = np.inf
    result = run_to_end(replace(motion, poses=poses, trans=trans), pair)
    assert list(np.flatnonzero(~result.fitted)) == [3, 7]
    assert not result.partial
    assert np.isfinite(result.poses).all()
    assert np.isfinite(result.transl).all()
    assert np.isnan(result.mean_mm[[3, 7]]).all()


def test_nothing_finite_is_refused_in_one_sentence(motion: Motion, pair: BodyPair) -> None:
    with pytest.raises(RefitError, match="no frame with finite numbers"):
        FitRun(replace(motion, trans=np.full_like(motion.trans, np.nan)), pair)


def test_bodies_of_another_family_are_refused(motion: Motion) -> None:
    with pytest.raises(RefitError, match="smplh motion, but the source body is smpl"):
        FitRun(motion, load_bodies(source="smpl"))


def test_a_body_with_many_shape_coefficients_is_fitted_with_the_first_ones(
    motion: Motion, pair: BodyPair
) -> None:
    target = pair.target
    more = 1e-4 * np.random.default_rng(0).normal(size=(target.num_vertices, 3, 290)).astype(np.float32)
    large = replace(target, shapedirs=np.concatenate((target.shapedirs, more), 2))
    result = run_to_end(motion.cut(0, 3), replace(pair, target=large))
    assert result.betas.shape == (100,)
    assert result.mean_mm.mean() < 10
    vertices, _ = posed(result.as_motion(), large, slice(None))
    assert np.isfinite(vertices).all()


def test_a_run_cut_short_inside_its_only_chunk_is_partial(motion: Motion, pair: BodyPair) -> None:
    stop = threading.Event()
    run = FitRun(motion.cut(0, 8), pair, FitSettings(tolerance=1e-8), device="cpu", threads=1, stop=stop)
    for step in run:
        if step.stage == "shape":
            threading.Timer(0.02, stop.set).start()
    result = run.result()
    assert result.partial or result.converged.all()
    with pytest.raises(RuntimeError, match="iterated once"):
        next(iter(run))


def test_numbers_that_are_no_pose_do_not_end_the_run(motion: Motion, pair: BodyPair) -> None:
    poses = motion.poses[:6].copy()
    poses[2, 4] = 1e30
    poses[4, 6] = 900.0
    result = run_to_end(replace(motion, poses=poses, trans=motion.trans[:6]), pair)
    assert not result.fitted[2]
    assert result.fitted[[0, 1, 3, 5]].all()
    assert (result.mean_mm[[0, 1, 3, 5]] < 10).all()


def test_a_run_knows_the_stage_that_it_is_in(motion: Motion, pair: BodyPair) -> None:
    settings = FitSettings(iterations=2, smoothness=0.01)
    run = FitRun(motion.cut(0, 3), pair, settings, threads=1)
    assert run.doing == ""
    assert [(step.stage, run.doing) for step in run] == [
        *[("shape", "shape")] * 2,
        ("pose", "pose"),
        ("smooth", "smooth"),
    ]


def test_one_frame_is_enough(motion: Motion, pair: BodyPair) -> None:
    result = run_to_end(motion.cut(0, 1), pair)
    assert result.fitted.all()
    assert result.mean_mm[0] < 10


def test_a_result_says_which_bodies_it_was_made_with(result: FitResult, pair: BodyPair) -> None:
    assert result.builtin
    assert result.provenance["bodies"] == "built-in"
    assert result.provenance["target_body"]["sha256"] == pair.target.sha256
    assert result.provenance["correspondence"]["sha256"] == pair.correspondence.sha256
    assert result.provenance["recipe"]["stages"][0]["shape_frames"] == 8


def test_settings_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="tolerance is 1"):
        FitSettings(tolerance=1.0)


def test_posed_frames_follow_the_result(result: FitResult, motion: Motion, pair: BodyPair) -> None:
    frames = PosedFrames(motion, pair, cache_frames=16)
    assert frames.frame(5).fit_vertices is None
    frames.set_result(result)
    shown = frames.frame(5)
    assert shown.fit_vertices is not None
    assert shown.error_mm is not None
    assert abs(np.nanmean(shown.error_mm) - result.mean_mm[5]) < 2e-3
    moved = replace(result, transl=result.transl + np.float32(0.1))
    frames.set_result(moved, np.array([5]))
    again = frames.frame(5)
    assert again.fit_vertices is not None
    assert np.abs(again.fit_vertices - shown.fit_vertices - 0.1).max() < 1e-5
    for index in range(0, len(motion), 8):
        frames.frame(index)
    assert len(frames._sources) <= 16
    with pytest.raises(IndexError):
        frames.frame(len(motion))


def test_what_is_prepared_is_there_for_the_run(pair: BodyPair, motion: Motion) -> None:
    fresh = replace(pair, target=replace(pair.target))
    run = FitRun(motion, fresh, threads=1)
    run.prepare()
    before = prepared.cache_info()
    for _ in run:
        break
    after = prepared.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)

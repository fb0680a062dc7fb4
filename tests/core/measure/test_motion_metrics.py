"""Figures of a motion: against plain arithmetic on the vertices, and where they must and must not change."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.fitting.objective.skin_pieces import SkinPieces
from core.measure import joint_metrics, measure_motion
from core.measure.measure_motion import measure_motion as measured
from core.measure.motion_metrics import MotionMetrics, per_frame
from core.measure.surroundings import surroundings
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion, UpAxis
from core.model.posing import posed
from tests.core.clip_fits import fit, fitted_clip

Fitted = tuple[Motion, BodyPair, FitResult]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fitted_clip("walk", 100, 170)


@pytest.fixture(scope="module")
def metrics(fitted: Fitted) -> MotionMetrics:
    return measured(*fitted)


def turned(result: FitResult, pair: BodyPair, frames: slice, joint: str, rotvec: Any) -> FitResult:
    """The result with a joint turned further in some frames."""
    poses, index = result.poses.copy(), pair.target.joint_names.index(joint)
    more = Rotation.from_rotvec(poses[frames, index]) * Rotation.from_rotvec(rotvec)
    poses[frames, index] = more.as_rotvec()
    return replace(result, poses=poses)


def test_figures_are_those_of_the_vertices(fitted: Fitted, metrics: MotionMetrics) -> None:
    motion, pair, result = fitted
    source, source_joints = posed(motion, pair.source, slice(None))
    ours, joints = posed(result.as_motion(), pair.target, slice(None))
    valid = pair.correspondence.valid
    residual = (ours - pair.correspondence.apply(torch.as_tensor(source)).numpy())[:, valid].astype(float)
    distance = 1000 * np.linalg.norm(residual, axis=2)
    assert np.allclose(metrics.mean_mm, distance.mean(1), atol=2e-3)
    assert np.allclose(metrics.max_mm, distance.max(1), atol=2e-3)
    assert np.allclose(metrics.vertex_mean_mm[valid], distance.mean(0), atol=2e-3)
    assert np.allclose(metrics.vertex_max_mm[valid], distance.max(0), atol=2e-3)
    assert np.isnan(metrics.vertex_mean_mm[~valid]).all()
    assert np.isnan(metrics.vertex_max_mm[~valid]).all()
    acceleration = 1000 * np.linalg.norm(residual[2:] - 2 * residual[1:-1] + residual[:-2], axis=2)
    for index in range(len(PARTS)):
        members = pair.target.vertex_part[valid] == index
        assert np.allclose(metrics.part_mm[:, index], distance[:, members].mean(1), atol=2e-3)
        assert np.allclose(metrics.jitter_mm[1:-1, index], acceleration[:, members].mean(1), atol=5e-3)
    assert np.isnan(metrics.jitter_mm[[0, -1]]).all()
    names = metrics.joint_names
    assert len(names) == pair.source.num_joints
    apart = (
        joints[:, [pair.target.joint_names.index(name) for name in names]]
        - source_joints[:, [pair.source.joint_names.index(name) for name in names]]
    ).astype(float)
    assert np.allclose(metrics.joint_mm, 1000 * np.linalg.norm(apart, axis=2), atol=2e-3)
    bend = 1000 * np.linalg.norm(apart[2:] - 2 * apart[1:-1] + apart[:-2], axis=2).mean(1)
    assert np.allclose(metrics.joint_jitter_mm[1:-1], bend, atol=5e-3)


def test_the_step_of_the_work_does_not_show(
    fitted: Fitted, metrics: MotionMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_motion, "STEP_FRAMES", 7)
    monkeypatch.setattr(joint_metrics, "CHUNK", 11)
    steps: list[tuple[int, int]] = []
    again = measured(*fitted, on_progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (70, 70)
    assert len(set(steps)) == 10
    assert steps == sorted(steps)
    for name in (*per_frame(), "vertex_mean_mm", "vertex_max_mm"):
        assert np.allclose(getattr(again, name), getattr(metrics, name), atol=1e-3, equal_nan=True), name


def test_never_more_than_a_step_of_vertices_at_once(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    plain = SkinPieces.in_pieces

    def counting(self: SkinPieces, shape: Any, poses: torch.Tensor, *rest: Any) -> Any:
        asked.append(len(poses))
        return plain(self, shape, poses, *rest)

    monkeypatch.setattr(SkinPieces, "in_pieces", counting)
    monkeypatch.setattr(measure_motion, "STEP_FRAMES", 14)
    measured(*fitted)
    assert max(asked) == 16


def test_every_figure_can_be_listed(metrics: MotionMetrics) -> None:
    summary = metrics.summary()
    assert tuple(summary) == per_frame()
    for item in fields(MotionMetrics):
        if not item.metadata:
            continue
        values = getattr(metrics, item.name)
        assert item.metadata["label"]
        assert item.metadata["unit"]
        assert item.metadata["help"].endswith(".")
        assert values.dtype == np.float32
        if item.metadata["over"] == "frames":
            columns = metrics.column_names(item.name)
            assert values.shape == ((len(metrics), len(columns)) if columns else (len(metrics),))
            assert summary[item.name]["mean"] == pytest.approx(np.nanmean(values, dtype=float))
            assert summary[item.name]["max"] == np.nanmax(values)
    assert summary["part_mm"]["mean hands"] == pytest.approx(metrics.part_mm[:, 3].mean())


def test_a_hand_is_measured_wherever_the_wrist_puts_it(fitted: Fitted, metrics: MotionMetrics) -> None:
    motion, pair, result = fitted
    wrist = measured(motion, pair, turned(result, pair, slice(20, 30), "left_wrist", (0, 0.4, 0)))
    assert (wrist.part_mm[20:30, PARTS.index("hands")] > 5 + metrics.part_mm[20:30, 3]).all()
    # Only what the pose correctives of the wrist do to the palm is left.
    assert np.abs(wrist.hand_mm - metrics.hand_mm).max() < 1.5
    finger = measured(motion, pair, turned(result, pair, slice(20, 30), "left_index1", (0, 0, 0.8)))
    assert (finger.hand_mm[20:30, 0] > 2 + metrics.hand_mm[20:30, 0]).all()
    assert np.allclose(finger.hand_mm[:, 1], metrics.hand_mm[:, 1], atol=1e-3)
    assert np.allclose(finger.hand_mm[:20], metrics.hand_mm[:20], atol=1e-3)


def test_gaps_say_nothing_and_neither_do_accelerations_beside_them(fitted: Fitted) -> None:
    motion, pair, result = fitted
    poses, ours = motion.poses.copy(), result.poses.copy()
    poses[40, 3] = np.nan
    ours[12, 2] = np.inf
    done = result.fitted.copy()
    done[[40, 60]] = False
    metrics = measured(replace(motion, poses=poses), pair, replace(result, poses=ours, fitted=done))
    gaps = [12, 40, 60]
    assert list(np.flatnonzero(~metrics.fitted)) == gaps
    assert list(np.flatnonzero(~metrics.finite)) == [40]
    for name in ("mean_mm", "max_mm", "penetration_mm"):
        assert list(np.flatnonzero(np.isnan(getattr(metrics, name)))) == gaps, name
    for name in ("part_mm", "hand_mm", "joint_mm"):
        assert list(np.flatnonzero(np.isnan(getattr(metrics, name)).any(1))) == gaps, name
        assert list(np.flatnonzero(np.isnan(getattr(metrics, name)).all(1))) == gaps, name
    beside = sorted({0, 69, *(gap + side for gap in gaps for side in (-1, 0, 1))})
    assert list(np.flatnonzero(np.isnan(metrics.jitter_mm).all(1))) == beside
    assert list(np.flatnonzero(np.isnan(metrics.joint_jitter_mm))) == beside
    assert np.isfinite(metrics.vertex_mean_mm[pair.correspondence.valid]).all()
    assert np.isfinite(metrics.summary()["mean_mm"]["mean"])
    # The source is whole where only the fit is not.
    assert np.isfinite(metrics.source_jump_mm[60])
    assert np.isnan(metrics.source_jump_mm[40])


def test_nothing_fitted_gives_nothing_but_no_error(fitted: Fitted) -> None:
    motion, pair, result = fitted
    metrics = measured(motion, pair, replace(result, fitted=np.zeros(len(motion), dtype=bool)))
    assert np.isnan(metrics.mean_mm).all()
    assert np.isnan(metrics.vertex_max_mm).all()
    assert np.isnan(metrics.floor)
    assert np.isnan(metrics.summary()["part_mm"]["mean hands"])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_frames_are_enough(fitted: Fitted, count: int) -> None:
    motion, pair, result = fitted
    arrays = {
        item.name: getattr(result, item.name)[:count]
        for item in fields(FitResult)
        if isinstance(getattr(result, item.name), np.ndarray) and item.name != "betas"
    }
    metrics = measured(motion.cut(0, count), pair, replace(result, **arrays))
    assert np.isfinite(metrics.mean_mm).all()
    assert np.isfinite(metrics.jitter_mm).any() == (count == 3)


def test_far_from_the_origin_nothing_changes(fitted: Fitted, metrics: MotionMetrics) -> None:
    motion, pair, result = fitted
    away = np.array([256.0, -512.0, 8.0], dtype=np.float32)
    moved = measured(
        replace(motion, trans=motion.trans + away), pair, replace(result, transl=result.transl + away)
    )
    assert moved.floor == pytest.approx(metrics.floor + 8, abs=1e-4)
    # Which of two frames a small break is booked to may turn on a rounding error of float32 trans.
    by_chance = {"jump_mm", "source_jump_mm"}
    for name in set(per_frame()) - by_chance:
        assert np.allclose(getattr(moved, name), getattr(metrics, name), atol=0.15, equal_nan=True), name
    for name in by_chance:
        assert np.nanmax(getattr(moved, name)) == pytest.approx(np.nanmax(getattr(metrics, name)), abs=0.15)


def test_a_fit_that_sinks_and_slides_is_measured_against_the_source(
    fitted: Fitted, metrics: MotionMetrics
) -> None:
    motion, pair, result = fitted
    drift = np.arange(len(motion))[:, None] * np.array([0.004, 0, 0])
    down = replace(result, transl=(result.transl + drift - (0, 0, 0.03)).astype(np.float32))
    sunk = measured(motion, pair, down)
    assert sunk.floor == metrics.floor
    # Within what the soles of the two bodies differ by.
    assert np.abs(sunk.penetration_mm - 30).max() < 3
    assert np.abs(metrics.penetration_mm).max() < 3
    assert np.nanmax(np.abs(metrics.skate_mm)) < 0.5
    resting = np.isfinite(metrics.skate_mm)
    assert resting.any(0).all()
    assert not resting.all(0).any()
    assert np.array_equal(resting, np.isfinite(sunk.skate_mm))
    assert np.nanmedian(sunk.skate_mm) == pytest.approx(4, abs=0.6)


@pytest.mark.parametrize(("up", "degrees"), [("y", -90), ("-y", 90)])
def test_up_is_where_the_motion_says(
    fitted: Fitted, metrics: MotionMetrics, up: UpAxis, degrees: float
) -> None:
    motion, pair, result = fitted
    tilt = Rotation.from_euler("x", degrees, degrees=True)
    turned_up = {"poses": motion.poses.copy(), "trans": motion.trans.copy()}
    ours = {"poses": result.poses.copy(), "transl": result.transl.copy()}
    for pieces, body, place in ((turned_up, pair.source, "trans"), (ours, pair.target, "transl")):
        pieces["poses"][:, 0] = (tilt * Rotation.from_rotvec(pieces["poses"][:, 0])).as_rotvec()
        betas = motion.betas if body is pair.source else result.betas
        # The root joint stays at rest + trans, so the rest part must be turned too.
        root = body.rest_joints(body.coefficients(torch.as_tensor(betas), None))[0].numpy()
        pieces[place] = (tilt.apply(pieces[place] + root) - root).astype(np.float32)
    lying = measured(replace(motion, **turned_up, up_axis=up), pair, replace(result, **ours, up_axis=up))
    around = surroundings(replace(motion, **turned_up, up_axis=up), pair.source, 30.0)
    assert around.floor == pytest.approx(surroundings(motion, pair.source, 30.0).floor, abs=1e-3)
    assert 1.2 < around.height < 2.5
    assert lying.floor == pytest.approx(metrics.floor, abs=1e-4)
    assert np.allclose(lying.penetration_mm, metrics.penetration_mm, atol=0.02)
    assert np.allclose(lying.skate_mm, metrics.skate_mm, atol=0.02, equal_nan=True)
    assert np.allclose(lying.mean_mm, metrics.mean_mm, atol=0.01)


def test_a_source_without_fingers_is_measured(fitted: Fitted) -> None:
    motion = fitted[0].cut(0, 8)
    pair = load_bodies(source="smpl")
    poses = np.zeros((8, 24, 3), dtype=np.float32)
    poses[:, :22] = motion.poses[:, :22]
    smpl = Motion(family="smpl", poses=poses, trans=motion.trans, betas=motion.betas[:10])
    metrics = measured(smpl, pair, fit(smpl, pair))
    assert len(metrics.joint_names) == 22
    assert np.isfinite(metrics.joint_mm).all()


def test_what_does_not_belong_together_is_refused(fitted: Fitted) -> None:
    motion, pair, result = fitted
    with pytest.raises(RefitError, match=r"70 frames, but walk_poses\.npz has 10"):
        measured(motion.cut(0, 10), pair, result)
    with pytest.raises(RefitError, match="motion is in smplh, but its body is smpl"):
        measured(motion, load_bodies(source="smpl"), result)


@pytest.mark.parametrize("counted", ["few", "none"])
def test_vertices_that_do_not_count_are_in_no_figure_of_distances(fitted: Fitted, counted: str) -> None:
    motion, pair, result = fitted
    rng = np.random.default_rng(5)
    valid = pair.correspondence.valid & (rng.random(pair.target.num_vertices) < (counted == "few") * 0.1)
    masked = replace(pair, correspondence=pair.correspondence.with_valid(valid))
    ours = replace(result, poses=np.where(np.arange(70)[:, None, None] == 30, np.nan, result.poses))
    metrics = measured(motion, masked, ours)
    assert np.array_equal(np.isfinite(metrics.vertex_max_mm), valid)
    if counted == "none":
        assert np.isnan(metrics.mean_mm).all()
        return
    source, skin = (
        posed(m, body, slice(None))[0]
        for m, body in ((motion, pair.source), (result.as_motion(), pair.target))
    )
    apart = (skin - pair.correspondence.apply(torch.as_tensor(source)).numpy())[:, valid].astype(float)
    distance = 1000 * np.linalg.norm(np.delete(apart, 30, 0), axis=2)
    assert np.allclose(np.delete(metrics.mean_mm, 30), distance.mean(1), atol=2e-3)
    assert np.allclose(np.delete(metrics.max_mm, 30), distance.max(1), atol=2e-3)
    assert np.allclose(metrics.vertex_mean_mm[valid], distance.mean(0), atol=2e-3)
    assert np.allclose(metrics.vertex_max_mm[valid], distance.max(0), atol=2e-3)
    assert np.isnan(metrics.mean_mm[30])

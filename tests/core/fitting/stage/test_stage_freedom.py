"""What a stage may change changes, what it holds stays, and what should not pull does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.errors import RefitError
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.initial_pose import source_pose
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FACE_JOINTS, LEFT_HAND, PARTS, RIGHT_HAND
from core.model.motion import Motion
from tests.core.fitting.judged import TIGHT, fit, joints_named, judged, value

# Frames chosen, robust losses, weights


def test_frames_fitted_again_leave_the_others_alone(whole: FitResult, motion: Motion, pair: BodyPair) -> None:
    chosen = np.array([1, 2])
    recipe = Recipe((replace(TIGHT, pose_prior=0.05),), start="current")
    again = fit(motion, pair, recipe, frames=chosen, start=whole)
    others = np.setdiff1d(np.arange(len(motion)), chosen)
    for name in ("poses", "transl", "mean_mm", "max_mm", "part_mm", "converged", "expression"):
        assert np.array_equal(getattr(again, name)[others], getattr(whole, name)[others]), name
    assert np.array_equal(again.betas, whole.betas)
    assert again.frame_betas is None
    assert np.abs(again.poses[chosen] - whole.poses[chosen]).max(axis=(1, 2)).min() > 1e-3
    assert not again.partial


@pytest.mark.parametrize("robust_by", ["part", "vertex"])
def test_a_robust_loss_lets_go_of_a_hand_that_cannot_be_met(
    robust_by: str, whole: FitResult, motion: Motion, pair: BodyPair
) -> None:
    """Fingers held in a wrong pose turn the wrist of least squares, less that of a robust loss."""
    poses = whole.poses.copy()
    poses[:, joints_named(pair, *RIGHT_HAND)] += np.array([0.0, 0.0, 0.9], dtype=np.float32)
    wrong = replace(whole, poses=poses)
    held = replace(TIGHT, free_right_hand=False, shape="fixed")
    robust = replace(held, robust="geman-mcclure", robust_by=robust_by, robust_scale=4.0)
    wrist = joints_named(pair, "right_wrist")[0]
    turned, arms = {}, {}
    for name, settings in (("squares", held), ("robust", robust)):
        result = fit(motion, pair, Recipe((settings,), start="current"), start=wrong)
        assert np.abs(result.poses - poses)[:, joints_named(pair, *RIGHT_HAND)].max() < 2e-6
        apart = Rotation.from_rotvec(whole.poses[:, wrist]).inv() * Rotation.from_rotvec(
            result.poses[:, wrist]
        )
        turned[name] = float(apart.magnitude().mean())
        arms[name] = float(result.part_mm[:, PARTS.index("arms")].mean())
    assert turned["squares"] > 0.02
    assert turned["robust"] < 0.6 * turned["squares"]
    assert arms["robust"] < arms["squares"]


def test_painted_vertices_are_met_more_closely(whole: FitResult, motion: Motion, pair: BodyPair) -> None:
    feet = PARTS.index("feet")
    painted = np.where(pair.target.vertex_part == feet, 20.0, 1.0).astype(np.float32)
    brushed = fit(motion, pair, TIGHT, vertex_weights=painted)
    by_settings = tuple(20.0 if part == feet else 1.0 for part in range(len(PARTS)))
    weighed = fit(motion, pair, replace(TIGHT, part_weights=by_settings))
    assert brushed.part_mm[:, feet].mean() < 0.97 * whole.part_mm[:, feet].mean()
    assert np.abs(brushed.poses - weighed.poses).max() < 1e-4


def test_weights_below_zero_are_refused_in_one_sentence(motion: Motion, pair: BodyPair) -> None:
    weights = np.ones(pair.target.num_vertices)
    weights[5] = -1
    with pytest.raises(RefitError, match=r"^Vertex weights must be finite and not negative\.$"):
        FitRun(motion, pair, vertex_weights=weights)


def test_weights_of_another_length_are_refused_in_one_sentence(motion: Motion, pair: BodyPair) -> None:
    with pytest.raises(RefitError, match=r"^The vertex weights have shape \(12,\), expected \(10475,\)\.$"):
        FitRun(motion, pair, vertex_weights=np.ones(12, dtype=np.float32))


# What is free


def test_own_shapes_and_expressions_come_closer(motion: Motion, pair: BodyPair) -> None:
    motion = motion.cut(0, 2)
    whole = fit(motion, pair, TIGHT)
    own_shape, expressive = replace(TIGHT, shape="per-frame"), replace(TIGHT, expression="shared")
    faces, both = replace(TIGHT, expression="per-frame"), replace(own_shape, expression="per-frame")
    data = {}
    for name, settings in (("own shape", own_shape), ("shared", expressive), ("own", faces), ("both", both)):
        result = fit(motion, pair, settings)
        objective, state = judged(motion, pair, settings, result)
        with torch.no_grad():
            data[name] = float(objective.terms(state)["vertex"]), float(objective.value(state))
        assert result.converged.all()
        assert result.expression.shape == (len(motion), pair.target.num_expression)
        assert bool(result.expression.any()) == (settings.expression != "off")
        differ = bool((result.expression != result.expression[:1]).any())
        assert differ == (settings.expression == "per-frame")
        if settings.shape == "per-frame":
            assert result.frame_betas is not None
            assert result.frame_betas.shape == (len(motion), len(result.betas))
            assert np.allclose(result.frame_betas.mean(0), result.betas, atol=1e-6)
        else:
            assert result.frame_betas is None
    objective, state = judged(motion, pair, TIGHT, whole)
    with torch.no_grad():
        plain = float(objective.terms(state)["vertex"]), float(objective.value(state))
    assert data["own shape"][1] < plain[1]
    assert data["shared"][1] < plain[1]
    assert data["own"][1] < data["shared"][1] * (1 + 1e-6)
    assert data["both"][1] < data["own"][1]
    assert data["both"][0] < data["own shape"][0] < plain[0]
    assert data["both"][0] < 0.995 * plain[0]
    assert data["shared"][0] < plain[0]


def test_expression_coefficients_beyond_those_asked_for_stay_zero(motion: Motion, pair: BodyPair) -> None:
    result = fit(motion.cut(0, 2), pair, FitSettings(expression="per-frame", num_expression=3))
    assert np.abs(result.expression[:, :3]).min() > 0
    assert not result.expression[:, 3:].any()


def test_a_fixed_shape_is_kept(whole: FitResult, motion: Motion, pair: BodyPair) -> None:
    other = replace(whole, betas=whole.betas + np.float32(0.5))
    result = fit(motion, pair, Recipe((replace(TIGHT, shape="fixed"),), start="current"), start=other)
    assert np.array_equal(result.betas, other.betas)
    assert result.frame_betas is None
    mean = fit(motion, pair, replace(TIGHT, shape="fixed"))
    assert not mean.betas.any()
    assert mean.mean_mm.mean() > whole.mean_mm.mean()


HELD_GROUPS = {
    "global_orient": ("pelvis",),
    "body": ("left_knee", "spine2", "head", "right_wrist"),
    "left_hand": LEFT_HAND,
    "right_hand": RIGHT_HAND,
}


@pytest.mark.parametrize("group", HELD_GROUPS)
def test_held_joints_stay_exactly_where_they_start(group: str, motion: Motion, pair: BodyPair) -> None:
    few = motion.cut(0, 3)
    result = fit(few, pair, replace(FitSettings(), **{f"free_{group}": False}))
    start = source_pose(few, pair, np.arange(3))
    turned = (
        Rotation.from_rotvec(result.poses.reshape(-1, 3)) * Rotation.from_rotvec(start.reshape(-1, 3)).inv()
    )
    angle = turned.magnitude().reshape(3, -1)
    held = joints_named(pair, *HELD_GROUPS[group])
    assert angle[:, held].max() < 2e-6
    others = [
        joint
        for name, joints in HELD_GROUPS.items()
        for joint in joints_named(pair, *joints)
        if name != group
    ]
    assert np.median(angle[:, others].max(0)) > 1e-3
    assert angle[:, joints_named(pair, *FACE_JOINTS)].max() < 2e-6


def test_a_shared_shape_after_own_ones_is_that_of_a_fit_without_them(motion: Motion, pair: BodyPair) -> None:
    staged = fit(motion, pair, Recipe((FitSettings(shape="per-frame"), TIGHT)))
    alone = value(motion, pair, TIGHT, fit(motion, pair, TIGHT))
    assert staged.frame_betas is None
    assert abs(value(motion, pair, TIGHT, staged) - alone) < 1e-3 * alone


def test_frames_fitted_again_leave_own_shapes_of_others_alone(motion: Motion, pair: BodyPair) -> None:
    own = FitSettings(shape="per-frame", expression="per-frame")
    before = fit(motion, pair, own)
    recipe = Recipe((replace(own, shape_prior=0.1, expression_prior=0.1),), start="current")
    after = fit(motion, pair, recipe, frames=np.array([1]), start=before)
    assert before.frame_betas is not None
    assert after.frame_betas is not None
    others = [0, 2, 3]
    assert np.array_equal(after.frame_betas[others], before.frame_betas[others])
    assert np.array_equal(after.expression[others], before.expression[others])
    assert np.linalg.norm(after.expression[1]) < np.linalg.norm(before.expression[1])


def test_a_shape_is_solved_with_every_joint_held(motion: Motion, pair: BodyPair) -> None:
    held = {f"free_{group}": False for group in (*HELD_GROUPS, "transl")}
    result = fit(motion, pair, replace(TIGHT, **held))
    assert result.betas.any()
    assert result.mean_mm.mean() < fit(motion, pair, replace(TIGHT, **held, shape="fixed")).mean_mm.mean()

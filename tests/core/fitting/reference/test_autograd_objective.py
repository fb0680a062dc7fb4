"""The objective by autograd is the one that the settings' documentation defines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.correspond.load_bodies import load_bodies
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_objective import (
    AutogradObjective,
    robust_loss,
    valid_edges,
)
from core.fitting.reference.autograd_unknowns import StageUnknowns, free_joint_mask
from core.fitting.reference.smplx_layer import SmplxLayer
from core.model.joints import FACE_JOINTS, PARTS
from core.model.skinning import rotation_matrices, rotation_vectors
from tests import variants
from tests.core.fitting.small_problem import SmallProblem, shared, small_problem

PART_WEIGHTS = (2.0, 0.5, 1.0, 3.0, 0.0, 1.5)
FACE = {"free_jaw": True, "free_eyes": True}
EACH = {"shape": "per-frame", "expression": "per-frame"}
CASES = {
    "plain": FitSettings(),
    "edges": FitSettings(stage="edge", **EACH, **FACE),
    "mix": FitSettings(vertex_weight=0.7, edge_weight=2.0, part_weights=PART_WEIGHTS, expression="shared"),
    "huber by part": FitSettings(robust="huber", robust_scale=40, part_weights=PART_WEIGHTS),
    "huber by vertex": FitSettings(robust="huber", robust_by="vertex", robust_scale=60),
    "geman-mcclure by part": FitSettings(robust="geman-mcclure", robust_scale=50, **EACH),
    "geman-mcclure by vertex": FitSettings(robust="geman-mcclure", robust_by="vertex", robust_scale=50),
    "priors": FitSettings(pose_prior=0.3, pose_prior_to="zero", jaw_prior=2.0, eyes_prior=3.0, **FACE),
    "coefficients": FitSettings(shape_prior=2.0, expression_prior=3.0, num_betas=2, num_expression=1, **EACH),
    "smooth": FitSettings(smoothness=0.5, free_left_hand=False, shape="fixed"),
    "even": FitSettings(acceleration=1.0, free_left_hand=False, shape="fixed"),
    "translation": FitSettings(stage="translation"),
}


def objective_of(problem: SmallProblem, settings: FitSettings, **more: object) -> AutogradObjective:
    return AutogradObjective(problem.body, problem.targets, problem.weights, settings, problem.source, **more)  # type: ignore[arg-type]


def unknowns_of(
    problem: SmallProblem, settings: FitSettings
) -> tuple[AutogradObjective, StageUnknowns, torch.Tensor]:
    objective = objective_of(problem, settings)
    state = problem.state if "per-frame" in (settings.shape, settings.expression) else shared(problem.state)
    unknowns = objective.unknowns(state)
    return objective, unknowns, unknowns.start()


@pytest.mark.parametrize("name", CASES)
def test_every_derivative_is_that_of_the_value(name: str) -> None:
    objective, unknowns, start = unknowns_of(small_problem(), CASES[name])
    direction = torch.randn(len(start), generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    step = 1e-5

    def terms(at: torch.Tensor) -> torch.Tensor:
        return torch.stack(list(objective.terms(unknowns.unpack(at)).values()))

    flat = start.clone().requires_grad_()
    values = terms(flat)
    assert torch.isfinite(values).all()
    slopes = torch.stack(
        [
            (torch.autograd.grad(value, flat, retain_graph=True, materialize_grads=True)[0] * direction).sum()
            if value.requires_grad
            else value.new_zeros(())
            for value in values
        ]
    )
    expected = (terms(start + step * direction) - terms(start - step * direction)) / (2 * step)
    assert torch.allclose(slopes, expected, rtol=1e-5, atol=1e-6 * float(values.detach().abs().max()))

    def gradient(at: torch.Tensor) -> torch.Tensor:
        at = at.clone().requires_grad_()
        return torch.autograd.grad(terms(at).sum(), at, create_graph=True)[0]

    at = start.clone().requires_grad_()
    product = torch.autograd.grad(
        torch.autograd.grad(terms(at).sum(), at, create_graph=True)[0], at, direction
    )[0]
    ahead, behind = gradient(start + step * direction), gradient(start - step * direction)
    scale = 1e-5 * float(product.abs().max())
    assert torch.allclose(product, (ahead - behind).detach() / (2 * step), rtol=1e-4, atol=scale)


def test_derivatives_at_rest_are_finite() -> None:
    problem = small_problem()
    objective = objective_of(problem, replace(CASES["priors"], smoothness=1.0, pose_prior_to="source"))
    rest = replace(problem.state, poses=torch.zeros_like(problem.state.poses))
    flat = objective.unknowns(shared(rest)).start().requires_grad_()
    value = objective.value(objective.unknowns(shared(rest)).unpack(flat))
    (gradient,) = torch.autograd.grad(value, flat, create_graph=True)
    (product,) = torch.autograd.grad(gradient.sum(), flat)
    assert torch.isfinite(gradient).all()
    assert torch.isfinite(product).all()


def residual_of(problem: SmallProblem) -> np.ndarray:
    """(n, V, 3) by this project's own posing."""
    state = shared(problem.state)
    values = (state.poses, state.betas, state.transl, state.expression)
    vertices = problem.body.vertices(*(value.float() for value in values))
    return (vertices.double() - problem.targets).numpy()


def test_vertices_and_edges_are_summed_as_documented() -> None:
    problem, settings = small_problem(), CASES["mix"]
    terms = objective_of(problem, settings).terms(shared(problem.state))
    residual = residual_of(problem)
    weights = problem.weights * np.array(PART_WEIGHTS)[problem.body.vertex_part]
    vertex = 0.5 * 0.7 * (weights * (residual**2).sum(2)).sum()
    edge = 0.0
    pairs = {tuple(sorted((face[i], face[i - 1]))) for face in problem.body.faces.tolist() for i in range(3)}
    counted = 0
    for i, j in pairs:
        if problem.weights[i] > 0 and problem.weights[j] > 0:
            edge += (
                0.5 * 2.0 * 0.5 * (weights[i] + weights[j]) * ((residual[:, i] - residual[:, j]) ** 2).sum()
            )
            counted += 1
    assert float(terms["vertex"]) == pytest.approx(vertex, rel=1e-4)
    assert float(terms["edge"]) == pytest.approx(edge, rel=1e-4)
    assert objective_of(problem, settings).num_edges == counted < len(pairs)


def test_edges_are_unique_and_between_valid_vertices() -> None:
    faces = np.array([[0, 1, 2], [2, 1, 3], [3, 4, 2]])
    valid = np.array([True, True, True, True, False])
    assert valid_edges(faces, valid).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]


def test_robust_losses_by_hand() -> None:
    square = torch.tensor([0.0, 1e-4, 4e-4, 9e-4], dtype=torch.float64)  # 0, 10, 20 and 30 mm
    assert torch.equal(robust_loss(square, "none", 0.02), square)
    huber = torch.tensor([0.0, 1e-4, 4e-4, 2 * 0.02 * 0.03 - 4e-4], dtype=torch.float64)
    assert torch.allclose(robust_loss(square, "huber", 0.02), huber)
    geman = torch.tensor([0.0, 0.8e-4, 2e-4, 36e-8 / 13e-4], dtype=torch.float64)
    assert torch.allclose(robust_loss(square, "geman-mcclure", 0.02), geman)


@pytest.mark.parametrize("by", ["part", "vertex"])
@pytest.mark.parametrize("robust", ["huber", "geman-mcclure"])
def test_robust_groups_are_parts_or_vertices(robust: str, by: str) -> None:
    problem = small_problem(off=0.05)
    settings = FitSettings(robust=robust, robust_by=by, robust_scale=30, part_weights=PART_WEIGHTS)
    got = float(objective_of(problem, settings).terms(shared(problem.state))["vertex"])
    residual, scale = residual_of(problem), 0.03
    parts = problem.body.vertex_part
    weights = problem.weights * np.array(PART_WEIGHTS)[parts]
    groups = [[i] for i in range(len(weights))]
    if by == "part":
        groups = [list(np.flatnonzero(parts == part)) for part in range(len(PARTS))]
    expected, near, far = 0.0, 0, 0
    for frame in residual:
        for group in groups:
            count = weights[group].sum()
            if count == 0:
                continue
            mean = (weights[group] * (frame[group] ** 2).sum(1)).sum() / count
            near, far = near + (mean <= scale**2), far + (mean > scale**2)
            if robust == "huber":
                rho = mean if mean <= scale**2 else 2 * scale * np.sqrt(mean) - scale**2
            else:
                rho = mean * scale**2 / (mean + scale**2)
            expected += 0.5 * count * rho
    assert far
    assert near or by == "part"
    assert got == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("to", ["source", "zero", "previous"])
def test_pose_prior_pulls_free_joints_to_where_it_points(to: str) -> None:
    problem = small_problem()
    settings = replace(CASES["priors"], pose_prior_to=to, free_right_hand=False)
    got = objective_of(problem, settings).terms(shared(problem.state))["pose prior"]
    poses = rotation_matrices(problem.state.poses)
    names = problem.body.joint_names
    expected = 0.0
    for frame in range(len(problem.targets)):
        for joint, name in enumerate(names):
            weight, towards = 0.3, problem.source[frame, joint]
            if name.startswith("right_") and joint > 24:
                continue
            if to == "zero":
                towards, weight = torch.eye(3), 0.3 * (joint > 0)
            if to == "previous":
                towards, weight = poses[max(frame - 1, 0), joint], 0.3
            if name == "jaw" or "eye" in name:
                weight, towards = (2.0 if name == "jaw" else 3.0), torch.eye(3)
            turned = Rotation.from_rotvec(problem.state.poses[frame, joint].numpy())
            angle = (turned * Rotation.from_matrix(towards.numpy()).inv()).magnitude()
            expected += 0.5 * weight * angle**2
    assert float(got) == pytest.approx(expected, rel=1e-9)


def test_coefficient_priors_count_every_frame() -> None:
    problem = small_problem()
    settings = FitSettings(shape_prior=2.0, expression="shared", expression_prior=4.0)
    state = shared(problem.state)
    terms = objective_of(problem, settings).terms(state)
    assert float(terms["shape prior"]) == pytest.approx(3 * float(state.betas.square().sum()))
    assert float(terms["expression prior"]) == pytest.approx(6 * float(state.expression.square().sum()))
    each = objective_of(problem, replace(settings, shape="per-frame", expression="per-frame"))
    terms = each.terms(problem.state)
    assert float(terms["shape prior"]) == pytest.approx(float(problem.state.betas.square().sum()))
    fixed = objective_of(problem, FitSettings(shape="fixed")).terms(state)
    assert "shape prior" not in fixed
    assert "expression prior" not in fixed


def test_smoothness_sees_what_turns_away_from_the_source() -> None:
    problem = small_problem()
    settings = FitSettings(smoothness=0.5, **FACE)
    transl = problem.state.transl + 1.0
    objective = objective_of(problem, settings, source_transl=transl)
    turns = Rotation.from_rotvec(problem.state.poses.reshape(-1, 3).numpy())
    source = problem.source.clone()
    names = problem.body.joint_names
    # Of a face the source has none.
    source[:, [names.index(name) for name in FACE_JOINTS]] = torch.eye(3).double()
    turns *= Rotation.from_matrix(source.reshape(-1, 3, 3).numpy()).inv()
    count = problem.body.num_joints
    expected = 0.0
    for at in range(len(turns) - count):
        expected += 0.25 * (turns[at + count] * turns[at].inv()).magnitude() ** 2
    state = shared(problem.state)
    assert float(objective.terms(state)["smoothness"]) == pytest.approx(expected, rel=1e-9)
    moved = replace(state, transl=transl + torch.tensor([[0.0], [0.1], [0.1]], dtype=torch.float64))
    assert float(objective.terms(moved)["smoothness"]) == pytest.approx(
        expected + 0.25 * 100 * 0.03, rel=1e-9
    )


def test_acceleration_is_of_the_motion_itself_by_the_second() -> None:
    problem, state = small_problem(frames=4), shared(small_problem(frames=4).state)
    settings = FitSettings(acceleration=0.5, **FACE)
    turns = Rotation.from_rotvec(state.poses.reshape(-1, 3).numpy())
    count = problem.body.num_joints
    steps = (turns[count:] * turns[:-count].inv()).as_rotvec().reshape(3, count, 3)
    root = state.transl.numpy()
    bent = 100 * (np.diff(root, 2, axis=0) ** 2).sum()
    expected = 0.5 * 0.5e-6 * ((np.diff(steps, axis=0) ** 2).sum() + bent)
    for fps in (30.0, 120.0):
        got = objective_of(problem, settings, fps=fps).terms(state)["acceleration"]
        assert float(got) == pytest.approx(expected * fps**4, rel=1e-9)
    # Where the coordinates move with the source, its path counts too.
    path = np.outer([0, 0.1, 0.4, 0.9], [1, 2, 0])
    moved = replace(state, transl=state.transl - torch.as_tensor(path))
    got = objective_of(problem, settings, trans=path).terms(moved)["acceleration"]
    assert float(got) == pytest.approx(expected * 30**4, rel=1e-9)


def test_what_is_held_stays() -> None:
    problem = small_problem()
    settings = FitSettings(
        free_body=False, free_left_hand=False, free_transl=False, shape="fixed", expression="off"
    )
    start = shared(problem.state)
    polished = objective_of(problem, settings).polish(start, 5)
    free = free_joint_mask(problem.body, settings)
    names = np.array(problem.body.joint_names)[free]
    assert names[0] == "pelvis"
    assert all(name.startswith("right_") for name in names[1:])
    assert len(names) == 16
    moved = (polished.state.poses - start.poses).abs().amax((0, 2)).numpy() > 0
    assert np.array_equal(moved, free)
    assert torch.allclose(polished.state.transl, start.transl, rtol=0, atol=1e-12)
    assert torch.equal(polished.state.betas, start.betas)
    assert torch.equal(polished.state.expression, start.expression)
    assert polished.after < polished.before


def test_open_hands_follow_the_source() -> None:
    body = small_problem().body
    assert free_joint_mask(body, FitSettings(), True).sum() == 52
    assert free_joint_mask(body, FitSettings(), False).sum() == 22
    assert free_joint_mask(body, FitSettings(free_left_hand=True), False).sum() == 37
    assert not free_joint_mask(body, FitSettings(stage="translation")).any()


@pytest.mark.parametrize("name", CASES)
def test_polish_lowers_what_the_settings_define(name: str) -> None:
    objective, unknowns, _ = unknowns_of(small_problem(), CASES[name])
    polished = objective.polish(unknowns.base, 10)
    assert polished.before == pytest.approx(float(objective.value(unknowns.base)))
    assert polished.after == pytest.approx(float(objective.value(polished.state)))
    assert polished.after < polished.before


def test_squared_angle_at_its_ends() -> None:
    angles = torch.tensor([0.0, 1e-6, 1e-3, 1.0, 3.0, np.pi], dtype=torch.float64)
    axis = torch.nn.functional.normalize(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), dim=0)
    found = rotation_vectors(rotation_matrices(angles[:, None] * axis)).square().sum(-1)
    assert torch.allclose(found, angles.square(), rtol=1e-6, atol=1e-18)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx"])
def test_the_layer_poses_as_this_project_does(family: str, dtype: torch.dtype) -> None:
    body = load_bodies(source=family).source
    if family != "smpl":
        pair = variants.body_pair("dense correctives")
        body = pair.source if family == "smplh" else pair.target
    generator = torch.Generator().manual_seed(5)
    poses = 0.6 * torch.randn(4, body.num_joints, 3, generator=generator)
    betas = torch.randn(4, body.num_betas, generator=generator)
    transl = torch.randn(4, 3, generator=generator)
    expression = torch.randn(4, body.num_expression, generator=generator)
    layer = SmplxLayer(body, dtype)
    values = [value.to(dtype) for value in (poses, betas, transl, expression)]
    vertices, joints = layer(*values)
    ours = body.vertices(poses, betas, transl, expression)
    assert (vertices - ours).abs().max() < 1e-5
    assert (joints - body.joints(poses, betas, transl, expression)).abs().max() < 1e-5
    by_rotations, _ = layer(rotation_matrices(values[0]), *values[1:])
    assert torch.equal(by_rotations, vertices)
    one, _ = layer(values[0], values[1][0], values[2], values[3][0])
    assert torch.allclose(one[:1], vertices[:1], atol=1e-5)

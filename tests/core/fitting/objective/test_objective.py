"""Value, gradient and normal matrices of the objective against autograd, in float64 on random bodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import NO_TERMS, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.normal_equations import coupled_matrix
from core.fitting.solver.pose_matrix import pose_matrix
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.fitting.terms.pose_prior import PosePrior
from core.model.body import blend, corrective_offsets, pose_features
from core.model.joints import JOINT_NAMES
from core.model.skinning import rotation_matrices, rotation_vectors
from tests.core.fitting.random_body import random_body

FRAMES = 3
FACE = {JOINT_NAMES["smplx"].index(name) for name in ("jaw", "left_eye_smplhf", "right_eye_smplhf")}


class Case:
    """A random state of a random body; a few vertices weigh nothing."""

    def __init__(self, seed: int = 0, correctives: bool = True) -> None:
        body = random_body(seed)
        if not correctives:
            body = replace(body, posedirs=np.zeros_like(body.posedirs))
        rng = np.random.default_rng(seed + 1)
        weights = rng.random(body.num_vertices)
        weights[:8] = 0
        self.body = body
        self.skin = FitSkin(body, weights, np.arange(body.num_betas), dtype=torch.float64)
        order = self.skin.vertices
        self.template = torch.as_tensor(body.v_template[order]).float().double()
        self.shapedirs = torch.as_tensor(body.shapedirs[order]).float().double()
        self.posedirs = torch.as_tensor(body.posedirs[order])
        self.weights = torch.as_tensor(body.weights[order])
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        joints = body.num_joints
        relative = rotation_matrices(0.4 * normal(FRAMES, joints, 3))
        self.pose = Pose(body.tree.world_rotations(relative), normal(FRAMES, 3))
        self.targets = 0.3 * normal(len(self.skin.vertices), 3, FRAMES)
        self.prior = PosePrior(
            rotation_matrices(0.4 * normal(FRAMES, joints, 3)),
            torch.rand(joints, generator=generator, dtype=torch.float64),
        )
        self.terms = Terms((self.prior,))
        self.betas = normal(body.num_betas)

    def skinned(self, world: Tensor, root: Tensor, betas: Tensor) -> Tensor:
        """(V, 3, n) with the layers that posing uses, so that autograd sees through them."""
        return self.blended(world, root, betas, self.offsets(world))

    def offsets(self, world: Tensor) -> Tensor:
        """(V, 3, n) pose correctives."""
        relative = self.body.tree.relative_rotations(world)
        return corrective_offsets(self.posedirs.flatten(0, 1), relative)

    def blended(self, world: Tensor, root: Tensor, betas: Tensor, offsets: Tensor | float) -> Tensor:
        """(V, 3, n) of given correctives."""
        rest = self.skin.shape(betas).rest
        joints = self.body.tree.joint_positions(world, rest, root)
        shaped = (self.template + self.shapedirs @ betas)[..., None]
        return blend(self.weights, world, joints, rest, shaped + offsets)

    def energy(self, turns: Tensor, shift: Tensor, betas: Tensor) -> Tensor:
        """(n,) objective after rotation increments (n, J, 3) and root shifts (n, 3)."""
        world = rotation_matrices(turns) @ self.pose.world
        residual = self.skinned(world, self.pose.root + shift, betas) - self.targets
        relative = self.body.tree.relative_rotations(world)
        error = rotation_vectors(relative @ self.prior.rotations.transpose(-1, -2))
        data = (self.skin.metric.vertex_weights * residual.square()).sum((0, 1))
        return 0.5 * (data + (self.prior.weights[:, None] * error.square()).sum((1, 2)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_value_and_gradient_equal_autograd(seed: int) -> None:
    case = Case(seed)
    turns = torch.zeros(FRAMES, case.body.num_joints, 3, dtype=torch.float64, requires_grad=True)
    shift = torch.zeros(FRAMES, 3, dtype=torch.float64, requires_grad=True)
    betas = case.betas.clone().requires_grad_()
    energy = case.energy(turns, shift, betas)
    energy.sum().backward()
    found = case.skin.evaluate(
        case.pose, case.skin.shape(case.betas), case.targets, case.terms, by_betas=True
    )
    assert torch.allclose(found.energy, energy, rtol=1e-12)
    assert torch.allclose(found.torque, turns.grad, atol=1e-10)
    assert torch.allclose(found.force, shift.grad, atol=1e-10)
    assert torch.allclose(found.betas, betas.grad, atol=1e-10)


def test_frozen_gradient_is_that_of_constant_correctives() -> None:
    case = Case()
    shape = case.skin.shape(case.betas)
    offsets = case.offsets(case.pose.world)
    turns = torch.zeros(FRAMES, case.body.num_joints, 3, dtype=torch.float64, requires_grad=True)
    world = rotation_matrices(turns) @ case.pose.world
    skin = case.blended(world, case.pose.root, case.betas, offsets)
    (0.5 * (case.skin.metric.vertex_weights * (skin - case.targets).square()).sum()).backward()
    found = case.skin.evaluate(case.pose, shape, case.targets, frozen=True)
    assert torch.allclose(found.torque, turns.grad, atol=1e-10)


@pytest.mark.parametrize("held", [set(), FACE, FACE | {20, 21, 26}])
def test_normal_matrices_equal_explicit_jacobians(held: set[int]) -> None:
    case = Case(correctives=False)
    free = Unknowns.of(case.body.parents, held)
    count = len(free.free)
    first = Pose(case.pose.world[:1], case.pose.root[:1])

    def skin_of(step: Tensor) -> Tensor:
        turns = free.spread(step[None, : 3 * count].unflatten(1, (-1, 3)))
        root = first.root + step[3 * count : 3 * count + 3]
        return case.skinned(rotation_matrices(turns) @ first.world, root, case.betas + step[3 * count + 3 :])

    size = 3 * count + 3
    start = torch.zeros(size + len(case.betas), dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(skin_of, start)[:, :, 0]
    expected = torch.einsum("vcx,v,vcy->xy", jacobian, case.skin.metric.vertex_weights[:, 0, 0], jacobian)

    normal = NormalMatrix(case.skin)
    shape = case.skin.shape(case.betas)
    found = SkinStatistics(case.skin, normal, shape)
    value = case.skin.evaluate(first, shape, case.targets[..., :1], by_betas=True)
    matrix, shared = coupled_matrix(found, first, free, NO_TERMS, value)
    assert torch.allclose(matrix[0], expected[:size, :size], atol=1e-7)
    assert torch.allclose(shared.coupling[0], expected[:size, size:], atol=1e-7)
    assert torch.allclose(shared.squares, expected[size:, size:], atol=1e-7)


def test_corrective_curvature_equals_an_explicit_jacobian() -> None:
    case = Case()
    free = Unknowns.of(case.body.parents, FACE)
    count = len(free.free)
    shape = case.skin.shape(case.betas)
    patches = case.skin.patches.patches
    holder = np.repeat([patch.joint for patch in patches], [len(patch.basis[0]) for patch in patches])
    first = Pose(case.pose.world[:1], case.pose.root[:1])

    def skin_of(step: Tensor) -> Tensor:
        turns = free.spread(step[None, :-3].unflatten(1, (-1, 3)))
        world = rotation_matrices(turns) @ first.world
        skin = case.blended(world, first.root + step[-3:], case.betas, 0.0)[..., 0]
        features = pose_features(case.body.tree.relative_rotations(world))[:, 0]
        offsets = case.posedirs @ features
        return skin + (first.world[0, holder] @ offsets[..., None])[..., 0]

    jacobian = torch.autograd.functional.jacobian(skin_of, torch.zeros(3 * count + 3, dtype=torch.float64))
    expected = torch.einsum("vcx,v,vcy->xy", jacobian, case.skin.metric.vertex_weights[:, 0, 0], jacobian)
    normal = NormalMatrix(case.skin).at(case.betas)[0]
    matrix = pose_matrix(normal, case.pose, free)
    CorrectiveCurvature(case.skin, shape).add_to(matrix, case.pose, free)
    assert torch.allclose(matrix[0], expected, atol=1e-7)
    assert (torch.linalg.eigvalsh(matrix) > -1e-7).all()


@pytest.mark.parametrize("frames", [1, 7, 70])
def test_frames_share_the_correctives_part_as_seen_from_their_joints(frames: int) -> None:
    """One pose seen from many sides: what is added for one of them is right for all."""
    case = Case()
    free = Unknowns.of(case.body.parents, FACE)
    generator = torch.Generator().manual_seed(3)
    sides = rotation_matrices(torch.randn(frames, 1, 3, generator=generator, dtype=torch.float64))
    pose = Pose(sides @ case.pose.world[:1], case.pose.root[:1].expand(frames, 3))
    curvature = CorrectiveCurvature(case.skin, case.skin.shape(case.betas))
    size = 3 * len(free.free) + 3
    each, shared = torch.zeros(2, frames, size, size, dtype=torch.float64)
    curvature.add_to(each, pose, free)
    curvature.add_to(shared, pose, free, 4)
    assert each.abs().max() > 0.01
    assert torch.allclose(each, shared, atol=1e-10)


def test_bytes_that_are_told_grow_with_what_shapes_of_frames_need() -> None:
    case = Case()
    patches, before = case.skin.patches, case.skin.patches.nbytes
    case.skin.evaluate(case.pose, case.skin.shape(case.betas), case.targets)
    assert patches.nbytes == before
    pose = replace(case.pose, betas=case.betas.expand(FRAMES, -1).clone())
    case.skin.evaluate(pose, case.skin.shape(case.betas), case.targets)
    bases = sum(8 * patch.basis.numel() for patch in patches.posing)
    assert patches.nbytes == before + bases


def test_a_shape_that_is_kept_is_given_for_its_own_coefficients_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skin, equal = Case().skin, torch.equal
    count = len(skin.coefficients)
    one, two = (torch.full((count,), value, dtype=torch.float64) for value in (1.0, 2.0))
    given = one.clone()
    skin.shape(given)
    given += 1
    assert not equal(skin.shape(given).rest, skin.shape(one).rest)
    assert skin.shape(one) is skin.shape(one.clone())

    def meanwhile(first: Tensor, second: Tensor) -> bool:
        same = equal(first, second)
        monkeypatch.setattr(torch, "equal", equal)
        skin.shape(two)  # as another thread may ask just then
        return same

    monkeypatch.setattr(torch, "equal", meanwhile)
    found = skin.shape(one)
    assert equal(found.betas, one)

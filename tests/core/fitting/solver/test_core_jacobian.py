"""The Jacobian of the skin is that of the skin."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import core.fitting.solver.core_jacobian as module
from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_jacobian import CoreJacobian
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.stage.stage_problem import prepared_core
from core.model.skinning import rotation_matrices
from tests.variants import body_pair

FRAMES, COEFFICIENTS = 2, 3


def skin_of(name: str) -> FitSkin:
    """A few vertices of a target in double precision, two of three as heavy as the third."""
    body = body_pair(name).target
    weights = np.zeros(body.num_vertices, dtype=np.float32)
    weights[::61], weights[::183] = 2.0, 1.0
    return FitSkin(body, weights, np.arange(COEFFICIENTS), dtype=torch.float64)


def differences(skin: FitSkin, pose: Pose, shape: Shape, unknowns: Unknowns) -> Tensor:
    """(n, V, 3, D) the skin's derivative by central differences."""
    nothing = torch.zeros(len(skin.vertices), 3, FRAMES, dtype=torch.float64)

    def posed(pose: Pose, shape: Shape) -> Tensor:
        return skin.value_and_residuals(pose, shape, nothing)[1].permute(2, 0, 1)

    def along(step: Tensor, by: Tensor) -> Tensor:
        at = moved(pose, step, replace_coefficients(unknowns))
        if at.betas is not None:
            at = replace(at, betas=at.betas + by)
        return posed(at, skin.shape(shape.betas + by))

    turns, size = 3 * len(unknowns.free) + 3, 1e-5
    columns = []
    for index in range(turns + COEFFICIENTS):
        step = torch.zeros(FRAMES, turns, dtype=torch.float64)
        by = torch.zeros(COEFFICIENTS, dtype=torch.float64)
        if index < turns:
            step[:, index] = size
        else:
            by[index - turns] = size
        columns.append((along(step, by) - along(-step, -by)) / (2 * size))
    return torch.stack(columns, -1)


def replace_coefficients(unknowns: Unknowns) -> Unknowns:
    """Those of rotations and root position alone."""
    return replace(unknowns, coefficients=np.empty(0, dtype=int))


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", ["built-in", "harsher"])
def test_with_all_vertices_it_is_the_whole_gauss_newton_matrix(
    name: str, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    skin = skin_of(name)
    everything = np.zeros(skin.body.num_vertices, dtype=np.float32)
    everything[skin.vertices] = skin.metric.vertex_weights.flatten().numpy()
    monkeypatch.setattr(module, "core_weights", lambda *_: everything)
    random = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64)

    tree = skin.tree
    world = tree.world_rotations(rotation_matrices(0.3 * normal(FRAMES, len(tree.parents), 3)))
    betas = normal(FRAMES, COEFFICIENTS)
    pose, shape = Pose(world, normal(FRAMES, 3), betas if own else None), skin.shape(betas[0])
    # Jaw and eyes are held.
    unknowns = Unknowns.of(tree.parents, {22, 23, 24}, coefficients=np.arange(COEFFICIENTS) if own else None)
    robust = torch.rand(skin.metric.group_count, FRAMES, generator=random, dtype=torch.float64)

    found = CoreJacobian(skin).squared(pose, shape, unknowns, robust)
    of_poses = CoreJacobian(skin, False).squared(pose, shape, unknowns, robust, by_coefficients=False)

    jacobian = differences(skin, pose, shape, unknowns)
    weights = skin.metric.vertex_weights[:, 0] * robust[skin.metric.groups]  # (V, n)
    expected = torch.einsum("nvad,vn,nvae->nde", jacobian, weights, jacobian)
    assert (found - expected).norm() < 1e-7 * expected.norm()
    turns = 3 * len(unknowns.free) + 3
    assert torch.allclose(of_poses, found[:, :turns, :turns])
    coupling = expected[:, :turns, turns:]
    assert (found - expected)[:, :turns, turns:].norm() < 1e-7 * coupling.norm()


@pytest.mark.parametrize("name", ["built-in", "harsher"])
def test_what_it_leaves_out_is_known_with_the_gradient(name: str) -> None:
    """But for how correctives turn with the skin that they bend; without any, all of it."""
    skin, random = skin_of(name), torch.Generator().manual_seed(1)
    if name == "built-in":
        plain = replace(skin.body, posedirs=np.zeros_like(skin.body.posedirs))
        weights = np.zeros(plain.num_vertices, dtype=np.float32)
        weights[skin.vertices] = skin.metric.vertex_weights.flatten().numpy()
        skin = FitSkin(plain, weights, np.arange(COEFFICIENTS), dtype=torch.float64)
    tree = skin.tree
    turns = 0.3 * torch.randn(FRAMES, len(tree.parents), 3, generator=random, dtype=torch.float64)
    pose = Pose(tree.world_rotations(rotation_matrices(turns)), turns[:, 0])
    shape = skin.shape(torch.zeros(COEFFICIENTS, dtype=torch.float64))
    unknowns = Unknowns.of(tree.parents, {22, 23, 24})
    noise = torch.randn(len(skin.vertices), 3, FRAMES, generator=random, dtype=torch.float64)
    targets = skin.value_and_residuals(pose, shape, torch.zeros_like(noise))[1] + 0.02 * noise
    targets += 0.02

    def slope(step: Tensor) -> Tensor:
        return gradient(skin.evaluate(moved(pose, step, unknowns), shape, targets), unknowns)

    size = 3 * len(unknowns.free) + 3
    steps = 1e-5 * torch.eye(size, dtype=torch.float64)
    columns = [(slope(step.expand(FRAMES, -1)) - slope(-step.expand(FRAMES, -1))) / 2e-5 for step in steps]
    whole = torch.stack(columns, 1)
    whole = 0.5 * (whole + whole.mT)
    jacobian = differences(skin, pose, shape, unknowns)[..., :size]
    plain_part = torch.einsum("nvad,v,nvae->nde", jacobian, skin.metric.vertex_weights[:, 0, 0], jacobian)
    bends = skin.evaluate(pose, shape, targets).bends
    assert bends is not None
    found = bends.matrix(pose, skin.parents, unknowns)
    left_out = whole - plain_part
    assert (found - left_out).norm() < (1e-4 if name == "built-in" else 0.3) * left_out.norm()


def test_few_vertices_stand_for_all() -> None:
    body = body_pair("harsher").target
    skin = FitSkin(body, np.ones(body.num_vertices, dtype=np.float32), np.arange(COEFFICIENTS))
    jacobian = CoreJacobian(skin)
    assert len(jacobian.core.vertices) < 0.15 * len(skin.vertices)
    assert float(jacobian.core.metric.vertex_weights.sum()) == pytest.approx(len(skin.vertices))
    for patch in jacobian.core.patches.patches:
        assert patch.rows.stop - patch.rows.start >= 28


def test_it_is_made_once_and_goes_with_its_skin() -> None:
    skin = skin_of("harsher")
    assert module.core_jacobian_bytes(skin) == 0
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(module.core_jacobian, [skin] * 8))
    assert len(found) == 1
    assert module.core_jacobian_bytes(skin) > found.pop().core.patches.nbytes > 0
    assert prepared_core(skin) is prepared_core(skin)
    gone = weakref.ref(skin)
    del skin
    gc.collect()
    assert gone() is None


def test_edges_and_sparse_correctives_are_left_to_others() -> None:
    assert module.seen_by_core(skin_of("harsher"))
    assert not module.seen_by_core(skin_of("built-in"))


@pytest.mark.parametrize("name", ["built-in", "strong correctives", "dense correctives", "harsher"])
def test_poses_take_it_where_dense_correctives_are_strong(name: str) -> None:
    skin = skin_of(name)
    shape = skin.shape(torch.zeros(COEFFICIENTS, dtype=torch.float64))
    assert CorrectiveCurvature(skin, shape).by_core == (name == "harsher")

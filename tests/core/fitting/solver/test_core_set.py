"""A core set of vertices stands for the whole skin around a pose, and exactly for all that is linear."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from core.fitting.objective.objective import FitSkin
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import NO_TERMS, Posed
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_set import LEAST_OF_PATCH, VERTICES, CoreModel, CoreSet, core_weights
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.shared_factors import SharedFactors
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.model.skinning import rotation_matrices
from tests.variants import body_pair

FRAMES, HIDDEN = 5, slice(4000, 4400)


@lru_cache
def skin_of(name: str, bent: bool = True) -> FitSkin:
    """A body's skin, some of it hidden and some heavier; without correctives where it is not ``bent``."""
    body = body_pair(name).target
    body = body if bent else replace(body, posedirs=np.zeros_like(body.posedirs))
    weights = np.ones(body.num_vertices, dtype=np.float32)
    weights[HIDDEN] = 0
    weights[5000:5200] = 3
    return FitSkin(body, weights, np.arange(4))


def poses(skin: FitSkin, seed: int, scale: float) -> Pose:
    turns = torch.randn(FRAMES, skin.body.num_joints, 3, generator=torch.Generator().manual_seed(seed))
    return Pose(skin.tree.world_rotations(rotation_matrices(scale * turns)), scale * turns[:, 0])


def beside(skin: FitSkin, pose: Pose, seed: int, scale: float) -> Pose:
    """The poses, every joint turned a little."""
    more = torch.randn(FRAMES, skin.body.num_joints, 3, generator=torch.Generator().manual_seed(seed))
    relative = skin.tree.relative_rotations(pose.world) @ rotation_matrices(scale * more)
    return Pose(skin.tree.world_rotations(relative), pose.root + 0.1 * scale * more[:, 0])


def model_of(skin: FitSkin, pose: Pose, targets: Tensor) -> CoreModel:
    core, shape = CoreSet(skin, core_weights(skin)), skin.shape(torch.full((4,), 0.5))
    at_shape = core.at(shape, SkinStatistics(skin, NormalMatrix(skin), shape).shared)
    at = Posed(skin.tree, pose)
    energy, _, _, back = skin.derivatives(at, shape, targets)
    return CoreModel(at_shape, at, energy, back, targets[at_shape.rows])


def targets_of(skin: FitSkin) -> Tensor:
    generator, pose = torch.Generator().manual_seed(9), poses(skin, 1, 0.3)
    _, skinned = skin.value_and_residuals(
        pose, skin.shape(torch.zeros(4)), torch.zeros(len(skin.vertices), 3, FRAMES)
    )
    return skinned + 0.003 * torch.randn(skinned.shape, generator=generator)


def test_every_vertex_is_weighed_once_by_one_near_it() -> None:
    skin = skin_of("built-in")
    weights = core_weights(skin)
    chosen = np.flatnonzero(weights)
    assert 0.9 * VERTICES < len(chosen) < 1.2 * VERTICES
    assert not weights[HIDDEN].any()
    whole = skin.metric.vertex_weights.flatten().numpy()
    for patch in skin.patches.patches:
        ids = skin.vertices[patch.rows]
        assert weights[ids].sum() == pytest.approx(whole[patch.rows].sum(), rel=1e-5)
        assert (weights[ids] > 0).sum() >= min(LEAST_OF_PATCH, len(ids))
    apart, _ = cKDTree(skin.body.v_template[chosen]).query(skin.body.v_template[skin.vertices])
    assert np.median(apart) < 0.02
    assert apart.max() < 0.1


@pytest.mark.parametrize("name", ["built-in", "strong correctives", "dense correctives"])
def test_the_model_has_value_and_gradient_of_the_skin_where_it_is_made(name: str) -> None:
    skin, targets = skin_of(name), targets_of(skin_of(name))
    pose = beside(skin, poses(skin, 1, 0.3), 2, 0.05)
    true = skin.evaluate(pose, skin.shape(torch.full((4,), 0.5)), targets)
    found = model_of(skin, pose, targets).evaluate(Posed(skin.tree, pose), NO_TERMS)
    assert torch.allclose(found.energy, true.energy, rtol=1e-5)
    for mine, theirs in ((found.torque, true.torque), (found.force, true.force)):
        assert (mine - theirs).abs().max() < 1e-4 * theirs.abs().max()


def test_without_correctives_the_model_is_the_skin_everywhere() -> None:
    skin = skin_of("built-in", bent=False)
    targets, pose = targets_of(skin), poses(skin, 1, 0.3)
    model = model_of(skin, pose, targets)
    for scale in (0.1, 1.0):
        there = beside(skin, pose, 3, scale)
        true = skin.evaluate(there, skin.shape(torch.full((4,), 0.5)), targets)
        found = model.evaluate(Posed(skin.tree, there), NO_TERMS)
        assert torch.allclose(found.energy, true.energy, rtol=1e-3)
        assert (found.torque - true.torque).abs().max() < 1e-3 * true.torque.abs().max()


def test_with_correctives_it_is_nearer_than_its_slope_alone() -> None:
    skin = skin_of("strong correctives")
    targets, pose = targets_of(skin), poses(skin, 1, 0.3)
    there, shape = beside(skin, pose, 3, 0.1), skin.shape(torch.full((4,), 0.5))
    true = skin.evaluate(there, shape, targets).energy - skin.evaluate(pose, shape, targets).energy
    model = model_of(skin, pose, targets)
    found = model.evaluate(Posed(skin.tree, there), NO_TERMS).energy
    found = found - model.evaluate(Posed(skin.tree, pose), NO_TERMS).energy
    assert ((found - true).abs() < 0.03 * true.abs()).all()


@pytest.mark.parametrize("moves", [True, False])
def test_factors_of_a_frame_serve_one_that_is_turned_as_a_whole(moves: bool) -> None:
    skin, targets = skin_of("built-in"), targets_of(skin_of("built-in"))
    one = poses(skin, 1, 0.3)[torch.zeros(FRAMES, dtype=torch.long)]
    turns = rotation_matrices(torch.randn(FRAMES, 1, 3, generator=torch.Generator().manual_seed(4)))
    pose = Pose(turns @ one.world, one.root)
    shape = skin.shape(torch.zeros(4))
    found = SkinStatistics(skin, NormalMatrix(skin), shape)
    data = DataTerm(skin, shape, found, CorrectiveCurvature(skin, shape), targets)
    unknowns = Unknowns.of(skin.tree.parents, {22, 23, 24}, moves)
    width = 3 * len(unknowns.free) + 3 * moves
    slope = torch.randn(FRAMES, width, generator=torch.Generator().manual_seed(5))
    own = SharedFactors(data, pose, NO_TERMS, unknowns, 1e-2)
    shared = SharedFactors(data, pose, NO_TERMS, unknowns, 1e-2, share=3)
    assert len(shared.factor) == 2
    # The damping is of the diagonal, whose axes differ.
    exact, found_step = own.solve(slope), shared.solve(slope)
    assert (exact[0] - found_step[0]).norm() < 0.1 * exact[0].norm()
    assert torch.allclose(exact[1], found_step[1], rtol=0.1)
    some = torch.tensor([4, 1])
    for factors, (step, promised) in ((own, exact), (shared, found_step)):
        again, gain = factors[some].solve(slope[some])
        assert torch.allclose(again, step[some], atol=1e-4 * float(step.abs().max()))
        assert torch.allclose(gain, promised[some], rtol=1e-3)

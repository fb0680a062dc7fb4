"""What devices compute in a few large products is what the processor computes in many small ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin
from core.fitting.objective.patches import one_patch, stack
from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.cyclic_reduction import reduce_band
from core.fitting.solver.linear_solve import Secants, factorise
from core.fitting.solver.masked_steps import factorise_at_once
from core.fitting.solver.pose_matrix import pose_matrix
from core.fitting.solver.pose_matrix_at_once import pose_matrix_at_once
from core.fitting.solver.skin_products import NormalMatrix
from core.fitting.solver.stacked_secants import StackedSecants
from core.fitting.solver.temporal_solve import eliminate, substitute
from core.model import skinning
from core.model.body import pose_features
from core.model.on_device import few_launches
from core.model.skinning import rotation_matrices
from tests.core.fitting.random_body import random_body

FRAMES = 4
HELD = {2, 3, 7, 22, 54}


@pytest.fixture(scope="module")
def skin() -> FitSkin:
    body = random_body()
    weights = np.random.default_rng(3).uniform(0.5, 1.5, body.num_vertices).astype(np.float32)
    return FitSkin(body, weights, np.arange(body.num_betas), dtype=torch.float64)


def some_pose(skin: FitSkin, seed: int = 0) -> Pose:
    generator = torch.Generator().manual_seed(seed)
    turns = torch.randn(FRAMES, skin.body.num_joints, 3, generator=generator, dtype=torch.float64)
    world = skin.tree.world_rotations(rotation_matrices(0.5 * turns))
    return Pose(world, torch.randn(FRAMES, 3, generator=generator, dtype=torch.float64))


def unknowns(skin: FitSkin, held: set[int]) -> Unknowns:
    return Unknowns.of(skin.body.parents, held)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rotations(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    axes = torch.randn(400, 3, generator=generator, dtype=torch.float64)
    angles = torch.linspace(0, np.pi, 400, dtype=torch.float64)[:, None]
    turns = torch.cat((axes / axes.norm(dim=1, keepdim=True) * angles, 1e-7 * axes)).to(dtype).view(-1, 2, 3)
    near = 4e-6 if dtype == torch.float32 else 1e-13
    matrices = skinning.rotation_matrices(turns)
    assert (few_launches.rotation_matrices(turns) - matrices).abs().max() < near
    assert (few_launches.rotation_vectors(matrices) - skinning.rotation_vectors(matrices)).abs().max() < near
    assert torch.equal(few_launches.axial(matrices), skinning.axial(matrices))
    assert torch.equal(few_launches.cross_matrices(turns), skinning.cross_matrices(turns))


def test_the_tree(skin: FitSkin) -> None:
    tree, relative = skin.tree, skin.tree.relative_rotations(some_pose(skin).world)
    assert torch.allclose(tree._by_doubling(relative), tree.world_rotations(relative), atol=1e-12)


def test_one_patch_is_all_of_them(skin: FitSkin) -> None:
    pose, betas = some_pose(skin), torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    stacked = stack(pose.world, pose.root)
    features = pose_features(skin.tree.relative_rotations(pose.world))
    patches = skin.patches
    here = stacked.new_empty(len(patches), 3, FRAMES)
    for patch, basis in zip(patches.patches, patches.bases(betas), strict=True):
        patch.pose(basis, stacked, (features, None), here[patch.rows])
    whole = one_patch(patches.patches, skin.body.num_joints)
    there = torch.empty_like(here)
    basis = whole.basis[0] + torch.tensordot(betas, whole.basis[1:], 1)
    whole.pose(basis, stacked, (features, None), there)
    assert torch.allclose(here, there, atol=1e-12)


@pytest.mark.parametrize("own", [False, True], ids=["shared", "a frame"])
@pytest.mark.parametrize("held", [set(), HELD], ids=["all", "some"])
def test_the_pose_matrix(skin: FitSkin, held: set[int], own: bool) -> None:
    pose, free = some_pose(skin), unknowns(skin, held)
    normal = NormalMatrix(skin).at(torch.zeros(3, dtype=torch.float64)).sum(0)
    if own:
        normal = normal * torch.linspace(0.5, 2, FRAMES, dtype=torch.float64)[:, None, None]
    here, there = pose_matrix(normal, pose, free), pose_matrix_at_once(normal, pose, free, None)
    assert torch.allclose(here, there, atol=1e-10 * float(here.abs().max()))


@pytest.mark.parametrize("held", [set(), HELD], ids=["all", "some"])
def test_the_correctives_curvature(skin: FitSkin, held: set[int]) -> None:
    pose, free = some_pose(skin), unknowns(skin, held)
    curvature = CorrectiveCurvature(skin, skin.shape(torch.ones(3, dtype=torch.float64)))
    size = 3 * len(free.free) + 3
    here, there = torch.zeros(2, FRAMES, size, size, dtype=torch.float64)
    curvature.add_to(here, pose, free)
    curvature.whole.add_to(there, pose, free)
    assert here.abs().max() > 0
    assert torch.allclose(here, there, atol=1e-10 * float(here.abs().max()))


def band(frames: int, apart: int, size: int = 4) -> list[Tensor]:
    """Blocks of a positive definite system."""
    generator = torch.Generator().manual_seed(frames)
    full = torch.randn(frames * size, frames * size, generator=generator, dtype=torch.float64)
    full = full @ full.T + frames * size * torch.eye(frames * size)
    blocks = full.unflatten(1, (frames, size)).unflatten(0, (frames, size))
    found = [torch.stack([blocks[i + k, :, i] for i in range(frames - k)]) for k in range(apart + 1)]
    found[0] += 20 * frames * torch.eye(size)
    return found


@pytest.mark.parametrize("apart", [1, 2])
@pytest.mark.parametrize("frames", [3, 4, 5, 8, 17])
def test_frames_that_pull_on_each_other(frames: int, apart: int) -> None:
    slope = torch.randn(frames, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    step, promise = substitute(eliminate(band(frames, apart), 1e-3), slope)
    found, promised = reduce_band(band(frames, apart), 1e-3).solve(slope)
    assert torch.allclose(step, found, atol=1e-9 * float(step.abs().max()))
    assert float(promised) == pytest.approx(float(promise), rel=1e-9)


@pytest.mark.parametrize("pairs", [1, 3, 6])
def test_secants(pairs: int) -> None:
    generator = torch.Generator().manual_seed(pairs)
    one, other = Secants(), StackedSecants()
    slopes = torch.randn(pairs + 1, FRAMES, 5, generator=generator, dtype=torch.float64)
    for number in range(pairs):
        step, noise = torch.randn(2, FRAMES, 5, generator=generator, dtype=torch.float64)
        change = 2 * step + 0.3 * noise
        # One frame does not take the first, and has nothing to learn from the last.
        taken = torch.arange(FRAMES) != (0 if number == 0 else -1)
        change[1] = -change[1] if number == pairs - 1 else change[1]
        for secants in (one, other):
            secants.learn(step, change, taken)
    which = torch.tensor([0, 1, 3])
    for secants in (one, other):
        secants.keep(which)

    def solve(slope: Tensor) -> tuple[Tensor, Tensor]:
        return -0.4 * slope, slope.new_zeros(len(slope))

    found, again = one.step(slopes[-1][which], solve), other.step(slopes[-1][which], solve)
    assert torch.allclose(found[0], again[0])
    assert torch.allclose(found[1], again[1])


def test_factors_and_a_matrix_that_has_none() -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(FRAMES, 5, 5, generator=generator, dtype=torch.float64)
    matrix, damping = matrix @ matrix.transpose(1, 2), torch.full((FRAMES,), 1e-3, dtype=torch.float64)
    here, there = factorise(matrix.clone(), damping), factorise_at_once(matrix.clone(), damping)
    assert torch.allclose(here, there)
    matrix[2, 0, 1] = matrix[2, 1, 0] = 100
    found = factorise_at_once(matrix.clone(), damping)
    assert torch.isfinite(found).all()
    assert torch.equal(found[2], torch.diag(found[2].diagonal())), "it steps along the gradient"
    assert torch.allclose(found[[0, 1, 3]], here[[0, 1, 3]])

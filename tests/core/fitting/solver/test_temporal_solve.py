"""Frames that pull on each other: the banded solve, how far windows overlap, an optimum known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.fitting.objective.band import Band
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Slope, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.temporal_solve import MOST_OVERLAP, eliminate, overlap, substitute
from core.fitting.terms.acceleration import Acceleration
from core.fitting.terms.pose_prior import PosePrior
from core.fitting.terms.smoothness import Smoothness
from core.model.skinning import KinematicTree, rotation_matrices, rotation_vectors
from tests.core.fitting.terms.made_terms import dense


@pytest.mark.parametrize("apart", [0, 1, 2, 3])
@pytest.mark.parametrize("frames", [1, 2, 3, 9])
def test_the_band_is_solved_as_a_dense_matrix_is(frames: int, apart: int) -> None:
    size = 7
    generator = torch.Generator().manual_seed(frames)
    lower = torch.zeros(frames, size, frames, size, dtype=torch.float64)
    for later in range(frames):
        for earlier in range(max(0, later - apart), later + 1):
            lower[later, :, earlier] = torch.randn(size, size, generator=generator, dtype=torch.float64)
    flat = lower.reshape(frames * size, -1)
    whole = flat @ flat.T + torch.eye(frames * size).double()
    split = whole.view(frames, size, frames, size)
    blocks = [
        torch.stack([split[at + k, :, at] for at in range(max(frames - k, 0))])
        if k < frames
        else whole.new_zeros(0, size, size)
        for k in range(apart + 1)
    ]
    assert torch.allclose(dense(blocks), whole)
    slope = torch.randn(frames, size, generator=generator, dtype=torch.float64)
    damping = 0.1
    diagonal = whole.diagonal().view(frames, size)
    added = diagonal * damping + 1e-6 * diagonal.mean(1, keepdim=True) + 1e-12
    expected = -torch.linalg.solve(whole + torch.diag(added.flatten()), slope.flatten())
    step, predicted_reduction = substitute(eliminate(blocks, damping), slope)
    assert torch.allclose(step.flatten(), expected, rtol=1e-9, atol=1e-12)
    assert predicted_reduction == pytest.approx(-0.5 * float(slope.flatten() @ expected))


def even(weight: float, frames: int, root_weight: float = 0.0) -> Acceleration:
    options = {"dtype": torch.float64}
    bends, joined = torch.zeros(frames - 2, 3, **options), torch.ones(frames - 2, **options)
    return Acceleration(torch.full((1,), weight, **options), root_weight, bends, joined)


def test_turns_about_one_axis_end_where_whittakers_smoother_does() -> None:
    """With D second differences, min 1/2 w |x - y|^2 + 1/2 a |D x|^2 is (w I + a D^T D)^-1 w y (Whittaker
    1923)."""
    frames, w, a = 12, 0.7, 3.0
    rng = np.random.default_rng(0)
    angles = 0.15 * np.arange(frames) + 0.2 * rng.normal(size=frames)
    second = np.diff(np.eye(frames), 2, axis=0)
    expected = np.linalg.solve(w * np.eye(frames) + a * second.T @ second, w * angles)
    axis = torch.nn.functional.normalize(torch.tensor([1.0, -2.0, 0.5]).double(), dim=0)
    towards = rotation_matrices(torch.as_tensor(angles)[:, None, None] * axis)
    tree = KinematicTree(np.array([-1]))
    weights = torch.full((1,), w, dtype=torch.float64)
    terms = Terms((PosePrior(towards, weights), even(a, frames)))
    world = towards.clone()
    for _ in range(20):
        at = Posed(tree, Pose(world, torch.zeros(frames, 3).double()))
        slope, blocks = Slope.at_rest(at), blocks_of(terms, at, frames)
        for term in terms:
            term.add_gradient(slope, at)
        step, _ = substitute(eliminate(blocks, 0.0), slope.turned(at)[:, 0])
        world = rotation_matrices(step)[:, None] @ world
    found = (rotation_vectors(world)[:, 0] @ axis).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(np.diff(found, 2)).max() < 0.5 * np.abs(np.diff(angles, 2)).max()


def blocks_of(terms: Terms, at: Posed, frames: int) -> list[torch.Tensor]:
    """Of the turns of one joint."""
    blocks = [torch.zeros(frames - apart, 3, 3).double() for apart in range(terms.apart + 1)]
    band = Band(blocks, Unknowns.of(np.array([-1]), set(), moves=False), at.parents)
    for term in terms:
        term.add_blocks(band, at)
    return blocks


@pytest.mark.parametrize("weight", [1e-3, 0.3, 10.0])
@pytest.mark.parametrize("order", [1, 2])
def test_windows_overlap_until_a_pull_has_faded(order: int, weight: float) -> None:
    """One frame off among frames of the softest stiffness: beyond the overlap hardly anything is moved."""
    frames, softest = 401, 0.02
    difference = np.diff(np.eye(frames), order, axis=0)
    matrix = softest * np.eye(frames) + weight * difference.T @ difference
    moved = np.linalg.solve(matrix, np.eye(frames)[200])
    joined = torch.ones(2)
    still = torch.eye(3).expand(3, 1, 3, 3)
    smooth = Smoothness("smooth", still, torch.zeros(3, 3), torch.full((1,), weight), 0.0, joined)
    reach = overlap(Terms((smooth if order == 1 else even(weight, 3),)))
    assert 4 < reach <= MOST_OVERLAP
    assert np.abs(moved[200 + reach :]).max() < 6e-3 * moved[200]


def test_frames_that_do_not_pull_need_no_overlap() -> None:
    assert overlap(Terms()) == 0

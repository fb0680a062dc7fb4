"""How far a joint may turn while no more is left to gain than a frame that has converged may have."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.fitting.objective.unknowns import Unknowns
from core.fitting.recipe.settings import FitSettings
from core.fitting.solver.convergence import MOST_LEFT
from core.fitting.solver.normal_equations import largest_turn
from core.fitting.stage.joint_spreads import JointSpreads
from tests.core.fitting.judged import clip, fit
from tests.variants import HARSHER, body_pair


@pytest.mark.parametrize("held", [set(), {0, 5, 16, 54}], ids=["all", "some"])
def test_no_step_that_gains_so_little_turns_a_joint_further(held: set[int]) -> None:
    parents, generator = load_bodies().target.parents, torch.Generator().manual_seed(0)
    unknowns = Unknowns.of(parents, held, coefficients=np.array([1]))
    size = 3 * len(unknowns.free) + 4
    matrix = torch.randn(size, size, generator=generator, dtype=torch.float64)
    matrix = matrix @ matrix.T + torch.eye(size)
    above = torch.as_tensor(parents[1:])
    spreads = JointSpreads(torch.linalg.cholesky(matrix)[None], unknowns, above)
    allowed = (2 * spreads.largest()[0]).sqrt()
    # Along any direction a step of value 1, and along the worst of the worst joint the very turn.
    steps = torch.randn(200, size, generator=generator, dtype=torch.float64)
    joint = int(allowed.argmax())
    ends = torch.zeros(3, size, dtype=torch.float64)
    for which, sign in ((joint, 1), (int(parents[joint]), -1)):
        if which >= 0 and unknowns.owner[which] >= 0:
            start = 3 * unknowns.owner[which]
            ends[:, start : start + 3] += sign * torch.eye(3)
    steps = torch.cat((steps, torch.linalg.solve(matrix, ends.T).T))
    worst = torch.linalg.eigh(ends @ torch.linalg.solve(matrix, ends.T)).eigenvectors[:, -1]
    steps = torch.cat((steps, (worst @ steps[-3:])[None]))
    steps = steps * (2 / torch.einsum("nd,de,ne->n", steps, matrix, steps)).sqrt()[:, None]
    turns = torch.deg2rad(largest_turn(steps, unknowns, parents))
    assert turns.max() <= allowed[joint] * (1 + 1e-9)
    assert turns[-1] == pytest.approx(float(allowed[joint]))
    largest, ways = spreads.ways(2)
    assert largest[0, 0] == pytest.approx(0.5 * float(allowed[joint]) ** 2)
    assert torch.deg2rad(largest_turn(ways[0], unknowns, parents))[0] >= 1 - 1e-9
    rises = torch.einsum("nd,de,ne->n", ways[0], matrix, ways[0])
    assert rises == pytest.approx(1 / largest[0])


def test_a_stricter_tolerance_leaves_less_and_a_translation_says_nothing() -> None:
    motion, pair = clip("dance", 100, 8), load_bodies()
    usual, strict = (fit(motion, pair, FitSettings(tolerance=tolerance)) for tolerance in (2e-4, 2e-6))
    ratio = usual.left_degrees / strict.left_degrees
    assert ratio == pytest.approx(np.full(len(motion), 10.0), rel=0.05)
    assert usual.left_percent == pytest.approx(np.full(len(motion), 100 * MOST_LEFT * 2e-4))
    assert usual.most_left is not None
    assert 1 < usual.most_left[1] < 10
    assert fit(motion, pair, FitSettings(stage="translation")).most_left is None


def test_frames_that_have_betas_of_their_own_are_told_on_strong_correctives() -> None:
    settings = FitSettings(shape="per-frame", tolerance=1e-2, iterations=8)
    result = fit(clip("dance", 200, 3), body_pair(HARSHER[0]), settings)
    assert result.converged.any()
    assert (result.left_degrees[result.converged] > 0).all()

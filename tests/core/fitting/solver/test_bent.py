"""Steps where the objective bends otherwise than a Gauss-Newton matrix has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.fitting.objective.objective import Evaluation
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver.gauss_newton import PoseFit, fit_poses
from core.fitting.solver.linear_solve import LEAST_BENT, SHORTER, Lengths, bent
from core.fitting.stage.stage import PoseStage
from tests.core.fitting.test_jumps import shuffled
from tests.variants import HARSHER, body_pair


def matrices() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(3, 4, 4) positive definite ones, (3, 4, 4) axes in which these are the identity and what bends them is
    diagonal, and the curvatures then."""
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(3, 4, 4, generator=random, dtype=torch.float64)
    values = torch.tensor([[1.5, 2.0, 0.4, 9.0], [1.5, -0.7, 0.4, 9.0], [1.0, 0.01, -0.02, 1.0]])
    return noise @ noise.mT, torch.linalg.cholesky(noise @ noise.mT), values.double()


def test_what_bends_down_is_turned_round_and_all_else_stays() -> None:
    matrix, axes, values = matrices()
    bends = axes @ torch.diag_embed(values - 1) @ axes.mT
    found = bent(matrix, bends)
    expected = axes @ torch.diag_embed(values.abs().clamp_min(LEAST_BENT)) @ axes.mT
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-4)
    flat = bent(matrix, bends, 1e-9)
    lifted = torch.where(values < LEAST_BENT, 1e-9, values)
    assert torch.allclose(flat, axes @ torch.diag_embed(lifted) @ axes.mT, rtol=1e-3, atol=1e-4)


def test_where_there_is_no_number_nothing_is_known_of_that_frame_alone() -> None:
    matrix, axes, values = matrices()
    bends = axes @ torch.diag_embed(values - 1) @ axes.mT
    expected = bent(matrix, bends)
    for place in (matrix, bends):
        place[1, 2, 2], kept = torch.nan, place[1, 2, 2].clone()
        found = bent(matrix, bends)
        place[1, 2, 2] = kept
        assert torch.allclose(found[[0, 2]], expected[[0, 2]])


def test_a_step_that_rises_is_tried_shorter_before_there_is_more_damping() -> None:
    lengths, step, promised = Lengths(torch.ones(2), True), torch.ones(2, 3), torch.ones(2)

    def turn(step: torch.Tensor) -> torch.Tensor:
        return torch.tensor([0.1, 1.0])

    taken, promise = lengths.of(step, promised, turn)
    assert taken[:, 0].tolist() == pytest.approx([1.0, 0.5])
    assert promise.tolist() == pytest.approx([1.0, 0.75])
    assert lengths.again(torch.tensor([False, True])).tolist() == [True, False]
    assert lengths.of(step, promised, turn)[0][:, 0].tolist() == pytest.approx([SHORTER, 0.5])
    for _ in range(2):
        assert lengths.again(torch.tensor([False, True]))[0]
    assert not lengths.again(torch.tensor([False, True]))[0]
    assert lengths.bold.tolist() == [1.0, 1.0]
    assert not Lengths(torch.ones(2), False).again(torch.tensor([False, True])).any()


def from_the_source(ids: np.ndarray) -> PoseFit:
    settings, motion = FitSettings(shape="fixed"), shuffled()
    some = replace(motion, poses=motion.poses[ids], trans=motion.trans[ids])
    run = FitRun(some, body_pair(HARSHER[0]), settings, device="cpu", threads=1)
    problem, every = run._problem(settings, "source"), np.arange(len(ids))
    by = PoseStage(problem, every, None, lambda: False).by
    start = problem.at_source(every, by.shape.betas)
    return fit_poses(by, start, problem.targets.at(every), problem.terms(every), frozen_steps=2, curved=True)


def test_fingers_that_correctives_bend_come_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.array([42, 20, 30])
    found = from_the_source(ids)
    with monkeypatch.context() as patch:
        made = Evaluation.__init__

        def without(self: Evaluation, *given: object) -> None:
            made(self, *given)  # type: ignore[arg-type]
            self.bends = None

        patch.setattr(Evaluation, "__init__", without)
        before = from_the_source(ids)
    assert found.converged.all()
    # To which of their optima fingers come differs from machine to machine; that they do sooner does not.
    assert not before.converged.all() or before.steps.sum() > found.steps.sum()

"""Steps as a device takes them: frames that are done are taken out of many, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.fitting.objective.pose import Pose
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver import masked_steps, row_steps
from core.fitting.solver.gauss_newton import PoseFit, fit_poses, merged
from core.fitting.solver.masked_steps import TAKE_OUT_FROM, fit_poses_masked
from core.fitting.stage.stage import PoseStage
from tests.core.fitting.judged import clip
from tests.variants import body_pair

FRAMES = TAKE_OUT_FROM + 6
EARLY = 50
CASES = {
    "plain": FitSettings(shape="fixed"),
    "robust": FitSettings(shape="fixed", robust="huber", robust_scale=1.5, edge_weight=1.0),
    "own shape": FitSettings(shape="per-frame"),
}


def fitted(found: PoseFit) -> tuple[np.ndarray, ...]:
    pose = found.pose
    own = () if pose.betas is None else (pose.betas.numpy(),)
    parts = (pose.world, pose.root, found.energy, found.residual, found.converged, found.steps)
    return (*(part.numpy() for part in parts), *own)


@pytest.mark.parametrize(
    ("variant", "name"), [("built-in", "plain"), ("built-in", "own shape"), ("strong correctives", "robust")]
)
def test_frames_are_taken_out_and_come_back(variant: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, ids = CASES[name], np.arange(FRAMES)
    run = FitRun(clip("dance", 100, FRAMES), body_pair(variant), settings, device="cpu", threads=1)
    problem = run._problem(settings, "source")
    by = PoseStage(problem, ids, None, lambda: False).by
    targets, terms = problem.targets.at(ids), problem.terms(ids)
    start = problem.at_source(ids, by.shape.betas)
    there = fit_poses(by, start, targets, terms)
    # Those in the middle are at their end already, and the others come from both sides of them.
    early = torch.zeros(FRAMES, dtype=torch.bool)
    early[(FRAMES - EARLY) // 2 :][:EARLY] = True
    mixed: Pose = merged(early, there.pose, start)
    taken: list[tuple[int, int]] = []

    def counting(some: Any) -> Any:
        def count(at: Any, order: torch.Tensor) -> Any:
            taken.append((len(at.live), len(order)))
            return some(at, order)

        return count

    monkeypatch.setattr(masked_steps, "_some", counting(masked_steps._some))
    monkeypatch.setattr(row_steps._Lot, "some", counting(row_steps._Lot.some))
    found = fit_poses_masked(by, mixed, targets, terms)
    ((before, left),) = taken
    assert before == FRAMES
    assert 0 < left < FRAMES / 2
    for module in (masked_steps, row_steps):
        monkeypatch.setattr(module, "TAKE_OUT_FROM", FRAMES + 1)
    whole = fit_poses_masked(by, mixed, targets, terms)
    assert len(taken) == 1
    for one, other in zip(fitted(found), fitted(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    assert found.steps[~early].float().mean() > found.steps[early].float().mean()
    energy, residual = by.skin.value_and_residuals(found.pose, by.shape, targets, terms)
    np.testing.assert_allclose(found.energy, energy, rtol=1e-4)
    np.testing.assert_allclose(found.residual, residual, atol=1e-5)
    assert (found.energy <= there.energy * 1.001).all()

"""Frames that end badly when fitted from meshes alone are fitted once more, from a neighbour."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.solver.gauss_newton import PoseFit
from core.fitting.stage.mending import Judged, with_better
from core.fitting.stage.partial_result import FittedChunk
from core.fitting.stage.stage import PoseStage
from core.model.body_pair import BodyPair
from core.model.skinning import rotation_matrices
from core.model.vertex_errors import FrameErrors
from tests.core.fitting.judged import clip, fit

BAD = 7


def from_meshes(pair: BodyPair) -> tuple[np.ndarray, np.ndarray]:
    recipe = Recipe((FitSettings(pose_prior=1e-4, shape_frames=8),), start="parts")
    result = fit(clip("dance", 100, 16), pair, recipe)
    return result.mean_mm, result.converged


@pytest.mark.parametrize("lasting", [False, True])
def test_a_frame_that_stands_out_is_fitted_from_its_neighbour(
    pair: BodyPair, monkeypatch: pytest.MonkeyPatch, lasting: bool
) -> None:
    whole, _ = from_meshes(pair)
    fit_from, damaged = PoseStage._from, []

    def damage(stage: PoseStage, pose: Pose, targets: torch.Tensor, terms: Terms, **rest: Any) -> PoseFit:
        found = fit_from(stage, pose, targets, terms, **rest)
        if not damaged or lasting:
            worst = BAD if not damaged else 0
            turned = rotation_matrices(torch.tensor([0.3, 0.0, 0.0]))
            found.pose.world[worst] = turned @ found.pose.world[worst]
            found.energy[worst] *= 50
            damaged.append(worst)
        return found

    monkeypatch.setattr(PoseStage, "_from", damage)
    mean_mm, converged = from_meshes(pair)
    assert len(damaged) == (2 if lasting else 1)
    others = np.arange(len(mean_mm)) != BAD
    assert converged[others].all()
    assert converged[BAD] == (not lasting)
    if not lasting:
        assert abs(mean_mm[BAD] - whole[BAD]) < 0.02


def chunk(energy: list[float], steps: list[int], converged: list[bool]) -> FittedChunk:
    """Frames of which only this is looked at; their place says which start they are from."""
    count = len(energy)
    errors = FrameErrors(*(np.array(energy) for _ in fields(FrameErrors)))
    place = np.full((count, 3), float(steps[0]))
    nothing = np.zeros((count, 1))
    return FittedChunk(
        nothing, place, nothing, np.array(converged), np.array(steps), np.array(energy), errors
    )


def test_steps_are_those_of_the_start_whose_end_is_kept() -> None:
    found = chunk([5.0, 5.0, 5.0, 5.0], [40, 40, 40, 40], [False] * 4)
    again = chunk([1.0, 9.0, 5.0], [7, 7, 7], [True, True, True])
    # The first is better, the second is not, the third is the same and has converged.
    kept = with_better(found, np.array([0, 1, 3]), again)
    assert kept.steps.tolist() == [7, 40, 40, 7]
    assert kept.transl[:, 0].tolist() == [7.0, 40.0, 40.0, 7.0]
    assert kept.errors.mean.tolist() == [1.0, 5.0, 5.0, 5.0]
    assert found.steps.tolist() == [40] * 4


def test_few_frames_stand_out_among_those_before_them_only() -> None:
    frames, energy = np.array([12, 37]), np.array([1.42, 1.06])
    assert Judged().outlying(frames, energy).tolist() == [True, False]
    usual = np.linspace(1.6, 1.0, 48)
    others = Judged().with_more(np.setdiff1d(np.arange(50), frames), usual)
    assert not others.outlying(frames, energy).any()
    assert others.outlying(frames, 2 * energy).all()
    again = others.with_more(np.array([11]), np.array([9.0]))
    assert len(again.frames) == 48
    assert again.energy[11] == 9.0

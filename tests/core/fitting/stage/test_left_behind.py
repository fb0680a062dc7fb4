"""Frames that a lot leaves before they have converged come back with the next one, none the worse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.fitting.objective.objective import Evaluation
from core.fitting.objective.pose import Pose
from core.fitting.solver import gauss_newton
from core.fitting.solver.gauss_newton import PoseFit, SolverContext
from core.fitting.stage import stage
from tests.core.fitting.judged import clip, fit
from tests.variants import body_pair

FRAMES = 224


def test_frames_left_behind_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    motion, pair = clip("walk", 0, FRAMES), body_pair("dense correctives")
    monkeypatch.setattr(stage, "by_core", lambda *_: False)
    plain = fit(motion, pair)
    check, fit_poses, left = gauss_newton._check_by_sample, stage.fit_poses, []
    fitted: list[tuple[int, bool]] = []

    def leaving(by: SolverContext, trial: Pose, before: Evaluation, *rest: Any) -> PoseFit | None:
        found = check(by, trial, before, *rest)
        count = len(before.energy)
        if found is not None and count == FRAMES // 4:
            # Some have only not converged, some have gone astray, one has gone where there is no number.
            found.converged[::5] = False
            found.converged[1::7] = False
            found.pose.world[1::7] = torch.eye(3)
            found.energy[1::7] = 10 * before.energy[1::7]
            found.energy[8] = torch.nan
            left.append(int((~found.converged).sum()))
        return found

    def watched(by: SolverContext, pose: Pose, targets: torch.Tensor, terms: Any, **more: Any) -> PoseFit:
        found = fit_poses(by, pose, targets, terms, **more)
        before, _ = by.skin.value_and_residuals(pose, by.shape, targets, terms)
        now, _ = by.skin.value_and_residuals(found.pose, by.shape, targets, terms)
        assert (now <= before * (1 + 1e-4)).all(), "no frame rises"
        assert torch.allclose(found.energy, now, rtol=1e-4)
        fitted.append((len(now), more.get("roughly", False)))
        return found

    monkeypatch.setattr(gauss_newton, "_check_by_sample", leaving)
    monkeypatch.setattr(stage, "fit_poses", watched)
    result = fit(motion, pair)
    assert len(left) == 1
    assert left[0] >= 15
    assert fitted == [(FRAMES // 4, True), (FRAMES - FRAMES // 4 + left[0], False)]
    assert result.converged.all()
    assert result.fitted.all()
    assert np.abs(result.mean_mm - plain.mean_mm).max() < 0.01

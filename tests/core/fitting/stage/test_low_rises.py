"""Frames that lie at an optimum beside a lower one go there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.fitting.objective.pose import Pose
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver.gauss_newton import fit_poses
from core.fitting.solver.linear_solve import factorise
from core.fitting.solver.normal_equations import moved
from core.fitting.stage import low_rises
from core.fitting.stage.joint_spreads import JointSpreads
from core.fitting.stage.low_rises import over_low_rises
from core.fitting.stage.stage import PoseStage
from tests.core.fitting.judged import clip
from tests.variants import HARSHER, body_pair

HELD = FitSettings(shape="fixed")
# A frame, so many times; from its optimum each is turned along another finger, this far.
FRAME, TIMES, AWAY = 34, 8, np.radians(65)


@torch.inference_mode()
def test_they_end_lower_where_correctives_are_strong() -> None:
    motion, ids = clip("walk").some(np.full(TIMES, FRAME)), np.arange(TIMES)
    run = FitRun(motion, body_pair(HARSHER[0]), HELD, device="cpu", threads=1)
    problem = run._problem(HELD, "source")
    stage = PoseStage(problem, ids, None, lambda: False)
    by, targets, terms, one = stage.by, problem.targets.at(ids), problem.terms(ids), ids[:1]
    start = problem.at_source(one, by.shape.betas)
    least = fit_poses(by, start, targets[..., :1], terms[one], frozen_steps=2, curved=True).pose
    value = by.data(targets[..., :1]).evaluate(least, terms[one])
    matrix = by.data(targets[..., :1]).matrix(
        least, terms[one], by.unknowns, None, curved=True, bends=value.bends
    )
    spreads = JointSpreads(factorise(matrix, torch.zeros(1)), by.unknowns, by.skin.parents)
    ways = spreads.ways(TIMES // 2)[1][0]
    many = Pose(least.world.expand(TIMES, -1, -1, -1), least.root.expand(TIMES, -1))
    turned = moved(many, AWAY * torch.cat((ways, -ways)), by.unknowns)
    found = stage.chunk(ids, fit_poses(by, turned, targets, terms, curved=True))
    before = found.energy.copy()
    after = over_low_rises(problem, by, ids, found, stage._from_there).energy
    assert (after <= before * (1 + 1e-4)).all()
    assert (after < before * (1 - 1e-3)).any()
    assert np.median(after) < before.min() * (1 + 5e-4)


def test_nothing_is_looked_for_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(low_rises, "_low_rises", lambda *_: pytest.fail("looked"))
    for name in ("built-in", "dense correctives"):
        list(FitRun(clip("walk", 32, 2), body_pair(name), HELD, device="cpu", threads=1))

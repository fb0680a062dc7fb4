"""Where a body moves fast its frames are fitted a few at a time, and end where each would alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from core.fitting.objective.objective import FitSkin
from core.fitting.objective.term import Posed
from core.fitting.recipe.settings import FitSettings
from core.fitting.stage import stage, warm_start
from core.fitting.stage.warm_start import smallest_traces, trace_of
from core.model.skinning import rotation_matrices
from tests.core.fitting.judged import clip, run
from tests.variants import body_pair

FRAMES = 200


@pytest.mark.parametrize("name", ["built-in", "dense correctives"])
def test_frames_between_others_end_where_they_would_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    motion, pair = clip("dance", 100, FRAMES), body_pair(name)
    derivatives, evaluated = FitSkin.derivatives, []

    def counted(self: FitSkin, at: Posed, *rest: Any, **more: Any) -> Any:
        evaluated.append(len(at.pose.root) * len(self.vertices))
        return derivatives(self, at, *rest, **more)

    monkeypatch.setattr(FitSkin, "derivatives", counted)
    found, steps = run(motion, pair)
    for_found, evaluated = sum(evaluated), []
    monkeypatch.setattr(stage, "by_core", lambda *_: False)
    monkeypatch.setattr(stage, "ANCHOR_EVERY", 1)
    monkeypatch.setattr(stage, "CLOSE_ANCHOR_EVERY", 1)
    monkeypatch.setattr(
        stage.KnownFrames, "near", lambda _, frames, source: np.zeros(len(frames), dtype=bool)
    )
    alone, their_steps = run(motion, pair)
    assert found.converged.all()
    assert alone.converged.all()
    assert steps[-1].objective == pytest.approx(their_steps[-1].objective, rel=2e-4)
    assert np.abs(found.mean_mm - alone.mean_mm).max() < 0.02
    assert for_found < 0.65 * sum(evaluated)


def test_frames_share_curvature_while_joints_turn_slowly() -> None:
    def turning(each: float) -> torch.Tensor:
        angles = torch.zeros(64, 4, 3)
        angles[:, 2, 1] = each * torch.arange(64)
        # The root turns as a whole, and does not count.
        angles[:, 0, 0] = torch.arange(64) % 3
        return rotation_matrices(angles)

    slow, fast = 0.2 * warm_start.FAR_RADIANS, 0.3 * warm_start.FAR_RADIANS
    assert stage._sharing(turning(slow)) == stage.SHARE_CURVATURE
    assert stage._sharing(turning(fast)) == 1
    assert stage._sharing(turning(fast)[:3]) == stage.SHARE_CURVATURE
    traces = smallest_traces(turning(slow)[:1, 1:], turning(slow)[4:5, 1:])
    assert float(traces) == pytest.approx(trace_of(4 * slow), abs=1e-5)


def test_they_converge_with_a_shape_that_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    motion, pair = clip("spinkick", 10, 48), body_pair("dense correctives")
    ends: list[float] = []
    monkeypatch.setattr(stage, "by_core", lambda *_: False)
    monkeypatch.setattr(stage, "in_lots", lambda *_: iter(()))
    chunk = stage.PoseStage.chunk

    def kept(self: stage.PoseStage, frames: np.ndarray, found: stage.PoseFit) -> Any:
        ends.append(float(found.energy.mean()))
        return chunk(self, frames, found)

    monkeypatch.setattr(stage.PoseStage, "chunk", kept)
    found, steps = run(motion, pair, FitSettings(shape="fixed"))
    assert found.converged.all()
    traces = [step.trace for step in steps if step.trace]
    assert len(traces) == 1
    assert traces[0][-1] == pytest.approx(ends[-1]), "it ends with the frames that it began with"
    assert all(after < before for before, after in itertools.pairwise(traces[0]))

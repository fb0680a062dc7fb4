"""A shape that is solved on a core set of the vertices first is that of the whole skin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.skin_gradient import SkinLook
from core.fitting.objective.term import Posed
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun, Progress
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.solver import core_steps
from core.fitting.stage.stage_problem import StageProblem
from core.fitting.stage.together import shape_fit
from core.model.fit_result import FitResult
from tests.core.fitting.judged import TIGHT, clip, run, spread
from tests.variants import body_pair

SETTINGS = FitSettings()


@lru_cache(maxsize=8)
def solved(bodies: str, settings: FitSettings) -> tuple[FitResult, list[Progress]]:
    """Frames of the dance and the steps of their shape."""
    result, steps = run(spread(clip("dance"), 12), body_pair(bodies), settings)
    return result, [step for step in steps if step.stage == "shape"]


@pytest.mark.parametrize("bodies", ["built-in", "strong correctives", "dense correctives"])
def test_the_shape_is_that_of_a_solve_on_the_whole_skin(bodies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result, steps = solved(bodies, SETTINGS)
    assert result.converged.all()
    with monkeypatch.context() as patch:
        patch.setattr(StageProblem, "shape_core", lambda *_: None)
        whole, in_full = solved(bodies, TIGHT)
    assert steps[-1].objective < 1.0003 * in_full[-1].objective
    assert abs(steps[-1].mean_mm - in_full[-1].mean_mm) < 0.01
    assert np.abs(result.mean_mm - whole.mean_mm).max() < 0.02
    assert np.abs(result.betas - whole.betas).max() < 0.05


def seen(monkeypatch: pytest.MonkeyPatch, settings: FitSettings, frames: int) -> list[int]:
    """How many vertices each step of a shape has seen last."""
    inner, vertices, motion = ShapeFit.step, list[int](), spread(clip("dance"), frames)

    def counting(fit: ShapeFit) -> bool:
        done = inner(fit)
        vertices.append(len(fit.values[0].residual))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ShapeFit, "step", counting)
        run(motion, body_pair("built-in"), settings)
    return vertices


def test_most_steps_see_few_vertices_and_the_last_all(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices = seen(monkeypatch, SETTINGS, 12)
    assert 800 < vertices[0] < 1300
    assert vertices == sorted(vertices)
    assert vertices[-1] > 8000


@pytest.mark.parametrize(
    ("settings", "frames"),
    [
        (SETTINGS, core_steps.LEAST_FRAMES - 1),
        (replace(SETTINGS, edge_weight=1.0), 12),
        (replace(SETTINGS, robust="huber"), 12),
        (replace(SETTINGS, iterations=2), 12),
    ],
)
def test_where_a_core_set_does_not_serve_all_steps_see_the_whole_skin(
    settings: FitSettings, frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert min(seen(monkeypatch, settings, frames)) > 8000


@pytest.mark.parametrize("frozen", [True, False])
def test_no_place_is_looked_at_twice(frozen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    places, derivatives = list[bytes](), FitSkin.derivatives

    def counted(self: FitSkin, at: Posed, shape: Shape, targets: Tensor, **more: Any) -> SkinLook:
        poses = at.pose.world.numpy().tobytes() + shape.betas.numpy().tobytes()
        places.append(poses + len(targets).to_bytes(4, "big"))
        return derivatives(self, at, shape, targets, **more)

    monkeypatch.setattr(FitSkin, "derivatives", counted)
    run = FitRun(spread(clip("dance"), 8), body_pair("built-in"), SETTINGS, device="cpu", threads=1)
    problem = run._problem(SETTINGS, "source" if frozen else "current")
    with ThreadPoolExecutor(1) as pool:
        fit = shape_fit(problem, [np.arange(8)], pool, lambda: False)
        assert fit.frozen == frozen
        places_of_start = len(places)
        while not fit.step():
            pass
    assert fit.converged
    assert places_of_start == 1
    assert len(set(places)) == len(places)

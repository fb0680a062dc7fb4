"""Frames solved together, with a shape or at a known one, are what the others start from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.commands.shapes.held_shape import held
from core.fitting.objective.objective import FitSkin
from core.fitting.recipe.recipe import ACCURATE
from core.fitting.recipe.settings import FitSettings
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.stage.stage import PoseStage
from tests.core.fitting.judged import clip, fit, run, spread
from tests.variants import body_pair


class Work:
    """What fits ask of the skin.

    Attributes:
        vertices: of all frames, each time they are evaluated; without a gradient they count half.
        curved: frames whose matrices have the correctives in them.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.vertices = self.curved = 0.0
        derivatives, look, add = FitSkin.derivatives, FitSkin.value_and_residuals, CorrectiveCurvature.add_to

        def whole(skin: FitSkin, at: Any, *rest: Any, **more: Any) -> Any:
            self.vertices += len(at.pose.root) * len(skin.vertices)
            return derivatives(skin, at, *rest, **more)

        def half(skin: FitSkin, pose: Any, *rest: Any, **more: Any) -> Any:
            self.vertices += len(pose.root) * len(skin.vertices) / 2
            return look(skin, pose, *rest, **more)

        def curved(curvature: CorrectiveCurvature, matrix: Any, *rest: Any, **more: Any) -> None:
            self.curved += len(matrix)
            add(curvature, matrix, *rest, **more)

        patch.setattr(FitSkin, "derivatives", whole)
        patch.setattr(FitSkin, "value_and_residuals", half)
        patch.setattr(CorrectiveCurvature, "add_to", curved)

    def taken(self) -> tuple[float, float]:
        """Since the last time."""
        found = self.vertices, self.curved
        self.vertices = self.curved = 0.0
        return found


@pytest.mark.parametrize(("name", "frames"), [("walk", 12), ("dance", 40), ("walk", 100), ("dance", 160)])
def test_a_known_shape_never_costs_more(name: str, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    motion, pair, work = clip(name, 0, frames), body_pair("built-in"), Work(monkeypatch)
    found, steps = run(motion, pair, ACCURATE)
    for_found, curved = work.taken()
    known, their_steps = run(motion, pair, held(ACCURATE), betas=found.betas)
    for_known, curved_known = work.taken()
    assert found.converged.all()
    assert known.converged.all()
    assert np.array_equal(known.betas, found.betas)
    assert for_known <= for_found
    assert curved_known <= curved
    assert their_steps[-1].objective == pytest.approx(steps[-1].objective, rel=1e-4)


def test_frames_that_the_shape_is_solved_from_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    work, inner = Work(monkeypatch), PoseStage.fit
    skins: list[tuple[int, float]] = []

    def fitting(self: PoseStage, frames: np.ndarray) -> Any:
        work.taken()
        found = inner(self, frames)
        skins.append((len(frames), work.taken()[0] / len(self.problem.skin.vertices)))
        return found

    monkeypatch.setattr(PoseStage, "fit", fitting)
    found = fit(clip("walk", 0, 50), body_pair("built-in"), ACCURATE)
    assert found.converged.all()
    (together, looks), (others, their_looks) = skins
    assert (together, looks) == (48, 0)
    assert others == 2
    assert their_looks >= others


def test_nothing_is_done_for_a_shape_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    derivatives = FitSkin.derivatives

    def seen(*arguments: Any, by_betas: bool = False, **more: Any) -> Any:
        asked.append(by_betas)
        return derivatives(*arguments, by_betas=by_betas, **more)

    monkeypatch.setattr(FitSkin, "derivatives", seen)
    fit(clip("walk", 0, 40), body_pair("built-in"), FitSettings(shape="fixed"))
    assert asked
    assert not any(asked)


def test_frames_of_a_known_shape_end_where_each_would_alone() -> None:
    motion, pair = spread(clip("dance"), 64), body_pair("strong correctives")
    settings, betas = FitSettings(shape="fixed"), np.linspace(-1, 1, 8, dtype=np.float32)
    beside = fit(motion, pair, settings, betas=betas)
    assert beside.converged.all()
    for frame in (0, 33):
        alone = fit(motion, pair, settings, frames=np.array([frame]), betas=betas)
        # At its own optimum, not at a compromise of those solved together.
        assert abs(beside.mean_mm[frame] - alone.mean_mm[frame]) < 0.02

"""Shape and poses together reach their end on dense correctives, and are called converged only there."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.fitting import run as run_module
from core.fitting.objective.objective import FitSkin
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import SHAPE_CHUNK, Progress
from core.fitting.shape.shape_solve import ShapeFit
from core.model.fit_result import FitResult
from tests.core.fitting.judged import TIGHT, clip, fit, judged, run, spread
from tests.variants import body_pair

OWN = {"shape": "per-frame", "expression": "per-frame"}
FRAMES = 4
# More vertices than a core set has.
CORE = 3000


@lru_cache(maxsize=8)
def fitted(name: str, settings: FitSettings, frames: int = FRAMES) -> tuple[FitResult, list[Progress], float]:
    """Frames of the backflip on a pair of bodies, and how often each was seen with all of its skin."""
    looks, seen = [0], FitSkin._data

    def counted(skin: FitSkin, stacked: Tensor, *rest: Any) -> Any:
        looks[0] += stacked.shape[2] * (len(skin.vertices) > CORE)
        return seen(skin, stacked, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FitSkin, "_data", counted)
        return *run(spread(clip("backflip"), frames), body_pair(name), settings), looks[0] / frames


def solved(name: str, settings: FitSettings, frames: int = FRAMES) -> list[Progress]:
    """The steps of its shape."""
    return [step for step in fitted(name, settings, frames)[1] if step.stage == "shape"]


@pytest.mark.parametrize(
    ("name", "frames", "looks"),
    [("harsher", FRAMES, 75), ("harsher", 1, 75), ("dense correctives", FRAMES, 20)],
)
def test_ten_joint_steps_reach_the_end(name: str, frames: int, looks: int) -> None:
    settings = FitSettings()
    steps = solved(name, settings, frames)
    assert len(steps) <= 12  # two or three of them with constant correctives
    assert fitted(name, settings, frames)[0].converged.all()
    assert 0 < fitted(name, settings, frames)[2] <= looks
    end = solved(name, TIGHT, frames)[-1]
    assert steps[-1].objective < 1.001 * end.objective
    assert abs(steps[-1].mean_mm - end.mean_mm) < 0.02


def test_an_own_shape_for_each_frame_reaches_its_end() -> None:
    end, found = (fitted("dense correctives", replace(each, **OWN), 2) for each in (TIGHT, FitSettings()))
    assert found[0].converged.all()
    assert found[1][-1].objective < 1.0003 * end[1][-1].objective
    assert np.abs(found[0].mean_mm - end[0].mean_mm).max() < 0.02


class _Large(TorchDispatchMode):
    """Names what torch is asked for in this thread alone, where it works on more than a few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if sum(each.numel() for each in tree_leaves(args) if isinstance(each, Tensor)) > 50_000:
            self.seen.add(func.name())
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("chunk", [SHAPE_CHUNK, FRAMES // 2])
def test_nothing_large_is_done_in_the_callers_thread(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, large = ShapeFit.step, _Large()
    monkeypatch.setattr(run_module, "SHAPE_CHUNK", chunk)

    def seen(self: ShapeFit) -> bool:
        with large:
            return whole(self)

    monkeypatch.setattr(ShapeFit, "step", seen)
    run(spread(clip("backflip"), FRAMES), body_pair("dense correctives"))
    assert large.seen <= {"aten::detach"}


def test_a_solve_that_finds_no_gain_is_not_called_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShapeFit, "_search", lambda *_: (0.0, 0.0))
    motion = spread(clip("backflip"), 2)
    result, steps = run(motion, body_pair("dense correctives"))
    assert not result.converged.any()
    assert len([step for step in steps if step.stage == "shape"]) < 15


def test_where_the_gradient_is_small_no_further_gain_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    motion, pair = spread(clip("backflip"), 2), body_pair("dense correctives")
    start = fit(motion, pair, TIGHT)
    again = Recipe((FitSettings(),), start="current")
    monkeypatch.setattr(ShapeFit, "_search", lambda *_: (0.0, 0.0))
    assert fit(motion, pair, again, start=start).converged.all()


@pytest.mark.slow
@pytest.mark.parametrize("settings", [FitSettings(), FitSettings(**OWN)])
@pytest.mark.parametrize("name", ["harsher", "dense correctives"])
def test_no_independent_optimiser_gets_lower(name: str, settings: FitSettings) -> None:
    motion, pair = spread(clip("dance"), 2), body_pair(name)
    objective, state = judged(motion, pair, settings, fit(motion, pair, settings))
    polished = objective.polish(state, 60)
    assert polished.before - polished.after < 1e-3 * polished.before

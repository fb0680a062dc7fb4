"""How often a device is asked, and waited for: held where it has been brought to, so that it does not
rise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.fitting.recipe.recipe import ACCURATE, Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver import frame_rows, masked_steps, row_steps, temporal_solve
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.frame_rows import FrameRows
from core.fitting.solver.stacked_secants import StackedSecants
from tests.core.fitting.counted_calls import Calls, counted
from tests.core.fitting.judged import clip
from tests.core.fitting.pretended_gpu import pretended_gpu
from tests.variants import body_pair

# Launches of a Gauss-Newton step, new factors included, before steps have taught anything and after, and of a
# shape solve without what is prepared. Where steps begin to see the correctives' derivative, frames are
# looked at once more. Steps go on beyond where they would end, so that there are some.
ON = FitSettings(tolerance=1e-9, iterations=5)
STEP = {"plain": (59, 74), "dense": (69, 84), "own": (73, 88), "dense own": (95, 94), "robust": (78, 93)}
LOOK, SHAPE = 39, 1800
CASES: dict[str, tuple[str | None, Recipe | FitSettings]] = {
    "plain": (None, replace(ON, shape="fixed")),
    "dense": ("dense correctives", ON),
    "own": (None, replace(ON, shape="per-frame")),
    "dense own": ("dense correctives", replace(ON, shape="per-frame", expression="per-frame")),
    "robust": (None, replace(ON, robust="huber", edge_weight=1.0)),
}


def counts(name: str, frames: int, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """((launches, waits, copies), whether steps had taught anything, whether frames were looked at again) of
    each step of a fit but the first."""
    variant, recipe = CASES[name]
    motion, pair = clip("dance", 100, frames), load_bodies() if variant is None else body_pair(variant)
    steps: list[Any] = []
    last: list[Any] = []
    levers = CorrectiveCurvature._levers
    taught: list[StackedSecants] = []
    looks, evaluate = [0], FrameRows.evaluate

    class Secants(StackedSecants):
        def __init__(self) -> None:
            super().__init__()
            last.clear()
            taught[:] = [self]

    with pretended_gpu(), counted() as calls:

        def telling(told: Callable[..., Any]) -> Callable[..., Any]:
            def tell(*which: torch.Tensor) -> Any:
                found, now = told(*which), calls.taken()
                if last:
                    spent = tuple(one - other for one, other in zip(now, last[0], strict=True))
                    steps.append((spent, bool(taught[0]), looks[0] > 1))
                last[:], looks[:] = [now], [0]
                return found

            return tell

        def looking(*args: Any, **keywords: Any) -> None:
            looks[0] += 1
            evaluate(*args, **keywords)

        def preparing(curvature: CorrectiveCurvature) -> Any:
            # Made once for a shape: not of the step that first needs it.
            last.clear()
            return levers(curvature)

        monkeypatch.setattr(CorrectiveCurvature, "_levers", preparing)
        monkeypatch.setattr(FrameRows, "evaluate", looking)
        for module in (masked_steps, row_steps):
            monkeypatch.setattr(module, "_told", telling(module._told))
        for module in (masked_steps, frame_rows):
            monkeypatch.setattr(module, "StackedSecants", Secants)
        run = FitRun(motion, pair, recipe, device="cuda", threads=1)
        for _ in run:
            pass
    return steps


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name != "plain" else ()) for name in CASES]
)
def test_a_step_asks_seldom_and_waits_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = counts(name, 4, monkeypatch)
    assert steps, "there was no second step"
    for (launches, waits, copies), taught, again in steps:
        assert launches <= STEP[name][taught] + LOOK * again
        assert (waits, copies) == (1, 0)


def test_more_frames_are_not_more_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    few = counts("plain", 12, monkeypatch)
    many = counts("plain", 24, monkeypatch)
    # As many to a step; how many steps there are depends on the frames.
    assert max(step[0][0] for step in many) <= max(step[0][0] for step in few)


@pytest.mark.parametrize(("name", "frames"), [("dance", 6), ("backflip", 48)])
def test_a_shape_solve_asks_seldom(name: str, frames: int) -> None:
    with pretended_gpu(), counted() as calls:
        run = FitRun(clip(name, 0, frames), load_bodies(), ACCURATE, device="cuda", threads=1)
        run.prepare()
        begun, shape = calls.launches, 0
        for progress in run:
            if progress.stage == "shape":
                shape = calls.launches - begun
    assert 0 < shape <= SHAPE


def test_frames_that_pull_on_each_other_are_not_gone_through_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    motion, pair, launches = clip("dance", 100, 24), load_bodies(), {}
    for frames in (6, 24):
        spent: list[tuple[int, int, int]] = []
        with pretended_gpu(), counted() as calls:
            inner = temporal_solve.reduce_band

            def reducing(
                *args: Any, calls: Calls = calls, spent: list[Any] = spent, inner: Any = inner
            ) -> Any:
                before = calls.taken()
                found = inner(*args)
                spent.append(tuple(now - then for now, then in zip(calls.taken(), before, strict=True)))
                return found

            with monkeypatch.context() as patch:
                patch.setattr(temporal_solve, "reduce_band", reducing)
                for _ in FitRun(
                    motion.cut(0, frames), pair, FitSettings(smoothness=0.3), device="cuda", threads=1
                ):
                    pass
        launches[frames] = spent[0]
    # Twice as many frames are one more round.
    assert launches[24][0] <= launches[6][0] + 2 * 25
    assert launches[24][0] < 24 * 6
    assert launches[24][1:] == (0, 0)


def test_what_is_counted() -> None:
    with pretended_gpu(), counted() as calls:
        there = torch.ones(3, 3, device="cuda")
        assert calls.taken() == (1, 0, 0)
        assert calls.taken() == (1, 0, 0), "a look is none"
        assert len((there @ there).view(9)[2:4]) == 2
        assert calls.taken() == (2, 0, 0)
        torch.zeros(3).to("cuda")
        assert calls.taken() == (2, 0, 1)
        float(there.sum())
        assert calls.taken()[1] == 1
        there[there > 0]
        there.cpu()
        there.tolist()
        assert calls.taken()[1] == 4
        there[[0, 2]]
        assert calls.copies == 2
        torch.ones(3) + torch.ones(3)
        assert calls.taken()[1:] == (4, 2)

"""Frames fitted by steps on a core set end where ordinary steps lead, whatever the objective is made of."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver import core_steps
from core.fitting.solver.core_set import CoreShape
from core.fitting.solver.gauss_newton import PoseFit
from core.fitting.solver.skin_products import SkinStatistics
from core.fitting.stage import stage
from core.fitting.stage.partial_result import FittedChunk
from core.fitting.stage.stage import PoseStage
from core.fitting.stage.stage_problem import StageProblem
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.fitting.judged import clip, fit
from tests.variants import NAMES, body_pair

FRAMES = 40
FEW = FitSettings(shape_frames=8)


def energies(
    motion: Motion, settings: FitSettings, name: str = "built-in", by_core: bool = True, **more: Any
) -> tuple[np.ndarray, FitResult, int]:
    """The objective of each frame, the fit, and how many frames were fitted by core steps."""
    found, calls, fit_chunk = np.full(len(motion), np.nan), [], stage.PoseStage.fit
    fit_by_core = core_steps.fit_poses_by_core

    def kept(self: stage.PoseStage, frames: np.ndarray) -> tuple[np.ndarray, FittedChunk]:
        ids, chunk = fit_chunk(self, frames)
        found[ids] = chunk.energy
        return ids, chunk

    def counted(*given: Any, **rest: Any) -> PoseFit:
        fitted = fit_by_core(*given, **rest)
        calls.append(len(fitted.energy))
        return fitted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.PoseStage, "fit", kept)
        patch.setattr(stage, "fit_poses_by_core", counted)
        if not by_core:
            patch.setattr(stage, "by_core", lambda *_: False)
        run = FitRun(motion, body_pair(name), settings, device="cpu", threads=1, **more)
        for _ in run:
            pass
    return found, run.result(), sum(calls)


@lru_cache
def both(
    name: str, settings: FitSettings, motion: str = "dance"
) -> tuple[tuple[np.ndarray, FitResult, int], tuple[np.ndarray, FitResult, int]]:
    some = clip(motion, 20, FRAMES)
    return energies(some, settings, name), energies(some, settings, name, by_core=False)


def check(one: tuple[np.ndarray, FitResult, int], other: tuple[np.ndarray, FitResult, int]) -> None:
    """Within a hundredth of a per cent of ordinary steps."""
    (energy, found, taken), (plain, by_plain, none) = one, other
    assert taken > 0
    assert none == 0
    assert found.converged.all()
    assert by_plain.converged.all()
    assert energy.mean() < plain.mean() * (1 + 1e-4)
    assert (energy / plain).max() < 1 + 1e-3
    assert np.abs(found.mean_mm - by_plain.mean_mm).max() < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_on_every_variant_of_the_bodies(name: str) -> None:
    check(*both(name, FEW))


@pytest.mark.parametrize(
    "settings",
    [
        replace(FEW, part_weights=(1.0, 0.2, *FEW.part_weights[2:])),
        replace(FEW, free_jaw=True, pose_prior_to="zero", pose_prior=1e-2),
        replace(FEW, free_transl=False),
        replace(FEW, vertex_weight=4.0, num_betas=4),
    ],
    ids=["a light part", "another prior", "the root stays", "another weight"],
)
def test_with_other_terms(settings: FitSettings) -> None:
    check(*both("built-in", settings, "spinkick"))


def test_with_a_mask_of_weights() -> None:
    weights = np.random.default_rng(0).uniform(0, 2, body_pair("built-in").target.num_vertices)
    weights = np.where(weights < 0.6, 0, weights).astype(np.float32)
    motion = clip("dance", 20, FRAMES)
    check(
        energies(motion, FEW, vertex_weights=weights),
        energies(motion, FEW, by_core=False, vertex_weights=weights),
    )


@pytest.mark.parametrize(
    "settings",
    [
        replace(FEW, robust="huber"),
        replace(FEW, shape="per-frame"),
        FitSettings(stage="edge", shape_frames=8),
    ],
    ids=["a robust loss", "shapes of their own", "edges"],
)
def test_what_it_does_not_serve_takes_ordinary_steps(settings: FitSettings) -> None:
    _, found, taken = energies(clip("walk", 0, 12), settings)
    assert taken == 0
    assert found.converged.all()


def test_few_frames_take_ordinary_steps() -> None:
    # Those that the shape is found from need no step any more.
    few = replace(FEW, shape_frames=2)
    assert energies(clip("walk", 0, core_steps.LEAST_FRAMES - 1), few)[2] == 0
    assert energies(clip("walk", 0, core_steps.LEAST_FRAMES), few)[2] == core_steps.LEAST_FRAMES


@pytest.mark.parametrize("iterations", [4, core_steps.LEAST_ITERATIONS])
def test_few_steps_converge_as_many_frames_as_ordinary_ones(iterations: int) -> None:
    dance, settings = clip("dance"), replace(FEW, iterations=iterations)
    some = dance.some(np.arange(0, len(dance), 9))
    (_, found, _), (_, plain, _) = energies(some, settings), energies(some, settings, by_core=False)
    assert plain.converged.all()
    assert found.converged.all()


def test_frames_that_do_not_get_there_take_ordinary_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = both("built-in", FEW)[1]
    # Steps far too bold raise the true objective: none of them may be kept.
    moved = core_steps.moved
    monkeypatch.setattr(core_steps, "moved", lambda pose, step, unknowns: moved(pose, 3 * step, unknowns))
    check(energies(clip("dance", 20, FRAMES), FEW), plain)


def test_no_more_steps_are_taken_than_asked_for() -> None:
    steps: list[int] = []
    run = FitRun(clip("backflip"), body_pair("built-in"), replace(FEW, iterations=2), device="cpu", threads=1)
    for progress in run:
        if progress.stage == "pose":
            steps.append(progress.steps)
    assert max(steps) <= 2


def test_a_cancelled_run_keeps_what_its_steps_reached() -> None:
    motion = clip("backflip")
    run = FitRun(motion, body_pair("built-in"), FEW, device="cpu", threads=1)
    begun = core_steps.CoreModel.evaluate
    with pytest.MonkeyPatch.context() as patch:

        def cancel(self: core_steps.CoreModel, *rest: Any) -> Any:
            run.cancel()
            return begun(self, *rest)

        patch.setattr(core_steps.CoreModel, "evaluate", cancel)
        for _ in run:
            pass
    result = run.result()
    assert result.partial
    assert result.fitted.any()
    assert not result.fitted.all()
    assert np.isfinite(result.mean_mm[result.fitted]).all()


def test_what_was_needed_is_told_of_frames_that_took_core_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[PoseFit] = []
    fit_by_core = core_steps.fit_poses_by_core

    def kept(*given: Any, **rest: Any) -> PoseFit:
        found.append(fit_by_core(*given, **rest))
        return found[-1]

    monkeypatch.setattr(stage, "fit_poses_by_core", kept)
    # No frame stays where it is at first.
    monkeypatch.setattr(core_steps, "MOST_AT_ONCE", 2.0)
    fit(clip("dance", 20, 12), body_pair("dense correctives"), FEW)
    assert found
    assert all(each.curved for each in found)


def test_workers_that_need_the_core_set_at_once_have_it_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    core_at = StageProblem.core_at

    def slowly(self: StageProblem, found: SkinStatistics) -> CoreShape:
        made.append(1)
        time.sleep(0.1)
        return core_at(self, found)

    monkeypatch.setattr(StageProblem, "core_at", slowly)
    settings = replace(FEW, shape="fixed")
    run = FitRun(clip("walk", 0, 8), body_pair("built-in"), settings, device="cpu", threads=1)
    workers = PoseStage(run._problem(settings, "source"), np.arange(8), None, lambda: False)
    with ThreadPoolExecutor(4) as pool:
        cores = list(pool.map(lambda _: copy(workers)._core(), range(4)))
    assert len(made) == 1
    assert all(core is cores[0] for core in cores)

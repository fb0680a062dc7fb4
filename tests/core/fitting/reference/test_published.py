"""The published method runs stage by stage, gets lower in each, and stops when it is told to."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.recipe import PUBLISHED_STAGES
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_objective import AutogradObjective
from core.fitting.reference.autograd_unknowns import FitState
from core.fitting.reference.minimise import lbfgs, trust_ncg
from core.fitting.reference.published import PublishedFit, PublishedProgress
from core.fitting.stage.initial_pose import source_pose
from core.model.skinning import rotation_matrices
from tests.core.fitting.small_problem import SmallProblem, small_problem

# Each of L-BFGS's is fifty.
STEPS = {"trust-ncg": 3, "l-bfgs": 1}


def short(iterations: int) -> tuple[FitSettings, ...]:
    return tuple(replace(stage, iterations=iterations) for stage in PUBLISHED_STAGES)


def fit_of(problem: SmallProblem, stages: Sequence[FitSettings], **more: object) -> PublishedFit:
    targets = problem.targets.permute(1, 2, 0)
    return PublishedFit(problem.body, targets, problem.weights, problem.source, stages, **more)  # type: ignore[arg-type]


def losses(steps: Sequence[PublishedProgress]) -> dict[tuple[str, tuple[int, ...]], list[float]]:
    out = defaultdict(list)
    for step in steps:
        out[step.stage, step.frames].append(step.loss)
    return out


def state_of(fit: PublishedFit, frame: int) -> FitState:
    values = (fit.poses, fit.transl, fit.betas, fit.expression)
    return FitState(*(torch.as_tensor(value[frame : frame + 1]).double() for value in values))


@pytest.mark.parametrize("optimiser", ["trust-ncg", "l-bfgs"])
@pytest.mark.parametrize("start", ["source", pytest.param("zero", marks=pytest.mark.slow)])
def test_every_stage_gets_lower(optimiser: str, start: str) -> None:
    problem = small_problem(2)
    fit = fit_of(problem, short(STEPS[optimiser]), optimiser=optimiser, start=start)
    assert np.isnan(fit.mean_mm).all()
    begun = [state_of(fit, frame) for frame in range(2)]
    steps = list(fit)
    assert fit.finished.all()
    found = losses(steps)
    assert len(found) == 6
    for (stage, frames), values in found.items():
        assert values[-1] <= values[0]
        settings = next(one for one in PUBLISHED_STAGES if one.stage == stage)
        (frame,) = frames
        objective = AutogradObjective(
            problem.body,
            problem.targets[frame : frame + 1],
            problem.weights,
            settings,
            problem.source[frame : frame + 1],
        )
        if stage == "edge":
            assert values[-1] < 0.7 * float(objective.value(begun[frame]))
        if stage == "vertex":
            # What it says is what its arrays hold.
            assert float(objective.value(state_of(fit, frame))) == pytest.approx(values[-1], rel=1e-3)
            distances = 1000 * objective.distances(state_of(fit, frame))
            assert fit.mean_mm[frame] == pytest.approx(float(distances.mean()), rel=1e-4)
            assert fit.max_mm[frame] == pytest.approx(float(distances.max()), rel=1e-4)
    done = [(step.stage, step.frames) for step in steps if step.done]
    assert done == [(stage, (frame,)) for frame in (0, 1) for stage in ("edge", "translation", "vertex")]
    assert (found["vertex", (0,)][-1]) < found["translation", (0,)][-1]


def test_both_optimisers_find_the_same_place() -> None:
    problem = small_problem(1)
    held = {"free_body": False, "free_left_hand": False, "free_right_hand": False}
    stage = replace(PUBLISHED_STAGES[2], **held, free_jaw=False, free_eyes=False)
    ends = {}
    for optimiser in ("trust-ncg", "l-bfgs"):
        fit = fit_of(problem, [stage], optimiser=optimiser)
        ends[optimiser] = [step.loss for step in fit][-1]
        assert fit.betas.any()
        assert fit.expression.any()
    assert ends["trust-ncg"] == pytest.approx(ends["l-bfgs"], rel=1e-6)


@pytest.mark.parametrize("method", ["trust-ncg", "l-bfgs"])
def test_minimisers_reach_a_known_minimum(method: str) -> None:
    def valley(flat: torch.Tensor) -> torch.Tensor:
        return 100 * (flat[1] - flat[0].square()).square() + (1 - flat[0]).square()

    start = torch.tensor([-1.2, 1.0], dtype=torch.float64)
    steps = (
        trust_ncg(valley, start, 200, 1e-8) if method == "trust-ncg" else lbfgs(valley, start, 4, 1e-8, 50)
    )
    found = list(steps)
    assert torch.allclose(found[-1].flat, torch.ones(2, dtype=torch.float64), atol=1e-4)
    assert found[-1].loss < 1e-8
    assert found[-1].evaluations >= len(found)


@pytest.mark.slow
def test_joint_by_joint_gets_lower_too() -> None:
    problem = small_problem(1)
    stage = replace(PUBLISHED_STAGES[0], order="chain", iterations=2)
    fit = fit_of(problem, [stage])
    steps = list(fit)
    objective = AutogradObjective(problem.body, problem.targets, problem.weights, stage, problem.source)
    start = FitState.rest(problem.body, 1)
    begun = fit_of(problem, [stage]).poses
    before = float(objective.value(replace(start, poses=torch.as_tensor(begun).double())))
    assert [step.done for step in steps].count(True) == 1
    assert steps[-1].evaluations > 2 * problem.body.num_joints
    assert steps[-1].loss < 0.8 * before
    assert all(np.isnan(step.mean_mm) for step in steps)


def test_a_batch_shares_its_steps() -> None:
    fit = fit_of(small_problem(3), short(1), batch=2, optimiser="l-bfgs")
    steps = list(fit)
    assert {step.frames for step in steps} == {(0, 1), (2,)}
    assert fit.finished.all()
    assert fit.mean_mm.max() < 15
    assert not np.array_equal(fit.betas[0], fit.betas[1])


@pytest.mark.parametrize("optimiser", ["trust-ncg", "l-bfgs"])
def test_it_stops_when_told(optimiser: str) -> None:
    steps: list[PublishedProgress] = []
    fit = fit_of(small_problem(), short(50), optimiser=optimiser, stopped=lambda: len(steps) >= 3)
    for step in fit:
        steps.append(step)
    assert len(steps) == 3
    assert not fit.finished.any()
    assert np.isfinite(fit.poses).all()


def test_leaving_the_loop_ends_the_work() -> None:
    before = threading.active_count()
    steps = iter(fit_of(small_problem(), short(50)))
    next(steps)
    assert threading.active_count() == before + 1
    steps.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_errors_of_the_objective_reach_the_caller() -> None:
    def broken(_: torch.Tensor) -> torch.Tensor:
        raise ZeroDivisionError("no value")

    with pytest.raises(ZeroDivisionError, match="no value"):
        list(trust_ncg(broken, torch.zeros(2), 3, 1e-6))


@pytest.mark.parametrize("what", [{"smoothness": 1.0}, {"shape": "shared"}, {"expression": "shared"}])
def test_stages_that_couple_frames_are_refused(what: dict[str, object]) -> None:
    stage = replace(PUBLISHED_STAGES[2], **what)  # type: ignore[arg-type]
    with pytest.raises(RefitError, match="each frame on its own"):
        fit_of(small_problem(), [stage])


def test_a_frame_of_a_real_motion() -> None:
    pair, frames = load_bodies(), np.array([100])
    motion = load_motion(default_motion())
    betas = torch.as_tensor(motion.betas[: pair.source.num_betas])
    skin = pair.source.vertices(torch.as_tensor(motion.poses[frames]), betas, torch.zeros(1, 3))
    fit = PublishedFit(
        pair.target,
        pair.correspondence.apply(skin).permute(1, 2, 0),
        pair.correspondence.valid,
        rotation_matrices(torch.as_tensor(source_pose(motion, pair, frames))),
        tuple(replace(stage, iterations=1) for stage in PUBLISHED_STAGES),
        optimiser="l-bfgs",
        dtype=torch.float32,
    )
    steps = list(fit)
    moved = next(step for step in steps if step.stage == "translation" and step.done)
    assert fit.mean_mm[0] == pytest.approx(steps[-1].mean_mm, rel=1e-3)
    assert fit.mean_mm[0] < 0.5 * moved.mean_mm

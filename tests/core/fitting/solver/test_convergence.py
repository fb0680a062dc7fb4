"""Frames that are called converged are: an independent minimisation finds no more than a thousandth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.fitting.objective.pose import Pose
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver.convergence import assured
from core.fitting.solver.gauss_newton import PoseFit, fit_poses
from core.fitting.stage.stage import PoseStage
from core.model.motion import Motion
from tests.core.fitting.frame_minima import frame_minima
from tests.core.fitting.judged import CLIPS, clip, fit, run, spread
from tests.core.fitting.test_jumps import MOTIONS
from tests.variants import HARSHER, NAMES, body_pair

FEW = FitSettings(shape_frames=8)
MOST = 1e-3


def random_poses(frames: int = 32) -> Motion:
    """Every joint turned by 0.9 rad and more in each frame."""
    motion, rng = clip("walk", 0, frames), np.random.default_rng(3)
    poses = motion.poses.copy()
    poses[:, 1:] = 0.9 * rng.normal(size=poses[:, 1:].shape)
    return replace(motion, poses=poses)


WILD = MOTIONS | {"random poses": random_poses}


def check(motion: Motion, variant: str, settings: FitSettings = FEW, every: int = 1) -> np.ndarray:
    pair = body_pair(variant)
    result = fit(motion, pair, settings)
    ids = np.arange(0, len(motion), every)
    found = frame_minima(motion, pair, settings, result, ids)
    converged = result.converged[ids]
    assert not (found.left[converged] > MOST).any(), found.left[converged].max()
    assert (found.degrees < result.left_degrees[ids])[converged].all()
    return converged


@pytest.mark.parametrize("variant", ["built-in", "dense correctives"])
def test_random_poses_end_at_their_minimum(variant: str) -> None:
    assert check(random_poses(12), variant).all()


@pytest.mark.slow
@pytest.mark.parametrize("variant", NAMES)
@pytest.mark.parametrize("name", WILD)
def test_every_frame_ends_at_its_minimum(name: str, variant: str) -> None:
    assert check(WILD[name](), variant).all()


@pytest.mark.slow
@pytest.mark.parametrize("variant", NAMES)
@pytest.mark.parametrize("name", CLIPS)
def test_clips_do_and_none_of_their_frames_is_flagged(name: str, variant: str) -> None:
    assert check(spread(clip(name), 48), variant).all()


def on_harsher_bodies(motion: Motion, every: int = 1) -> None:
    settings, pair = FitSettings(shape="fixed"), body_pair(HARSHER[0])
    result = fit(motion, pair, settings)
    found = frame_minima(motion, pair, settings, result, np.arange(0, len(motion), every), iterations=25)
    converged = result.converged[::every]
    assert not (found.left[converged] > MOST).any()
    assert (found.degrees < result.left_degrees[::every])[converged].all()


def test_harsher_bodies_do_or_say_so() -> None:
    on_harsher_bodies(clip("dance", 100, 6))


@pytest.mark.slow
@pytest.mark.parametrize("name", MOTIONS)
def test_harsher_bodies_do_or_say_so_whatever_the_motion(name: str) -> None:
    on_harsher_bodies(MOTIONS[name](), 2)


@pytest.mark.parametrize("variant", ["built-in", "strong correctives", "dense correctives"])
def test_what_is_left_is_known_within_a_factor(variant: str) -> None:
    """Of frames a little off their minimum."""
    motion, pair = random_poses(10), body_pair(variant)
    fitted = fit(motion, pair, FEW)
    noise = np.random.default_rng(4).normal(scale=0.002, size=fitted.poses.shape).astype(np.float32)
    off = replace(fitted, poses=fitted.poses + noise)
    found = frame_minima(motion, pair, FEW, off, np.arange(len(motion)))
    left = found.fitted - found.reached
    assert (found.left > 2 * MOST).all()
    gained = found.fitted - found.told.energy.numpy()
    ratio = left / (gained + found.told.gain.numpy())
    assert (ratio < 2).all()
    assert (ratio > 0.2).all()
    assert (gained > 0).all()


@pytest.mark.parametrize("iterations", [2, 3])
def test_a_look_takes_no_more_steps_than_asked_for(iterations: int) -> None:
    settings, pair = FitSettings(iterations=iterations), body_pair("dense correctives")
    _, told = run(clip("spinkick", 20, 12), pair, settings)
    steps = [progress.steps for progress in told if progress.stage == "pose"]
    assert 0 < max(steps) <= iterations


def test_frames_that_have_steps_left_go_on_beside_those_that_have_none() -> None:
    iterations, ids = 40, np.arange(6)
    settings = FitSettings(shape="fixed", iterations=iterations)
    problem = FitRun(
        clip("spinkick", 20, 6), body_pair("dense correctives"), settings, device="cpu", threads=1
    )._problem(settings, "source")
    by = PoseStage(problem, ids, None, lambda: False).by
    targets, terms = problem.targets.at(ids), problem.terms(ids)
    start = problem.at_source(ids, by.shape.betas)
    rough = fit_poses(replace(by, iterations=4), start, targets, terms)
    steps = torch.tensor([40, 39, 0, 0, 0, 0], dtype=torch.int32)
    found = PoseFit(
        Pose(rough.pose.world.clone(), rough.pose.root.clone()),
        rough.energy.clone(),
        rough.residual.clone(),
        torch.ones(6, dtype=torch.bool),
        steps.clone(),
    )
    assured(by, found, targets, terms, near=False, goes_on=True)
    assert (found.steps <= iterations).all()
    assert not found.converged[0]
    assert torch.equal(found.energy[0], rough.energy[0])
    assert found.converged[2:].all()
    assert (found.energy[1:] < rough.energy[1:]).all()

"""What is held is not taken from body parts where somebody says where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver.gauss_newton import PoseFit
from core.fitting.stage.initial_pose import relaxed_pose, source_pose, start_rotations
from core.fitting.stage.partial_result import FittedChunk
from core.fitting.stage.stage import PoseStage
from core.fitting.stage.stage_problem import StageProblem
from core.model.joints import LEFT_HAND, RIGHT_HAND
from core.model.motion import Motion
from core.model.skinning import rotation_matrices
from tests.core.fitting.judged import clip, fit, joints_named
from tests.variants import body_pair

HELD = FitSettings(free_left_hand=False, free_right_hand=False, shape="fixed")
EDGES = FitSettings(stage="edge", shape="fixed")
FRAMES = np.arange(3)


def dance() -> Motion:
    """With fingers that are not relaxed."""
    return clip("dance", 100, 6)


def at_parts(recipe: Recipe, **more: Any) -> tuple[StageProblem, torch.Tensor, torch.Tensor]:
    """The problem of its first stage, and relative rotations and roots of its first frames from the parts."""
    problem = FitRun(dance(), body_pair("built-in"), recipe, device="cpu", threads=1, **more)._problem(
        recipe.stages[0], recipe.start
    )
    with torch.inference_mode():
        shape = problem.shape_unknowns(FRAMES).start
        pose = problem.at_parts(FRAMES, problem.targets.at(FRAMES), shape)
        return problem, problem.skin.tree.relative_rotations(pose.world), pose.root


def test_held_joints_are_where_the_source_has_them() -> None:
    pair = body_pair("built-in")
    fingers = joints_named(pair, *LEFT_HAND, *RIGHT_HAND)
    source = start_rotations(dance(), pair, FRAMES)[:, fingers]
    relaxed = rotation_matrices(torch.as_tensor(relaxed_pose(pair.target)))[fingers].expand_as(source)
    assert float((source - relaxed).abs().max()) > 0.1
    for recipe, more, held in (
        (Recipe((HELD,)), {}, source),
        (Recipe((HELD,), "parts"), {}, relaxed),
        (Recipe((HELD,), "parts"), {"replaces": True}, source),
    ):
        problem, rotations, _ = at_parts(recipe, **more)
        np.testing.assert_allclose(rotations[:, fingers], held, atol=1e-5)
        free = torch.as_tensor(problem.unknowns.free)
        assert float((rotations - start_rotations(dance(), pair, FRAMES))[:, free].abs().max()) > 0.01


def test_roots_that_edges_do_not_see_are_where_the_source_has_them() -> None:
    problem, _, roots = at_parts(Recipe((EDGES,)))
    np.testing.assert_allclose(roots, problem.targets.roots(FRAMES), atol=1e-6)
    # As meshes alone, it is only their skin that says where they are.
    problem, _, roots = at_parts(Recipe((EDGES,), "parts"))
    assert float((roots - problem.targets.roots(FRAMES)).abs().max()) > 1e-4


def test_a_frame_that_is_mended_from_the_parts_keeps_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    motion, pair = dance(), body_pair("built-in")
    first, starts, bad = PoseStage._first, PoseStage._starts, 2

    def damaged(stage: PoseStage, frames: np.ndarray) -> FittedChunk:
        found = first(stage, frames)
        energy, converged = found.energy.copy(), found.converged.copy()
        energy[bad], converged[bad] = 1e9, False
        return replace(found, energy=energy, converged=converged)

    monkeypatch.setattr(PoseStage, "_first", damaged)
    monkeypatch.setattr(PoseStage, "_starts", lambda stage: starts(stage)[1:])
    result = fit(motion, pair, HELD)
    assert result.converged[bad]
    fingers = joints_named(pair, *LEFT_HAND, *RIGHT_HAND)
    wanted = source_pose(motion, pair, np.arange(len(motion)))
    np.testing.assert_allclose(result.poses[:, fingers], wanted[:, fingers], atol=1e-3)


def test_a_frame_that_is_mended_from_its_neighbour_keeps_what_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    motion, pair = clip("dance", 100, 16), body_pair("built-in")
    poses = motion.poses.copy()
    fingers, theirs = (
        [body.joint_names.index(name) for name in (*LEFT_HAND, *RIGHT_HAND)]
        for body in (pair.target, pair.source)
    )
    poses[7, theirs, 2] += 0.2
    motion = replace(motion, poses=poses)
    fit_from, damaged = PoseStage._from, []

    def damage(stage: PoseStage, *what: Any, **rest: Any) -> PoseFit:
        found = fit_from(stage, *what, **rest)
        if not damaged:
            damaged.append(found.energy[7])
            found.energy[7] = 1e9
        return found

    monkeypatch.setattr(PoseStage, "_from", damage)
    result = fit(motion, pair, Recipe((HELD,), "parts"), replaces=True)
    assert damaged
    assert result.converged[7]
    wanted = source_pose(motion, pair, np.arange(len(motion)))
    np.testing.assert_allclose(result.poses[:, fingers], wanted[:, fingers], atol=1e-3)

"""Stages do what they say: edges, joints down the chain, translation, and one after another."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.stage.initial_pose import source_pose
from core.fitting.stage.partial_result import ResultTable
from core.fitting.stage.stage_problem import StageProblem
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import posed
from tests.core.fitting.judged import CLIPS, EDGES, TIGHT, clip, fit, judged, run, spread, value
from tests.variants import body_pair

TRANSLATION = FitSettings(stage="translation")


def targets_of(motion: Motion, pair: BodyPair) -> np.ndarray:
    vertices, _ = posed(motion, pair.source, slice(None))
    return pair.correspondence.apply(torch.as_tensor(vertices)).numpy()


# Edges


def test_the_edge_stage_lowers_its_own_objective(
    edges: FitResult, whole: FitResult, motion: Motion, pair: BodyPair
) -> None:
    source = source_pose(motion, pair, np.arange(len(motion))).astype(np.float32)
    start = replace(edges, poses=source, betas=np.zeros_like(edges.betas))
    assert edges.converged.all()
    reached = value(motion, pair, EDGES, edges)
    assert reached < 0.7 * value(motion, pair, EDGES, start)
    assert reached < 0.999 * value(motion, pair, EDGES, whole)
    assert value(motion, pair, FitSettings(), edges) > value(motion, pair, FitSettings(), whole)


def test_steps_of_the_edge_stage_never_go_up(motion: Motion, pair: BodyPair) -> None:
    _, steps = run(motion, pair, replace(EDGES, tolerance=1e-6))
    shape = [step.objective for step in steps if step.stage == "shape"]
    assert len(shape) > 1
    # The first ones take the correctives as constant, so that their objectives are only nearly comparable.
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(shape))
    assert {step.kind for step in steps} == {"edge"}


def test_edges_with_both_ends_valid_count_once(motion: Motion, pair: BodyPair) -> None:
    problem = StageProblem(motion, pair, EDGES, ResultTable(motion, pair))
    valid, expected = pair.correspondence.valid, set()
    for face in pair.target.faces.tolist():
        for one, other in ((face[0], face[1]), (face[1], face[2]), (face[2], face[0])):
            if valid[one] and valid[other]:
                expected.add((min(one, other), max(one, other)))
    found = np.sort(problem.skin.vertices[problem.skin.edges], 1)
    assert len(found) == len(expected) > 10_000
    assert set(map(tuple, found.tolist())) == expected


def test_edges_leave_the_translation_alone(edges: FitResult, motion: Motion) -> None:
    offset = edges.transl - motion.trans
    assert np.abs(offset - offset[:1]).max() < 1e-6
    assert np.abs(offset).max() < 0.01


@pytest.mark.parametrize("settings", [EDGES, FitSettings(free_transl=False)], ids=["edge", "held"])
def test_a_held_translation_is_held_in_frames_without_a_say_in_the_shape(
    settings: FitSettings, pair: BodyPair
) -> None:
    turning = clip("spinkick", 20, 24)
    offset = fit(turning, pair, replace(settings, shape_frames=2)).transl - turning.trans
    assert np.abs(offset - offset[:1]).max() < 1e-6


# Order


def test_chain_comes_closer_with_every_sweep_and_never_below_together(motion: Motion, pair: BodyPair) -> None:
    few = motion.cut(0, 2)
    settings = FitSettings(shape="fixed", free_left_hand=False, free_right_hand=False, tolerance=1e-5)
    together = value(few, pair, settings, fit(few, pair, settings))
    chain = replace(settings, order="chain")
    sweeps, result = [], None
    for _ in range(4):
        recipe = Recipe((chain,), start="source" if result is None else "current")
        result = fit(few, pair, recipe, start=result)
        sweeps.append(value(few, pair, settings, result))
    start = fit(few, pair, Recipe((TRANSLATION,)))
    assert sweeps[0] < value(few, pair, settings, start)
    gaps = [sweep - together for sweep in sweeps]
    assert all(gap >= -1e-6 * together for gap in gaps)
    assert all(after < before for before, after in pairwise(gaps))
    assert gaps[3] < 0.5 * gaps[0]


def test_own_shapes_are_solved_down_the_chain_too(motion: Motion, pair: BodyPair) -> None:
    settings = FitSettings(order="chain", shape="per-frame", free_left_hand=False, free_right_hand=False)
    result = fit(motion.cut(0, 2), pair, settings)
    assert result.betas.any()


# Translation


@pytest.mark.parametrize("parts", [(1.0,) * len(PARTS), (0.5, 3.0, 1.0, 0.0, 2.0, 4.0)])
def test_the_translation_is_a_weighted_mean(
    parts: tuple[float, ...], edges: FitResult, motion: Motion, pair: BodyPair
) -> None:
    away = replace(edges, transl=edges.transl + np.array([0.2, -0.1, 0.3], dtype=np.float32))
    settings = replace(TRANSLATION, part_weights=parts, iterations=1)
    found = fit(motion, pair, Recipe((settings,), start="current"), start=away)
    vertices, _ = posed(away.as_motion(), pair.target, slice(None))
    weights = np.array(parts)[pair.target.vertex_part] * pair.correspondence.valid
    distance = (targets_of(motion, pair) - vertices).astype(np.float64)
    expected = (weights[:, None] * distance).sum(1) / weights.sum()
    # A step is damped by a ten thousandth.
    assert np.abs(found.transl - away.transl - expected).max() < 1.1e-4 * np.abs(expected).max()
    assert found.converged.all()
    assert np.abs(found.poses - away.poses).max() < 2e-6
    assert np.array_equal(found.betas, away.betas)


@pytest.mark.parametrize(
    "name",
    [
        "strong correctives",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("built-in", "dense correctives")),
    ],
)
def test_edges_translation_vertices_end_where_vertices_alone_do(name: str, motion: Motion) -> None:
    pair = body_pair(name)
    staged, steps = run(motion, pair, Recipe((EDGES, TRANSLATION, TIGHT)))
    alone = value(motion, pair, TIGHT, fit(motion, pair, TIGHT))
    assert [step.index for step in steps] == sorted(step.index for step in steps)
    assert {step.kind for step in steps} == {"edge", "translation", "vertex"}
    assert abs(value(motion, pair, TIGHT, staged) - alone) < 1e-3 * alone


# Starts


def check_start_from_parts(motion: Motion, pair: BodyPair) -> None:
    settings = FitSettings(pose_prior=1e-6, tolerance=1e-5, iterations=60)
    source = fit(motion, pair, settings)
    parts = fit(motion, pair, Recipe((settings,), start="parts"))
    objective, state = judged(motion, pair, settings, source)
    other = judged(motion, pair, settings, parts)[1]
    with torch.no_grad():
        names = ("vertex", "shape prior")
        ours = sum(float(objective.terms(other)[name]) for name in names)
        theirs = sum(float(objective.terms(state)[name]) for name in names)
    assert ours < 1.01 * theirs
    assert np.abs(parts.mean_mm - source.mean_mm).max() < 0.1


@pytest.mark.parametrize("name", ["dance", "spinkick"])
def test_body_parts_alone_are_start_enough(name: str, pair: BodyPair) -> None:
    check_start_from_parts(clip(name, 30, 8), pair)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIPS)
def test_body_parts_alone_are_start_enough_anywhere(name: str, pair: BodyPair) -> None:
    check_start_from_parts(spread(clip(name), 24), pair)


def test_a_converged_fit_has_nothing_left_to_do(whole: FitResult, motion: Motion, pair: BodyPair) -> None:
    again, steps = run(motion, pair, Recipe(start="current"), start=whole)
    assert [step.stage for step in steps] == ["shape", "pose"]
    assert again.converged.all()
    assert np.abs(again.poses - whole.poses).max() < 1e-4
    assert np.abs(again.betas - whole.betas).max() < 1e-3
    assert value(motion, pair, TIGHT, again) <= value(motion, pair, TIGHT, whole) * (1 + 1e-6)

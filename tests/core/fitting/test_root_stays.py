"""Without a free translation the root joint stays where the source's is, in the world, whatever the shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.fitting.frame_steps import frame_steps
from core.fitting.quick_refit import QuickRefit
from core.fitting.recipe.recipe import PRESETS, Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference import published
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion, motion_of_meshes
from core.model.posing import joints_of, posed
from tests.core.fitting.judged import clip, fit, judged
from tests.variants import body_pair

HELD = FitSettings(free_transl=False)
OWN: dict[str, Any] = {"shape": "per-frame", "expression": "per-frame"}


def tall() -> Motion:
    """Of a person whose root lies elsewhere than the mean one's."""
    betas = np.random.default_rng(3).normal(size=16).astype(np.float32)
    return replace(clip("dance", 100, 4), betas=betas)


def root_of(motion: Motion, pair: BodyPair) -> np.ndarray:
    joints = joints_of(motion, pair.source, slice(None), torch.as_tensor(motion.trans))
    return joints[:, 0].numpy()


def moved_mm(result: FitResult, motion: Motion, pair: BodyPair) -> float:
    """How far the root is from the source's, at most."""
    _, joints = posed(result.as_motion(), pair.target, slice(None))
    return 1000 * float(
        np.linalg.norm(joints[result.fitted, 0] - root_of(motion, pair)[result.fitted], axis=1).max()
    )


def check(result: FitResult, motion: Motion, pair: BodyPair) -> None:
    assert moved_mm(result, motion, pair) < 2e-3


RECIPES: dict[str, Recipe | FitSettings] = {
    "one shape": HELD,
    "of few frames": replace(HELD, shape_frames=2),
    "own shapes and expressions": replace(HELD, **OWN),
    "mean shape": replace(HELD, shape="fixed"),
    "shared expression": replace(HELD, expression="shared"),
    "from parts": Recipe((HELD,), start="parts"),
    "after a free stage": Recipe((FitSettings(iterations=4), HELD)),
    "before its own stage": Recipe((replace(HELD, stage="edge"), replace(HELD, stage="translation"), HELD)),
    "nothing but its place": Recipe((replace(HELD, stage="translation"),)),
    "smooth": replace(HELD, smoothness=0.3),
    "down the chain": replace(HELD, order="chain", iterations=2),
    "with edges": replace(HELD, edge_weight=1.0),
    "root held": replace(HELD, free_global_orient=False, robust="huber"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_it_stays(name: str) -> None:
    motion, pair = tall(), load_bodies()
    check(fit(motion, pair, RECIPES[name]), motion, pair)


def test_it_moves_where_it_may() -> None:
    motion, pair = tall(), load_bodies()
    assert moved_mm(fit(motion, pair), motion, pair) > 1


@pytest.mark.parametrize("source", ["smpl", "smplx"])
def test_other_sources(source: str) -> None:
    pair = load_bodies(source=source, target="smplh")
    original, joints = tall(), pair.source.num_joints
    poses = np.zeros((4, joints, 3), np.float32)
    poses[:, :22] = original.poses[:, :22]
    face = np.ones((4, 10), np.float32) if source == "smplx" else None
    motion = replace(original, family=source, poses=poses, expression=face, betas=original.betas[:10])
    check(fit(motion, pair, HELD), motion, pair)


def test_meshes_have_it_where_their_joints_are_regressed() -> None:
    pair = load_bodies()
    vertices, _ = posed(tall(), pair.source, slice(None))
    motion = motion_of_meshes("smplh", vertices)
    check(fit(motion, pair, HELD), motion, pair)


def test_frames_fitted_again() -> None:
    motion, pair = tall(), load_bodies()
    before = fit(motion, pair, FitSettings(iterations=4))
    for origin, more in (("source", {}), ("current", {}), ("current", OWN)):
        recipe = Recipe((replace(HELD, **more),), start=origin)
        result = fit(motion, pair, recipe, frames=np.array([1, 2]), start=before)
        check(replace(result, fitted=np.isin(np.arange(4), [1, 2])), motion, pair)
        np.testing.assert_array_equal(result.transl[[0, 3]], before.transl[[0, 3]])
    steps = frame_steps(motion, pair, Recipe((HELD,)), 2, before)
    for index in range(len(steps)):
        check(replace(steps.fit(index), fitted=np.arange(4) == 2), motion, pair)
    quick = QuickRefit(motion, pair, before, HELD).refit(1, pair.correspondence.valid)
    assert 1000 * np.linalg.norm(quick.joints[0] - root_of(motion, pair)[1]) < 2e-3


@pytest.mark.parametrize("name", ["published", "published-l-bfgs"])
def test_the_published_method(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "LBFGS_STEPS", 3)
    motion, pair = tall().cut(0, 1), load_bodies()
    stages = tuple(replace(each, iterations=1, free_transl=False) for each in PRESETS[name].stages)
    result = fit(motion, pair, replace(PRESETS[name], stages=stages))
    assert result.betas.any()
    check(result, motion, pair)


@pytest.mark.parametrize(
    "settings",
    [replace(HELD, tolerance=1e-6), replace(HELD, tolerance=1e-6, **OWN)],
    ids=["one shape", "own"],
)
def test_no_independent_optimiser_gets_lower(settings: FitSettings) -> None:
    motion, pair = tall().cut(0, 2), body_pair("built-in")
    result = fit(motion, pair, settings)
    assert result.converged.all()
    objective, state = judged(motion, pair, settings, result)
    polished = objective.polish(state, 20)
    assert polished.before - polished.after < 1e-3 * polished.before
    # What it may change does matter.
    worse = objective.polish(replace(state, betas=state.betas + 0.3), 20)
    assert worse.before > 1.01 * polished.before
    assert worse.after < 0.5 * (worse.before + polished.before)

"""Fits run to their end, and what the autograd objective says of them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_objective import AutogradObjective
from core.fitting.reference.autograd_unknowns import FitState
from core.fitting.run import FitRun, Progress
from core.fitting.stage.initial_pose import shows_fingers, source_pose, vertex_weights
from core.measure.ground_contact import UNKNOWN_RATE
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import LEFT_HAND, PARTS
from core.model.motion import Motion
from core.model.posing import posed
from core.model.skinning import rotation_matrices
from tests.smplx_layers import shared_layer

TIGHT = FitSettings(tolerance=1e-6, iterations=40)
EDGES = FitSettings(stage="edge")
CAPTURES = ("backflip", "cartwheel", "dance", "spinkick", "walk")
CLIPS = (*CAPTURES, "range_of_motion")


def joints_named(pair: BodyPair, *names: str) -> list[int]:
    """Their places in the target."""
    return [pair.target.joint_names.index(name) for name in names]


@lru_cache
def _clip(name: str) -> Motion:
    return load_motion(next(path for path in builtin_motions() if path.stem == f"{name}_poses"))


def clip(name: str, first: int = 0, count: int | None = None) -> Motion:
    """A built-in motion, or ``count`` frames of it."""
    return _clip(name).cut(first, None if count is None else first + count)


def spread(motion: Motion, count: int) -> Motion:
    """So many frames of a motion, evenly spread, as a motion."""
    chosen = np.linspace(0, len(motion) - 1, count).round().astype(int)
    return replace(motion, poses=motion.poses[chosen], trans=motion.trans[chosen])


def run(
    motion: Motion, pair: BodyPair, recipe: Recipe | FitSettings | None = None, **more: Any
) -> tuple[FitResult, list[Progress]]:
    """A fit with its steps."""
    fitting = FitRun(motion, pair, recipe, device="cpu", threads=1, **more)
    steps = list(fitting)
    return fitting.result(), steps


def fit(motion: Motion, pair: BodyPair, recipe: Recipe | FitSettings | None = None, **more: Any) -> FitResult:
    """A fit."""
    return run(motion, pair, recipe, **more)[0]


def judged(
    motion: Motion,
    pair: BodyPair,
    settings: FitSettings,
    result: FitResult,
    painted: np.ndarray | None = None,
) -> tuple[AutogradObjective, FitState]:
    """The autograd objective of a stage, and the state of a result in its terms."""
    vertices, _ = posed(motion, pair.source, slice(None))
    # The objective counts the weights of parts itself.
    plain = vertex_weights(pair, replace(settings, part_weights=(1.0,) * len(PARTS)), painted)
    objective = AutogradObjective(
        pair.target,
        pair.correspondence.apply(torch.as_tensor(vertices)),
        plain,
        settings,
        rotation_matrices(torch.as_tensor(source_pose(motion, pair, np.arange(len(motion)))).double()),
        source_transl=torch.as_tensor(motion.trans).double(),
        fps=motion.frame_rate or UNKNOWN_RATE,
        source_has_fingers=shows_fingers(pair, LEFT_HAND),
        layer=shared_layer(pair.target),
    )
    betas = result.betas if result.frame_betas is None else result.frame_betas
    expression = result.expression
    if settings.expression != "per-frame":
        assert (expression == expression[:1]).all()
        expression = expression[0]
    # Of a body with more coefficients than are solved the rest are zero.
    rest = [(0, 0)] * (betas.ndim - 1) + [(0, pair.target.num_betas - betas.shape[-1])]
    values = (result.poses, result.transl, np.pad(betas, rest), expression)
    return objective, FitState(*(torch.as_tensor(value).double() for value in values))


def value(motion: Motion, pair: BodyPair, settings: FitSettings, result: FitResult) -> float:
    """The autograd objective of a result, summed over the frames."""
    objective, state = judged(motion, pair, settings, result)
    with torch.no_grad():
        return float(objective.value(state))

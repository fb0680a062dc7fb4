"""Own shape and expression a frame: no worse than the published method on the same targets and unknowns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.fitting.objective.targets import MotionTargets
from core.fitting.recipe.recipe import PUBLISHED_STAGES
from core.fitting.reference.published import PublishedFit
from core.fitting.stage.initial_pose import start_rotations
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posing import posed
from tests.core.fitting.judged import clip, fit

FRAMES = [
    ("range_of_motion", 150),
    ("range_of_motion", 450),
    ("range_of_motion", 800),
    ("walk", 60),
    ("walk", 250),
    ("dance", 90),
    ("dance", 330),
    ("cartwheel", 50),
    ("cartwheel", 110),
    ("backflip", 40),
    ("backflip", 80),
    ("spinkick", 35),
]


def squares(motion: Motion, result: FitResult) -> float:
    """Sum of squared distances of the valid vertices, square metres."""
    pair = load_bodies()
    source, _ = posed(motion, pair.source, slice(None))
    skin, _ = posed(result.as_motion(), pair.target, slice(None))
    targets = pair.correspondence.apply(torch.as_tensor(source)).numpy()
    return float(((skin - targets)[:, pair.correspondence.valid].astype(np.float64) ** 2).sum())


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "frame"), FRAMES)
def test_the_data_term_is_not_above_the_published_methods(name: str, frame: int) -> None:
    pair, motion = load_bodies(), clip(name, frame, 1)
    settings = replace(PUBLISHED_STAGES[-1], tolerance=1e-6)
    ours = squares(motion, fit(motion, pair, settings))

    valid = pair.correspondence.valid
    vertices, one = np.flatnonzero(valid), np.array([0])
    points = MotionTargets(motion, pair, vertices).at(one)
    source = start_rotations(motion, pair, one)
    published = PublishedFit(pair.target, points, valid, source, optimiser="l-bfgs", dtype=torch.float64)
    for _ in published:
        pass
    skin = pair.target.vertices(
        *(
            torch.as_tensor(values)
            for values in (published.poses, published.betas, published.transl, published.expression)
        )
    )
    residual = skin[0, torch.as_tensor(vertices)].double() - points[..., 0]
    theirs = float(residual.square().sum())
    assert ours <= 1.001 * theirs, f"{ours} against {theirs}"

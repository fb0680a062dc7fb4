"""With other settings too, fits end where an optimiser on the `smplx` package's layers would."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

from core.fitting.recipe.settings import FitSettings
from core.fitting.run import Progress
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.fitting.judged import clip, judged, run, spread
from tests.variants import NAMES, body_pair

OWN = {"shape": "per-frame", "expression": "per-frame"}
FACE = {"free_jaw": True, "free_eyes": True}
OWN_NAME = "own shape and expression"
QUICK = {
    "edge": FitSettings(stage="edge"),
    "geman-mcclure by vertex": FitSettings(robust="geman-mcclure", robust_by="vertex", robust_scale=5.0),
    OWN_NAME: FitSettings(**OWN),
}
SLOW = {
    "mix": FitSettings(vertex_weight=0.5, edge_weight=2.0, part_weights=(1.0, 1.0, 2.0, 4.0, 1.0, 0.5)),
    "huber by part": FitSettings(robust="huber", robust_scale=1.5),
    "huber by vertex": FitSettings(robust="huber", robust_by="vertex", robust_scale=2.0),
    "geman-mcclure by part": FitSettings(robust="geman-mcclure", robust_scale=3.0),
    "shared expression": FitSettings(expression="shared", **FACE),
    "translation held": FitSettings(free_transl=False),
    "hands and root held": FitSettings(
        free_global_orient=False, free_left_hand=False, free_right_hand=False, pose_prior=1e-2
    ),
    "edges and a robust loss with own expressions": FitSettings(
        edge_weight=1.0, robust="huber", robust_scale=1.5, expression="per-frame"
    ),
}
SMOOTH = {
    "smooth": FitSettings(smoothness=0.3),
    "smooth edges": FitSettings(stage="edge", smoothness=0.3),
    "even": FitSettings(acceleration=1.0),
}


@lru_cache
def dance_edges() -> tuple[FitResult, list[Progress]]:
    """Two frames of the dance fitted by their edges, which two tests look at."""
    return run(spread(clip("dance"), 2), body_pair("built-in"), QUICK["edge"])


def check_optimum(
    motion: Motion,
    pair: BodyPair,
    settings: FitSettings,
    iterations: int,
    made: tuple[FitResult, list[Progress]] | None = None,
) -> None:
    result, steps = made or run(motion, pair, settings)
    assert result.converged.all()
    objective, state = judged(motion, pair, settings, result)
    polished = objective.polish(state, iterations)
    assert polished.after <= polished.before
    assert polished.before - polished.after < 1e-3 * polished.before
    if not settings.coupled:
        # What a run reports are the frames alone: what they share is held back apart from them.
        reported = steps[-1].objective * len(motion)
        if settings.shape == "shared":
            reported += 0.5 * settings.shape_prior * len(motion) * float((result.betas**2).sum())
        if settings.expression == "shared":
            reported += 0.5 * settings.expression_prior * float((result.expression**2).sum())
        assert reported == pytest.approx(polished.before, rel=1e-4)


@pytest.mark.parametrize("name", QUICK)
def test_no_independent_optimiser_gets_lower(name: str) -> None:
    made = dance_edges() if name == "edge" else None
    check_optimum(spread(clip("dance"), 2), body_pair("built-in"), QUICK[name], iterations=20, made=made)


def test_the_independent_optimiser_sees_what_is_left_to_do() -> None:
    motion, pair, settings = spread(clip("dance"), 2), body_pair("built-in"), QUICK["edge"]
    objective, state = judged(motion, pair, settings, dance_edges()[0])
    reached = float(objective.value(state))
    polished = objective.polish(replace(state, betas=state.betas + 0.1), 12)
    assert polished.before > 1.05 * reached
    assert polished.after < 0.5 * (polished.before + reached)


@pytest.mark.slow
@pytest.mark.parametrize("variant", NAMES)
@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_no_independent_optimiser_gets_lower_on_any_body(name: str, variant: str) -> None:
    settings = (QUICK | SLOW)[name]
    check_optimum(spread(clip("cartwheel"), 4), body_pair(variant), settings, iterations=100)


@pytest.mark.slow
@pytest.mark.parametrize("variant", NAMES)
@pytest.mark.parametrize("name", SMOOTH)
def test_no_independent_optimiser_gets_lower_on_frames_that_pull_on_each_other(
    name: str, variant: str
) -> None:
    check_optimum(clip("backflip", 30, 6), body_pair(variant), SMOOTH[name], iterations=100)

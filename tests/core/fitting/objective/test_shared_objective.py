"""The engine's objective and its true gradient are those of autograd on the `smplx` package's layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.correspond.load_bodies import load_bodies
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_unknowns import free_joint_mask
from core.fitting.reference.smplx_layer import SmplxLayer
from core.fitting.stage import stage_problem
from core.fitting.stage.initial_pose import unknowns
from core.model.body_pair import BodyPair
from tests.core.fitting.both_objectives import BothObjectives, clip, small_pair
from tests.variants import body_pair

PARTS = (2.0, 0.5, 1.0, 3.0, 0.7, 1.5)
FACE = {"free_jaw": True, "free_eyes": True}
OWN = {"shape": "per-frame", "expression": "per-frame"}
HELD_HANDS = {"free_left_hand": False, "free_right_hand": False}
CASES = {
    "vertex": FitSettings(),
    "edge": FitSettings(stage="edge"),
    "edge, own coefficients": FitSettings(stage="edge", **OWN, **FACE),
    "mix": FitSettings(vertex_weight=0.7, edge_weight=2.0),
    "part weights": FitSettings(part_weights=PARTS),
    "mix, part weights": FitSettings(vertex_weight=0.7, edge_weight=2.0, part_weights=PARTS),
    "huber by part": FitSettings(robust="huber", robust_scale=400),
    "huber by part, all far": FitSettings(robust="huber", robust_scale=1, part_weights=PARTS),
    "huber by vertex": FitSettings(robust="huber", robust_by="vertex", robust_scale=400),
    "geman-mcclure by part": FitSettings(
        robust="geman-mcclure", robust_scale=300, vertex_weight=0.5, part_weights=PARTS
    ),
    "geman-mcclure by vertex": FitSettings(
        robust="geman-mcclure", robust_by="vertex", robust_scale=300, part_weights=PARTS
    ),
    "robust mix": FitSettings(robust="huber", robust_scale=300, edge_weight=1.5, vertex_weight=0.8),
    "robust, own coefficients": FitSettings(robust="geman-mcclure", robust_scale=300, **OWN),
    "prior to source": FitSettings(pose_prior=0.3),
    "prior to zero": FitSettings(pose_prior=0.3, pose_prior_to="zero", **FACE),
    "prior to previous": FitSettings(pose_prior=0.3, pose_prior_to="previous"),
    "jaw and eyes": FitSettings(jaw_prior=2.0, eyes_prior=3.0, **FACE),
    "jaw alone": FitSettings(jaw_prior=2.0, free_jaw=True, pose_prior=0),
    "shape fixed": FitSettings(shape="fixed"),
    "shape a frame": FitSettings(shape="per-frame", shape_prior=0.2),
    "shape shared": FitSettings(shape_prior=0.2),
    "expression shared": FitSettings(expression="shared", expression_prior=0.4),
    "expression a frame": FitSettings(expression="per-frame", expression_prior=0.4),
    "shape a frame, expression shared": FitSettings(shape="per-frame", expression="shared", shape_prior=0.2),
    "own coefficients": FitSettings(shape_prior=0.2, expression_prior=0.4, **OWN),
    "few coefficients": FitSettings(num_betas=2, num_expression=1, **OWN),
    "root held": FitSettings(free_global_orient=False, pose_prior=0.3),
    "body held": FitSettings(free_body=False, pose_prior=0.3),
    "hands held": FitSettings(pose_prior=0.3, **HELD_HANDS),
    "one hand held": FitSettings(free_left_hand=False, **FACE),
    "transl held": FitSettings(free_transl=False, shape_prior=0.2, **FACE),
    "transl held, own coefficients": FitSettings(free_transl=False, **OWN),
    "smooth": FitSettings(smoothness=0.5),
    "smooth, jaw and eyes": FitSettings(smoothness=0.5, expression="shared", **FACE),
    "smooth, hands held": FitSettings(smoothness=0.5, **HELD_HANDS),
    "smooth, transl and root held": FitSettings(
        smoothness=0.5, free_transl=False, free_global_orient=False, shape="fixed"
    ),
    "smooth edges": FitSettings(stage="edge", smoothness=0.5),
    "even": FitSettings(acceleration=0.01),
    "even, transl and hands held": FitSettings(acceleration=0.01, free_transl=False, **HELD_HANDS),
    "even and smooth, own coefficients": FitSettings(acceleration=0.01, smoothness=0.5, **OWN),
    "even edges": FitSettings(stage="edge", acceleration=0.01),
    "smooth and robust": FitSettings(smoothness=2.0, robust="huber", robust_scale=300, edge_weight=1.0),
}


@pytest.fixture(scope="module", autouse=True)
def _without_normal_matrices() -> Iterator[None]:
    """They take most of the time to prepare, and nobody here looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage_problem, "NormalMatrix", lambda skin: SimpleNamespace(nbytes=0))
        stage_problem.prepared.cache_clear()
        yield
        stage_problem.prepared.cache_clear()


@lru_cache
def small() -> tuple[BodyPair, SmplxLayer]:
    pair = small_pair()
    return pair, SmplxLayer(pair.target)


def painted() -> np.ndarray:
    weights = np.random.default_rng(4).uniform(0.3, 2.0, small()[0].target.num_vertices)
    weights[::7] = 0
    return weights.astype(np.float32)


def close(ours: Tensor, theirs: Tensor, share: float, what: str) -> None:
    scale = float(theirs.abs().max())
    worst = float((ours - theirs).abs().max())
    assert worst <= share * max(scale, 1e-6), f"{what}: off by {worst} of {scale}"


def check(both: BothObjectives, share: float = 1e-6) -> None:
    ours, theirs = both.engine(), both.by_autograd()
    assert ours.value == pytest.approx(theirs.value, rel=share)
    close(ours.turns, theirs.turns, share, "rotations")
    if both.problem.unknowns.moves:
        close(ours.transl, theirs.transl, share, "transl")
    for name in ("betas", "expression"):
        expected, found = getattr(theirs, name), getattr(ours, name)
        assert (expected is None) == (found is None), name
        if expected is not None:
            assert found.shape == expected.shape
            close(found, expected, share, name)


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_autograd(name: str) -> None:
    pair, layer = small()
    both = BothObjectives(pair, clip(), CASES[name], layer=layer)
    check(both)
    check(both.at(seed=1))
    # The skin that the stage itself made from its settings, in float32.
    exact, used = both.evaluate(both.skin), both.evaluate(both.problem.skin)
    assert torch.allclose(used.energy.double(), exact.energy, rtol=1e-5)
    close(used.torque.double(), exact.torque, 1e-4, "rotations in single precision")
    if both.problem.unknowns.moves:
        close(used.force.double(), exact.force, 1e-4, "transl in single precision")


@pytest.mark.parametrize("name", ["vertex", "mix, part weights", "geman-mcclure by part", "huber by vertex"])
def test_painted_weights_count_the_same(name: str) -> None:
    pair, layer = small()
    plain = BothObjectives(pair, clip(), CASES[name], layer=layer)
    brushed = BothObjectives(pair, clip(), CASES[name], painted(), layer=layer)
    check(brushed)
    assert plain.engine().value != pytest.approx(brushed.engine().value, rel=1e-3)


@pytest.mark.parametrize("robust", ["none", "huber"])
def test_a_part_that_weighs_nothing_hardly_counts(robust: str) -> None:
    pair, layer = small()
    settings = FitSettings(part_weights=(1.0, 0.0, 2.0, 1.0, 0.0, 1.0), robust=robust, robust_scale=400)
    check(BothObjectives(pair, clip(), settings, layer=layer), share=1e-5)


@pytest.mark.parametrize("source", ["smpl", "smplh"])
def test_the_engine_frees_the_joints_that_autograd_does(source: str) -> None:
    pair = load_bodies(source=source)
    for settings in (*CASES.values(), FitSettings(stage="translation"), FitSettings(free_right_hand=True)):
        found = unknowns(pair, settings, np.empty(0, dtype=int))
        expected = free_joint_mask(pair.target, settings)
        assert found.free.tolist() == np.flatnonzero(expected).tolist()
        assert found.moves == (settings.free_transl and settings.stage != "edge")


def test_priors_point_where_the_settings_say() -> None:
    pair, layer = small()
    both = BothObjectives(pair, clip(), FitSettings(), layer=layer)
    (prior,) = both.terms().alone
    assert torch.allclose(prior.rotations, both.source, atol=1e-6)
    zero = BothObjectives(pair, clip(), CASES["prior to zero"], layer=layer)
    (prior,) = zero.terms().alone
    assert torch.allclose(prior.rotations, torch.eye(3).double().expand_as(zero.source))


def test_gaps_between_frames_are_not_smoothed() -> None:
    """Frames that do not follow each other do not pull on each other."""
    pair, _ = small()
    both = BothObjectives(pair, clip(8), FitSettings(smoothness=0.5, acceleration=0.5))
    smooth, even = both.problem.terms(np.array([0, 1, 3, 4, 5, 7]), together=True).between
    assert smooth.joined.tolist() == [1, 0, 1, 1, 0]
    assert even.joined.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    "settings",
    [
        CASES["vertex"],
        replace(CASES["robust mix"], robust_scale=60, **OWN, **FACE),
        replace(CASES["smooth"], expression="shared", part_weights=PARTS),
    ],
    ids=["vertex", "robust mix, own coefficients", "smooth"],
)
def test_it_is_so_on_whole_bodies(settings: FitSettings) -> None:
    check(BothObjectives(body_pair("strong correctives"), clip(2), settings), share=2e-5)

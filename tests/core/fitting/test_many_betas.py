"""A body with 300 shape coefficients: 100 are solved, closer than 16, and none of a size that nobody has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.fitting.recipe.settings import FitSettings
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.fitting.judged import clip, fit
from tests.harsher_bodies import with_many_betas
from tests.variants import MANY_BETAS, body_pair

# Standard deviations; of 10,000 people one has a coefficient beyond.
SANE = 4.0


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    """The target is somebody else in 200 of its coefficients."""
    pair = body_pair(MANY_BETAS)
    body, rng = pair.target, np.random.default_rng(5)
    template = body.v_template + body.shapedirs[..., 10:210] @ rng.normal(size=200)
    return replace(pair, target=replace(body, v_template=template.astype(np.float32)))


@pytest.fixture(scope="module")
def default(pair: BodyPair) -> FitResult:
    return fit(motion(), pair, FitSettings())


def motion() -> Motion:
    return clip("dance", 100, 4)


def test_a_hundred_are_solved_and_are_those_of_people(default: FitResult) -> None:
    assert default.betas.shape == (100,)
    assert default.betas.all()
    assert np.abs(default.betas).max() < SANE
    assert default.converged.all()


def test_they_bring_the_bodies_closer(pair: BodyPair, default: FitResult) -> None:
    few = fit(motion(), pair, FitSettings(num_betas=16))
    assert few.betas.shape == (16,)
    assert default.mean_mm.mean() < 0.9 * few.mean_mm.mean()


def test_without_a_prior_they_are_nobodys(pair: BodyPair) -> None:
    assert np.abs(fit(motion(), pair, FitSettings(shape_prior=0.0)).betas).max() > 3 * SANE


@pytest.mark.parametrize("target", ["smplh", "smpl"])
def test_other_directions_solve_as_many(target: str) -> None:
    pair = load_bodies(source="smplx", target=target)
    pair = replace(pair, target=with_many_betas(pair.target))
    poses = np.zeros((2, pair.source.num_joints, 3), np.float32)
    betas = np.random.default_rng(2).normal(size=10).astype(np.float32)
    found = fit(Motion(family="smplx", poses=poses, trans=np.zeros((2, 3), np.float32), betas=betas), pair)
    assert found.betas.shape == (100,)
    assert found.betas[16:].all()


def test_each_frame_can_have_as_many_of_its_own(pair: BodyPair, default: FitResult) -> None:
    own = fit(motion(), pair, FitSettings(shape="per-frame", iterations=5))
    assert own.frame_betas is not None
    assert own.frame_betas.shape == (4, 100)
    assert np.abs(own.frame_betas).max() < SANE
    assert own.mean_mm.mean() < default.mean_mm.mean()

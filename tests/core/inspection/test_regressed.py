"""Joints regressed from the posed skin, over a motion, are those of the raw arrays in every frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.inspection.regressed_joints import regressed_difference_mm, regressed_joints
from core.model.motion import Motion
from core.model.posing import posed
from tests.variants import NAMES, body_pair


@pytest.fixture(scope="module")
def motion() -> Motion:
    return load_motion(default_motion()).cut(300, 312)


@pytest.mark.parametrize("name", NAMES)
def test_the_difference_is_that_of_the_whole_skin(name: str, motion: Motion) -> None:
    body = body_pair(name).source
    skin, chain = posed(motion, body, slice(None))
    expected = np.einsum("jv,nvc->njc", body.J_regressor.astype(np.float64), skin.astype(np.float64)) - chain
    found = regressed_difference_mm(motion, body)
    assert found.shape == (12, 52)
    assert np.abs(found - 1000 * np.linalg.norm(expected, axis=2)).max() < 0.01
    frame = regressed_joints(skin[5], body.J_regressor, motion.trans[5])
    assert np.allclose(frame - chain[5], expected[5], atol=1e-5)


def test_at_rest_there_is_none(motion: Motion) -> None:
    body = load_bodies().source
    rest = replace(motion, poses=np.zeros_like(motion.poses))
    assert regressed_difference_mm(rest, body).max() < 0.01
    assert regressed_difference_mm(motion, body).max() > 1


def test_another_regressor_chosen_frames_and_far_away(motion: Motion) -> None:
    body = load_bodies().source
    other = body.J_regressor.copy()
    other[3] *= 1.2
    away = replace(motion, trans=motion.trans + np.float32(800))
    near = regressed_difference_mm(motion, body, other, frames=np.array([4, 7]))
    far = regressed_difference_mm(away, body, other, frames=np.array([4, 7]))
    assert np.abs(near - far).max() < 0.2
    skin, chain = posed(motion, body, slice(7, 8))
    expected = regressed_joints(skin[0], other, motion.trans[7]) - chain[0]
    assert np.allclose(near[1], 1000 * np.linalg.norm(expected, axis=1), atol=0.01)
    same = regressed_difference_mm(motion, body, frames=np.array([4, 7]))
    assert (np.abs(near - same).max(0) > 0.01).nonzero()[0].tolist() == [3]


def test_frames_that_are_not_finite_have_none_and_it_ends_when_told_to(motion: Motion) -> None:
    body = load_bodies().source
    poses = motion.poses.copy()
    poses[2, 0, 0] = np.nan
    holed = replace(motion, poses=poses)
    found = regressed_difference_mm(holed, body)
    assert np.isnan(found).any(1).nonzero()[0].tolist() == [2]

    told = []

    def enough(done: int, total: int) -> None:
        told.append((done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        regressed_difference_mm(holed, body, on_progress=enough)
    assert told == [(12, 12)]

"""A motion at another frame rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from core.errors import RefitError
from core.model.motion import Motion
from core.model.resample import resampled


def turning(frames: int, rate: float | None) -> Motion:
    """Some frames of a body that turns and walks."""
    random = np.random.default_rng(2)
    return Motion(
        family="smpl",
        poses=random.normal(scale=0.8, size=(frames, 24, 3)).astype(np.float32),
        trans=random.normal(size=(frames, 3)).astype(np.float32),
        betas=np.zeros(10, np.float32),
        frame_rate=rate,
        expression=random.normal(size=(frames, 4)).astype(np.float32),
        frame_betas=random.normal(size=(frames, 10)).astype(np.float32),
    )


@pytest.mark.parametrize(("rate", "fps"), [(30.0, 25.0), (30.0, 59.94), (120.0, 30.0), (25.0, 1000.0)])
def test_rotations_go_along_the_sphere(rate: float, fps: float) -> None:
    motion = turning(9, rate)
    found = resampled(motion, fps)
    assert found.frame_rate == fps
    assert found.reading.fps == fps
    times = np.arange(len(found)) / fps
    assert times[-1] <= 8 / rate + 1e-6 < times[-1] + 1 / fps + 1e-6
    own = np.arange(9) / rate
    at = np.minimum(times, own[-1])
    for joint in range(24):
        expected = Slerp(own, Rotation.from_rotvec(motion.poses[:, joint]))(at)
        off = (expected.inv() * Rotation.from_rotvec(found.poses[:, joint])).magnitude()
        assert off.max() < 1e-5
    for axis in range(3):
        np.testing.assert_allclose(found.trans[:, axis], np.interp(at, own, motion.trans[:, axis]), atol=1e-5)
    assert found.expression is not None
    assert found.frame_betas is not None
    assert len(found.expression) == len(found.frame_betas) == len(found)


def test_every_second_frame_is_the_frame_itself() -> None:
    motion = turning(9, 120.0)
    found = resampled(motion, 60.0)
    assert np.array_equal(found.poses, motion.poses[::2])
    assert np.array_equal(found.trans, motion.trans[::2])
    assert np.array_equal(resampled(motion, 120.0).poses, motion.poses)


def test_gaps_stay_gaps() -> None:
    motion = turning(5, 30.0)
    motion.poses[2] = np.nan
    found = resampled(motion, 60.0)
    assert found.finite_frames().tolist() == [True, True, True, False, False, False, True, True, True]


def test_one_frame_stays_one() -> None:
    assert len(resampled(turning(1, 30.0), 120.0)) == 1


def test_without_a_rate_and_beyond_all_measure() -> None:
    with pytest.raises(RefitError, match="does not say its frame rate"):
        resampled(turning(3, None), 30.0)
    with pytest.raises(RefitError, match="more than 1000000 frames"):
        resampled(replace(turning(9, 1e-3)), 1e3)

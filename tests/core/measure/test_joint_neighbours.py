"""Running medians and turns are those of plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.measure.joint_neighbours import median_of_five
from core.measure.joint_tracks import steps_of


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 60])
def test_the_running_median_is_the_median_of_mirrored_windows(frames: int) -> None:
    # Few different numbers, so that many are equal.
    series = np.random.default_rng(frames).integers(0, 6, size=(frames, 4, 2)).astype(float)
    if frames > 20:
        series[20, 1] = np.nan
    reach = min(2, frames - 1)
    mirrored = np.pad(series, ((reach, reach), (0, 0), (0, 0)), mode="reflect")
    windows = [mirrored[at : at + 2 * reach + 1] for at in range(frames)]
    expected = np.array([np.median(window, axis=0) for window in windows])
    assert np.array_equal(median_of_five(series), expected, equal_nan=True)


def test_steps_are_angles_between_frames() -> None:
    turns = Rotation.random(12, random_state=1)
    small = Rotation.from_rotvec(np.tile([[0.0, 1e-5, 0.0]], (12, 1))) * turns
    both = torch.as_tensor(np.stack((turns.as_matrix(), small.as_matrix()), 1)).flatten(0, 1)[:, None]
    expected = np.degrees(
        (Rotation.from_matrix(both[1:, 0]) * Rotation.from_matrix(both[:-1, 0]).inv()).magnitude()
    )
    assert np.allclose(steps_of(both)[:, 0], expected, rtol=1e-6, atol=1e-9)

"""TRAM's people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from tests.core.files.motions.sources.example import Example, normal, npy
from tests.core.files.motions.sources.examples import rotations


def person(**changes: Any) -> dict[str, Any]:
    """Five frames of a video, one of which TRAM has not seen him in."""
    held = {
        "pred_cam": normal((5, 3), 1),
        "pred_pose": normal((5, 144), 2),
        "pred_shape": normal((5, 10), 3),
        "pred_rotmat": rotations(120, 4).reshape(5, 24, 3, 3),
        "pred_trans": normal((5, 1, 3), 5),
        "frame": np.array([4, 5, 7, 8, 9]),
    }
    return {key: value for key, value in (held | changes).items() if value is not None}


EXAMPLES = {"tram": Example("TRAM", person, npy, ".npy")}


def test_before_the_camera(save: Callable[..., Path], refuses: Callable[..., str]) -> None:
    held = person()
    path = save(npy(held), "hps_track_0.npy")
    motion = load_motion(path)
    assert (motion.family, motion.up_axis, len(motion)) == ("smpl", "-y", 6)
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [2]
    seen = motion.poses[motion.finite_frames()]
    found = Rotation.from_rotvec(seen.reshape(-1, 3)).as_matrix().reshape(5, 24, 3, 3)
    np.testing.assert_allclose(found, held["pred_rotmat"], atol=1e-5)
    assert np.array_equal(motion.trans[motion.finite_frames()], held["pred_trans"][:, 0])
    assert motion.frame_betas is not None
    assert "Frame 0 is frame 4 of the video." in motion.notes
    assert "has no world coordinates" in refuses(load_motion, path, Reading(coordinates="world"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pred_rotmat": np.zeros((5, 24, 3))}, "'pred_rotmat' has shape (5, 24, 3)"),
        ({"pred_rotmat": np.zeros((5, 24, 3, 3))}, "holds a matrix that is no rotation, in frame 0"),
        ({"pred_trans": np.zeros((4, 1, 3))}, "'pred_trans' has shape (4, 1, 3), expected (5, 1, 3)"),
        ({"pred_shape": np.zeros((1, 10))}, "'pred_shape' has shape (1, 10), expected (5, any)"),
        ({"frame": np.zeros(5)}, "'frame' is no row of frame numbers"),
        ({"frame": np.zeros(5, int)}, "'frame' are not frames in ascending order"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(npy(person(**changes)), "a.npy"))

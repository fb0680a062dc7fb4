"""PromptHMR's people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.files.motions.load_motion import load_motion, people_in
from core.model.motion import Reading
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.example import Example, normal
from tests.core.files.motions.sources.examples import rotations


def person(track: int, seed: int = 1) -> dict[str, Any]:
    """Five frames of a video, one of which he is not in."""
    return {
        "track_id": track,
        "frames": np.array([4, 5, 7, 8, 9]),
        "bboxes": normal((5, 4), seed),
        "smplx_cam": {
            "pose": normal((5, 75), seed + 1),
            "rotmat": rotations(275, seed + 2).reshape(5, 55, 3, 3),
            "shape": normal((5, 10), seed + 3, 1.0),
            "trans": normal((5, 3), seed + 4),
        },
        "smplx_world": {
            "pose": normal((5, 165), seed + 5),
            "shape": normal((5, 10), seed + 3, 1.0),
            "trans": normal((5, 3), seed + 6),
        },
    }


def result() -> dict[str, Any]:
    return {
        "camera": {"img_focal": 1000.0, "img_center": np.array([640.0, 360.0])},
        "people": {1: person(1), 2: person(2, 20)},
        "has_slam": True,
    }


EXAMPLES = {"prompthmr": Example("PromptHMR", result, joblib_bytes, ".pkl")}


def test_the_world_comes_first(save: Callable[..., Path]) -> None:
    path = save(joblib_bytes(result()), "results.pkl")
    assert [one.name for one in people_in(path)] == ["1", "2"]
    motion = load_motion(path, Reading(person="1"))
    assert (motion.family, motion.up_axis, len(motion)) == ("smplx", "y", 6)
    seen = motion.finite_frames()
    assert np.flatnonzero(~seen).tolist() == [2]
    held = result()["people"][1]["smplx_world"]
    assert np.array_equal(motion.poses[seen].reshape(5, -1), held["pose"])
    assert np.array_equal(motion.trans[seen], held["trans"])
    assert "Frame 0 is frame 4 of the video." in motion.notes


def test_before_the_camera_all_joints_are_in_the_matrices(save: Callable[..., Path]) -> None:
    path = save(joblib_bytes(result()), "results.pkl")
    motion = load_motion(path, Reading(person="1", coordinates="camera"))
    assert motion.up_axis == "-y"
    turned = Rotation.from_rotvec(motion.poses[motion.finite_frames()].reshape(-1, 3)).as_matrix()
    held = result()["people"][1]["smplx_cam"]["rotmat"]
    np.testing.assert_allclose(turned.reshape(held.shape), held, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pose": np.zeros((5, 75))}, "'people.1.smplx_world.pose' has shape (5, 75), expected (5, 165)"),
        ({"trans": np.zeros((4, 3))}, "'people.1.smplx_world.trans' has shape (4, 3), expected (5, 3)"),
        ({"shape": np.zeros(10)}, "'people.1.smplx_world.shape' has shape (10,), expected (5, any)"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    held = result()
    held["people"][1]["smplx_world"] |= changes
    assert words in refuses(load_motion, save(joblib_bytes(held), "a.pkl"), Reading(person="1"))

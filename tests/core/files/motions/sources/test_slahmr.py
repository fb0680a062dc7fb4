"""SLAHMR's results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion, people_in
from core.model.motion import Reading
from tests.core.files.motions.sources.example import Example, normal, npz, standing


def world_results(people: int = 2, **changes: Any) -> dict[str, np.ndarray]:
    """Five frames of so many people."""
    held = {
        "trans": normal((people, 5, 3), 1),
        "root_orient": np.stack([standing(5, "y", seed) for seed in range(people)]),
        "pose_body": normal((people, 5, 63), 2),
        "betas": normal((people, 16), 3),
        "floor_plane": normal((people, 3), 4),
        "cam_R": np.tile(np.eye(3), (people, 5, 1, 1)),
    }
    return {key: value for key, value in (held | changes).items() if value is not None}


EXAMPLES = {"slahmr": Example("SLAHMR", world_results, npz, "_world_results.npz")}


def test_people_are_rows(save: Callable[..., Path]) -> None:
    held = world_results()
    path = save(held, "clip_000060_world_results.npz")
    assert [(one.name, one.frames) for one in people_in(path)] == [("0", 5), ("1", 5)]
    motion = load_motion(path, Reading(person="1"))
    assert (motion.family, motion.up_axis) == ("smplh", "y")
    assert np.array_equal(motion.poses[:, 1:22].reshape(5, 63), held["pose_body"][1])
    assert np.array_equal(motion.trans, held["trans"][1])
    assert np.array_equal(motion.betas, held["betas"][1])
    assert load_motion(save(world_results(1), "one.npz")).reading.person is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trans": np.zeros((2, 4, 3))}, "'trans' has shape (2, 4, 3), expected (2, 5, 3)"),
        ({"betas": np.zeros((1, 16))}, "'betas' has shape (1, 16), expected (2, any)"),
        ({"pose_body": np.zeros((2, 5, 63), "U1")}, "'pose_body' is text, expected numbers"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(world_results(**changes)), Reading(person="0"))

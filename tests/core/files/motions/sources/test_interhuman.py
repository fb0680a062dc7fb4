"""InterHuman's interactions."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import SeveralPeople, load_motion
from core.model.motion import Reading
from tests.core.files.motions.sources.example import Example, normal, plain_pickle, standing


def interaction(**changes: Any) -> dict[str, Any]:
    """Five frames of two people; ``changes`` are of the second."""

    def person(seed: int) -> dict[str, Any]:
        return {
            "trans": normal((5, 3), seed),
            "root_orient": standing(5, "z", seed),
            "pose_body": normal((5, 63), seed + 1),
            "betas": normal((1, 10), seed + 2),
            "gender": "male",
        }

    second = {key: value for key, value in (person(5) | changes).items() if value is not None}
    return {"person1": person(1), "person2": second, "mocap_framerate": 59.94, "frames": 5}


EXAMPLES = {"interhuman": Example("InterHuman", interaction, plain_pickle, ".pkl")}


def test_two_people(save: Callable[..., Path]) -> None:
    held = interaction(gender="female")
    path = save(pickle.dumps(held), "1.pkl")
    with pytest.raises(SeveralPeople, match=r"person1 \(5 frames\), person2 \(5 frames\)"):
        load_motion(path)
    motion = load_motion(path, Reading(person="person2"))
    assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == (
        "smplh",
        "female",
        59.94,
        "z",
    )
    assert np.array_equal(motion.poses[:, 0], held["person2"]["root_orient"])
    assert np.array_equal(motion.poses[:, 1:22].reshape(5, 63), held["person2"]["pose_body"])
    assert np.array_equal(motion.betas, held["person2"]["betas"][0])
    assert "There are no hands in the file: they are flat." in motion.notes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pose_body": np.zeros((5, 69))}, "'person2.pose_body' has shape (5, 69), expected (5, 63)"),
        ({"trans": None}, "'person2.trans' is not in the file"),
        ({"gender": "robot"}, "'gender' is 'robot', expected male, female or neutral"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    path = save(pickle.dumps(interaction(**changes)), "a.pkl")
    assert words in refuses(load_motion, path, Reading(person="person2"))

"""EMDB's sequences."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion
from tests.core.files.motions.sources.example import Example, normal, plain_pickle, standing


def sequence(smpl: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Five frames, of which the second is not good."""
    held = {
        "gender": "female",
        "name": "P1_14_outdoor_climb",
        "emdb1": True,
        "n_frames": 5,
        "good_frames_mask": np.array([True, False, True, True, True]),
        "camera": {"intrinsics": np.eye(3), "extrinsics": np.tile(np.eye(4), (5, 1, 1))},
        "smpl": {
            "poses_root": standing(5, "z"),
            "poses_body": normal((5, 69), 1),
            "trans": normal((5, 3), 2),
            "betas": normal((10,), 3),
            **(smpl or {}),
        },
        "kp2d": np.zeros((5, 24, 2)),
        "bboxes": {"bboxes": np.zeros((5, 4)), "invalid_idxs": np.array([1])},
    }
    return held | changes


EXAMPLES = {"emdb": Example("EMDB", sequence, plain_pickle, "_data.pkl")}


def test_poses_and_frames_that_are_not_good(save: Callable[..., Path]) -> None:
    held = sequence()
    motion = load_motion(save(pickle.dumps(held), "P1_14_data.pkl"))
    assert (motion.family, motion.gender, motion.up_axis) == ("smpl", "female", "z")
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1]
    good = [0, 2, 3, 4]
    assert np.array_equal(motion.poses[good, 0], held["smpl"]["poses_root"][good])
    assert np.array_equal(motion.poses[good, 1:].reshape(4, 69), held["smpl"]["poses_body"][good])
    assert np.array_equal(motion.trans, held["smpl"]["trans"])
    assert np.array_equal(motion.betas, held["smpl"]["betas"])
    assert any("1 frames for not good" in note for note in motion.notes)
    assert "Frame 1 of 5 is a gap: the person is not in it." in motion.notes
    assert not any("not finite" in note for note in motion.notes)
    family = next(one for one in motion.assumed if one.quantity == "family")
    assert (family.value, family.how, family.why) == ("smpl", "tool", "EMDB writes it")


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (
            sequence({"poses_body": np.zeros((5, 63))}),
            "'smpl.poses_body' has shape (5, 63), expected (5, 69)",
        ),
        (sequence({"betas": np.zeros((5, 10))}), "'smpl.betas' has shape (5, 10), expected (any,)"),
        (sequence(good_frames_mask=np.ones(5)), "'good_frames_mask' is no row of booleans"),
        (sequence(good_frames_mask=np.ones(4, bool)), "expected 5 rows"),
        (sequence(gender=["a", "b"]), "'gender' differs between frames: a, b"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], held: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(pickle.dumps(held), "a.pkl"))

"""``.smpl`` files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion
from tests.core.files.motions.sources.example import Example, normal, npz, standing


def avatar(**changes: Any) -> dict[str, np.ndarray]:
    """Five frames in SMPL-X, as smplcodec writes them."""
    body = normal((5, 22, 3), 1)
    body[:, 0] = standing(5)
    held = {
        "codecVersion": np.int32(2),
        "smplVersion": np.int32(2),
        "gender": np.int32(2),
        "shapeParameters": normal((10,), 2),
        "expressionParameters": normal((10,), 3),
        "frameCount": np.int32(5),
        "frameRate": np.float32(30),
        "bodyTranslation": normal((5, 3), 4),
        "bodyPose": body,
        "headPose": normal((5, 3, 3), 5),
        "leftHandPose": normal((5, 15, 3), 6),
        "rightHandPose": normal((5, 15, 3), 7),
    }
    return {key: np.asarray(value) for key, value in (held | changes).items() if value is not None}


EXAMPLES = {".smpl": Example(".smpl", avatar, npz, ".smpl")}


def test_what_it_says(save: Callable[..., Path]) -> None:
    held = avatar()
    motion = load_motion(save(held, "avatar.smpl.npz"))
    assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == ("smplx", "female", 30.0, "y")
    order = ("bodyPose", "headPose", "leftHandPose", "rightHandPose")
    assert np.array_equal(motion.poses, np.concatenate([held[key] for key in order], 1))
    assert np.array_equal(motion.trans, held["bodyTranslation"])
    assert np.array_equal(motion.betas, held["shapeParameters"])
    assert motion.expression is not None
    assert np.array_equal(motion.expression[3], held["expressionParameters"])


def test_other_bodies(save: Callable[..., Path]) -> None:
    smpl = avatar(smplVersion=0, bodyPose=normal((5, 24, 3), 8), gender=1)
    motion = load_motion(save(smpl, "a.npz"))
    assert (motion.family, motion.gender) == ("smpl", "male")
    handless = load_motion(save(avatar(smplVersion=1, gender=0, leftHandPose=None), "b.npz"))
    assert (handless.family, handless.gender) == ("smplh", "neutral")
    assert any("no 'leftHandPose'" in note for note in handless.notes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smplVersion": 5}, "'smplVersion' is 5, expected 0, 1 or 2"),
        ({"smplVersion": "x"}, "'smplVersion' is text of shape (), expected one number"),
        ({"bodyPose": None}, "is a shape without a motion"),
        ({"bodyPose": np.zeros((5, 24, 3))}, "'bodyPose' has shape (5, 24, 3), expected (5, 22, 3)"),
        ({"bodyTranslation": np.zeros((4, 3))}, "has shape (4, 3), expected (5, 3)"),
        ({"gender": 7}, "'gender' is 7, expected 0, 1 or 2"),
        ({"expressionParameters": np.zeros((4, 10))}, "'expressionParameters' has shape (4, 10)"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(avatar(**changes), "a.npz"))

"""Fingers that the source has no joints for follow its skin, or are held and left out of what pulls."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.fitting.recipe.settings import FitSettings
from core.fitting.stage.initial_pose import free_hands, relaxed_pose
from core.measure.counted_vertices import finger_skin
from core.model.fit_result import FitResult
from core.model.joints import LEFT_HAND, PARTS, RIGHT_HAND
from core.model.motion import Motion
from tests.core.fitting.judged import clip, fit, joints_named
from tests.variants import NAMES, body_pair

HELD = FitSettings(free_left_hand=False, free_right_hand=False, shape_frames=16)
FREE = FitSettings(shape_frames=16)
HANDS = PARTS.index("hands")


def as_smpl(bend: float = 0.0) -> Motion:
    """A dance as SMPL has it: without fingers, the hands bent as a whole by so many radians."""
    motion = clip("dance", 100, 24)
    poses = np.zeros((len(motion), 24, 3), dtype=np.float32)
    poses[:, :22] = motion.poses[:, :22]
    poses[:, 22, 2], poses[:, 23, 2] = -bend, bend
    return Motion(family="smpl", poses=poses, trans=motion.trans, betas=motion.betas[:10])


@lru_cache
def fitted(variant: str, settings: FitSettings = FREE, bend: float = 0.0) -> FitResult:
    return fit(as_smpl(bend), body_pair(variant, source="smpl"), settings)


def degrees(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Turns between (..., 3) axis-angle rotations."""
    turns = Rotation.from_rotvec(one.reshape(-1, 3)).inv() * Rotation.from_rotvec(other.reshape(-1, 3))
    return np.degrees(turns.magnitude()).reshape(one.shape[:-1])


@pytest.mark.parametrize("variant", NAMES)
def test_fingers_follow_the_skin_of_a_source_without_joints_for_them(variant: str) -> None:
    found, pair = fitted(variant), body_pair(variant, source="smpl")
    fingers = joints_named(pair, *LEFT_HAND, *RIGHT_HAND)
    assert free_hands(pair, FREE) == (True, True)
    assert found.converged.all()
    assert found.part_mm[:, HANDS].max() < 1.5
    assert found.max_mm.max() < 20
    # As flat as the source's hand is, and as steady.
    assert np.degrees(np.linalg.norm(found.poses[:, fingers], axis=2)).max() < 35
    acceleration = np.linalg.norm(np.diff(found.poses[:, fingers], 2, axis=0), axis=2)
    assert np.degrees(acceleration).max() < 5
    wrists = joints_named(pair, "left_wrist", "right_wrist")
    assert degrees(found.poses[:, wrists], as_smpl().poses[:, 20:22]).max() < 4


def test_hands_that_close_as_a_whole_close_finger_by_finger() -> None:
    pair, found = body_pair("built-in", source="smpl"), fitted("built-in", bend=0.7)
    assert found.converged.all()
    assert found.part_mm[:, HANDS].max() < 2.5
    fingers = joints_named(pair, *LEFT_HAND, *RIGHT_HAND)
    assert 45 < np.degrees(np.linalg.norm(found.poses[:, fingers], axis=2)).max() < 90
    wrists = joints_named(pair, "left_wrist", "right_wrist")
    assert degrees(found.poses[:, wrists], as_smpl().poses[:, 20:22]).max() < 5


def test_fingers_that_are_held_stay_relaxed_and_wrists_do_not_make_up_for_them() -> None:
    pair, found = body_pair("built-in", source="smpl"), fitted("built-in", HELD)
    fingers = joints_named(pair, *LEFT_HAND, *RIGHT_HAND)
    relaxed = relaxed_pose(pair.target)
    assert np.abs(relaxed[fingers]).max() > 0.05
    assert np.abs(found.poses[:, fingers] - relaxed[fingers]).max() < 1e-5
    wrists = joints_named(pair, "left_wrist", "right_wrist")
    assert degrees(found.poses[:, wrists], as_smpl().poses[:, 20:22]).max() < 4


def test_fingers_stay_relaxed_where_neither_joints_nor_skin_show_them() -> None:
    pair = body_pair("built-in", source="smpl")
    valid = pair.correspondence.valid & ~finger_skin(pair.target, LEFT_HAND)
    masked = pair.with_valid(valid)
    assert free_hands(masked, FREE) == (False, True)
    assert free_hands(masked, replace(FREE, free_left_hand=True)) == (True, True)
    assert free_hands(body_pair("built-in").with_valid(valid), FREE) == (True, True), "joints say it too"

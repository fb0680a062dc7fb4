"""Motion-X's motions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.files.motions.detective import heads_along
from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example
from tests.core.files.motions.sources.examples import motion_x, npy_bytes

Save = Callable[..., Path]


EXAMPLES = {"motion-x": Example("Motion-X", motion_x, npy_bytes, ".npy")}


def test_every_column_has_its_place(save: Save) -> None:
    rows = motion_x()
    motion = load_motion(save(npy_bytes(rows), "clip.npy"))
    assert (motion.family, motion.up_axis, motion.gender, motion.frame_rate) == ("smplx", "y", None, None)
    flat = motion.poses.reshape(5, 165)
    assert np.array_equal(flat[:, :66], rows[:, :66])
    assert np.array_equal(flat[:, 66:69], rows[:, 156:159])
    assert not flat[:, 69:75].any()
    assert np.array_equal(flat[:, 75:], rows[:, 66:156])
    assert motion.expression is not None
    assert np.array_equal(motion.expression, rows[:, 159:209])
    assert np.array_equal(motion.trans, rows[:, 309:312])
    np.testing.assert_allclose(motion.betas, rows[0, 312:322], rtol=1e-6)
    assert any("shape of the face" in note for note in motion.notes)
    assert any("stand along y" in note for note in motion.notes)


@pytest.mark.parametrize("up", ["y", "z", "-y"])
def test_up_is_where_the_heads_are(up: str) -> None:
    turn = {"y": [0, 0, 0], "z": [np.pi / 2, 0, 0], "-y": [np.pi, 0, 0]}[up]
    about = [[0, angle, 0] for angle in np.linspace(0, 6, 9)]
    bodies = (Rotation.from_rotvec(turn) * Rotation.from_rotvec(about)).as_rotvec()
    assert heads_along(bodies) == up


def test_who_lies_says_nothing(save: Save) -> None:
    rows = motion_x()
    rows[:, :3] = [0, 0, np.pi / 2]
    motion = load_motion(save(npy_bytes(rows), "clip.npy"))
    assert motion.up_axis == "y"
    assert any("do not stand" in note for note in motion.notes)
    assert load_motion(save(npy_bytes(rows), "clip.npy"), Reading(up_axis="z")).up_axis == "z"
    assert heads_along(np.full((3, 3), np.nan)) is None


def test_what_does_not_fit_is_one_sentence(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    assert "a single array but not a motion" in refuses(
        load_motion, save(npy_bytes(np.zeros((5, 321))), "a.npy")
    )
    assert "holds no frames" in refuses(load_motion, save(npy_bytes(np.zeros((0, 322))), "a.npy"))
    assert "expected numbers" in refuses(load_motion, save(npy_bytes(np.zeros((1, 322), "U1")), "a.npy"))
    whole = npy_bytes(motion_x())
    for length in (8, 60, len(whole) - 4):
        refuses(load_motion, save(whole[:length], "cut.npy"))
    marker = tmp_path / "created"
    evil = np.array([[CreatesFile(marker)] * 322], dtype=object)
    assert "never opened" in refuses(load_motion, save(npy_bytes(evil), "evil.npy"))
    assert not marker.exists()

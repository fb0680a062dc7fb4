"""WHAM's results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion, people_in
from core.model.motion import Reading
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example
from tests.core.files.motions.sources.examples import wham

Save = Callable[..., Path]


EXAMPLES = {"wham": Example("WHAM", wham, joblib_bytes, ".pkl")}


@pytest.mark.parametrize("compress", ["", "zlib", "gzip"])
def test_the_world_comes_first(save: Save, compress: str) -> None:
    results = wham()
    path = save(joblib_bytes(results, compress), "wham_output.pkl")
    assert [one.name for one in people_in(path)] == ["0", "2"]
    motion = load_motion(path, Reading(person="2"))
    assert (motion.family, motion.up_axis, motion.gender, motion.frame_rate) == ("smpl", "y", None, None)
    assert np.array_equal(motion.poses.reshape(-1, 72), results[2]["pose_world"])
    assert np.array_equal(motion.trans, results[2]["trans_world"])
    assert any("In world coordinates; the file has camera coordinates" in note for note in motion.notes)
    assert "Frame 0 is frame 3 of the video." in motion.notes
    seen = load_motion(path, Reading(person="2", coordinates="camera"))
    assert seen.up_axis == "-y"
    assert np.array_equal(seen.poses.reshape(-1, 72), results[2]["pose"])
    assert np.array_equal(seen.trans, results[2]["trans"])
    assert seen.reading == Reading(person="2", coordinates="camera")


def test_every_frame_has_its_own_shape(save: Save) -> None:
    results = wham((0,))
    motion = load_motion(save(joblib_bytes(results), "a.pkl"))
    assert motion.frame_betas is not None
    assert np.array_equal(motion.frame_betas, results[0]["betas"])
    np.testing.assert_allclose(motion.betas, results[0]["betas"].mean(0), rtol=1e-5)
    same = np.tile(results[0]["betas"][:1], (5, 1))
    assert load_motion(save(joblib_bytes(wham((0,), betas=same)), "b.pkl")).frame_betas is None


def test_without_a_world_there_is_the_camera(save: Save, refuses: Callable[..., str]) -> None:
    path = save(joblib_bytes(wham((0,), pose_world=None, trans_world=None)), "a.pkl")
    motion = load_motion(path)
    assert motion.up_axis == "-y"
    assert "In camera coordinates." in motion.notes
    wanted = Reading(coordinates="world")
    assert "has no world coordinates, only camera coordinates" in refuses(load_motion, path, wanted)


def test_frames_without_the_person_are_gaps(save: Save) -> None:
    path = save(joblib_bytes(wham((0,), frame_ids=np.array([3, 4, 7, 8, 10]))), "a.pkl")
    person = people_in(path)[0]
    assert (person.frames, person.seen, person.words) == (8, 5, "8 frames, 3 of them gaps")
    motion = load_motion(path)
    assert len(motion) == 8
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [2, 3, 6]
    assert "Frames 2–3, 6 of 8 are gaps: the person is not in them." in motion.notes
    assert motion.frame_betas is not None
    assert np.isfinite(motion.frame_betas).all()
    assert np.isfinite(motion.betas).all()


def test_frames_with_impossible_numbers_are_listed(save: Save) -> None:
    results = wham((0,))
    results[0]["pose_world"][1, 5] = np.nan
    results[0]["betas"][3] = np.inf
    motion = load_motion(save(joblib_bytes(results), "a.pkl"))
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1, 3]
    assert any(note.startswith("Frames 1, 3 of 5 hold values") for note in motion.notes)
    assert np.isfinite(motion.betas).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pose_world": np.zeros((5, 24, 3))}, "'0.pose_world' has shape (5, 24, 3), expected (any, 72)"),
        ({"trans_world": np.zeros((4, 3))}, "'0.trans_world' has shape (4, 3), expected (5, 3)"),
        ({"betas": np.zeros((2, 10))}, "'0.betas' has shape (2, 10), expected (5, any)"),
        ({"betas": np.full((5, 10), 1e6, np.float32)}, "expected at most 100 in size"),
        ({"betas": np.full((5, 10), np.nan)}, "not finite"),
        ({"betas": "none"}, "'0.betas' is a str, expected an array of numbers"),
        ({"frame_ids": np.array([0, 1, 1, 2, 3])}, "'0.frame_ids' are not frames in ascending order"),
        ({"frame_ids": np.array([-1, 0, 1, 2, 3])}, "'0.frame_ids' are not frames in ascending order"),
        ({"frame_ids": np.array([0, 1, 2, 3, 10**9])}, "reach over 1000000001 frames"),
        ({"frame_ids": np.arange(4)}, "expected 5 rows"),
        ({"frame_ids": np.array([0.5] * 5)}, "is no row of frame numbers"),
        ({"pose_world": np.zeros((0, 72)), "trans_world": np.zeros((0, 3)), "betas": np.zeros((0, 10)),
          "frame_ids": np.zeros(0, int)}, "holds no frames"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(joblib_bytes(wham((0,), **changes)), "a.pkl"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    for compress in ("", "zlib"):
        data = joblib_bytes(wham((0,), verts=CreatesFile(marker)), compress)
        assert "never opened" in refuses(load_motion, save(data, "a.pkl"))
    assert not marker.exists()

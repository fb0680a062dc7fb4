"""The results of 4D-Humans and PHALP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.files.motions.load_motion import load_motion, people_in
from core.model.motion import Reading
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example
from tests.core.files.motions.sources.examples import phalp, phalp_body, phalp_bytes

Save = Callable[..., Path]


EXAMPLES = {"phalp": Example("4D-Humans / PHALP", phalp, phalp_bytes, ".pkl")}


def test_people_by_track(save: Save) -> None:
    results = phalp()
    path = save(phalp_bytes(results), "demo_video.pkl")
    people = [(one.name, one.frames, one.seen) for one in people_in(path)]
    assert people == [("1", 5, 4), ("4", 5, 3)]
    motion = load_motion(path, Reading(person="4"))
    assert (motion.family, motion.up_axis, motion.gender, motion.frame_rate) == ("smpl", "-y", None, None)
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1, 2]
    assert "Frames 1–2 of 5 are gaps: the person is not in them." in motion.notes
    smpl = results["img/000003.jpg"]["smpl"][0]  # of track 4, which is the first there
    matrices = np.concatenate([smpl["global_orient"], smpl["body_pose"]])
    np.testing.assert_allclose(Rotation.from_rotvec(motion.poses[3]).as_matrix(), matrices, atol=1e-5)
    assert motion.frame_betas is not None
    assert np.array_equal(motion.frame_betas[3], smpl["betas"])
    np.testing.assert_allclose(motion.trans[3], [0.1, 0.2, 33.0], rtol=1e-6)


def test_a_repeated_last_pose_is_a_gap(save: Save) -> None:
    results = phalp(((7,), (7,), (7,)))
    results["img/000001.jpg"]["tracked_time"] = [3]
    motion = load_motion(save(phalp_bytes(results), "a.pkl"))
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [1]


def test_frames_come_in_the_order_of_time(save: Save) -> None:
    results = phalp(((7,), (7,), (7,)))
    shuffled = {key: results[key] for key in reversed(results)}
    first, second = (load_motion(save(phalp_bytes(each), "a.pkl")) for each in (results, shuffled))
    assert np.array_equal(first.poses, second.poses)


def test_somebody_who_comes_late(save: Save) -> None:
    motion = load_motion(save(phalp_bytes(phalp(((), (), (7,), (7,)))), "a.pkl"))
    assert len(motion) == 2
    assert "Frame 0 is frame 2 of the video." in motion.notes


def changed(**changes: Any) -> dict[str, dict[str, Any]]:
    results = phalp(((7,), (7,)))
    results["img/000001.jpg"]["smpl"][0].update(changes)
    return results


@pytest.mark.parametrize(
    ("results", "words"),
    [
        (changed(body_pose=np.zeros((23, 3))), "'1.smpl.body_pose' has shape (23, 3), expected (23, 3, 3)"),
        (changed(global_orient=np.zeros((2, 3, 3))), "expected (1, 3, 3)"),
        (
            changed(body_pose=2 * phalp_body(1)["body_pose"]),
            "person 7 in frame 1 holds a matrix that is no rotation",
        ),
        (changed(body_pose=-phalp_body(1)["body_pose"]), "holds a matrix that is no rotation"),
        (changed(betas=np.zeros(11)), "differ in length between frames"),
        (changed(betas=None), "'1.smpl.betas' is a NoneType"),
        ({"a": {"tid": [1], "smpl": []}}, "'0.smpl' has 0 entries, expected 1"),
        ({"a": {"tid": [1], "smpl": [3]}}, "'0.smpl' holds a int, expected dicts"),
        ({"a": {"tid": ["x"], "smpl": [{}]}}, "no number of a track"),
        ({"a": {"tid": [1], "smpl": [{}]}}, "'0.smpl.global_orient' is not in the file"),
        ({"a": {"tid": 1, "smpl": [{}]}}, "'0.tid' is a int, expected a list"),
        ({"a": {"tid": [], "smpl": []}}, "in which nobody is seen"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], results: Any, words: str
) -> None:
    assert words in refuses(load_motion, save(phalp_bytes(results), "a.pkl"))


def test_a_matrix_that_is_not_finite_is_a_frame_that_is_not(save: Save) -> None:
    bad = np.full((23, 3, 3), np.nan, np.float32)
    motion = load_motion(save(phalp_bytes(changed(body_pose=bad)), "a.pkl"))
    assert motion.finite_frames().tolist() == [True, False]


def test_there_is_no_world(save: Save, refuses: Callable[..., str]) -> None:
    path = save(phalp_bytes(phalp(((7,),))), "a.pkl")
    assert "has no world coordinates" in refuses(load_motion, path, Reading(coordinates="world"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    assert "never opened" in refuses(
        load_motion, save(phalp_bytes(changed(extra=CreatesFile(marker))), "a.pkl")
    )
    assert not marker.exists()

"""BEDLAM's labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion, people_in
from core.model.motion import Reading
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, npz
from tests.core.files.motions.sources.examples import bedlam

Save = Callable[..., Path]
AARON = "seq_000000/rp_aaron"
EXAMPLES = {"bedlam": Example("BEDLAM", bedlam, npz, ".npz")}


def test_people_by_sequence_and_subject(save: Save) -> None:
    labels = bedlam()
    path = save(labels, "20221010_3-10_500_batch01hand.npz")
    people = [(one.name, one.frames, one.seen) for one in people_in(path)]
    assert people == [(AARON, 5, 4), ("seq_000000/rp_carla", 3, 3), ("seq_000001/rp_aaron", 2, 2)]
    motion = load_motion(path, Reading(person=AARON))
    assert (motion.family, motion.gender, motion.up_axis, motion.frame_rate) == (
        "smplx",
        "neutral",
        "-y",
        None,
    )
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [2]
    assert "Frame 2 of 5 is a gap: the person is not in it." in motion.notes
    np.testing.assert_allclose(motion.poses[3].reshape(-1), labels["pose_world"][2], rtol=1e-5)
    np.testing.assert_allclose(motion.trans[4], labels["trans_world"][3], rtol=1e-5)
    np.testing.assert_allclose(motion.betas, labels["shape"][0], rtol=1e-5)
    later = load_motion(path, Reading(person="seq_000001/rp_aaron"))
    np.testing.assert_allclose(later.poses[0].reshape(-1), labels["pose_world"][8], rtol=1e-5)
    # Eleven betas are the neutral body's; ten are those of the gender that the labels say.
    assert any("eleven betas are those of the neutral body" in note for note in motion.notes)
    path = save(labels | {"shape": labels["shape"][:, :10]}, "ten.npz")
    assert load_motion(path, Reading(person="seq_000000/rp_carla")).gender == "female"
    assert load_motion(path, Reading(person=AARON)).gender == "male"


def test_before_the_camera(save: Save) -> None:
    labels = bedlam()
    motion = load_motion(save(labels), Reading(person=AARON, coordinates="camera"))
    np.testing.assert_allclose(motion.poses[0].reshape(-1), labels["pose_cam"][0], rtol=1e-5)
    np.testing.assert_allclose(motion.trans[0], labels["trans_cam"][0] + [0, 0, 7], rtol=1e-5)


def test_without_names_all_rows_are_one_motion(save: Save) -> None:
    labels = {key: value[:4] for key, value in bedlam(imgname=None, sub=None).items()}
    motion = load_motion(save(labels))
    assert (len(motion), motion.gender, motion.reading) == (4, "neutral", Reading())
    smpl = {**labels, "pose_world": labels["pose_world"][:, :72], "gender": np.array(b"female")}
    smpl["shape"] = smpl["shape"][:, :10]
    motion = load_motion(save(smpl, "smpl.npz"))
    assert (motion.family, motion.gender) == ("smpl", "female")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pose_world": np.zeros((9, 100))}, "'pose_world' has shape (9, 100), expected (any, 72)"),
        ({"trans_world": np.zeros((8, 3))}, "'trans_world' has shape (8, 3), expected (9, 3)"),
        ({"shape": np.zeros((1, 10))}, "'shape' has shape (1, 10), expected (9, any)"),
        ({"imgname": np.array(["a"] * 9)}, "names without a number"),
        ({"imgname": np.array([[""] * 3] * 3)}, "names without a number"),
        ({"imgname": np.array(["s/0"] * 9)}, "'imgname' are not frames in ascending order"),
        ({"imgname": np.arange(9)}, "'imgname' is integers, expected text"),
        ({"sub": np.array(["a"])}, "'sub' has shape (1,), expected 9 rows"),
        (
            {"gender": np.array(["male", "female"] * 4 + ["male"])},
            "'gender' differs between frames: female, male",
        ),
        ({"shape": np.arange(90.0).reshape(9, 10)}, "differ between frames"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(bedlam(**changes)), Reading(person=AARON))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    evil = np.array([CreatesFile(marker)] * 9, dtype=object)
    motion = load_motion(save(bedlam(gender=evil, motion_info=evil)), Reading(person=AARON))
    assert motion.gender == "neutral"
    for key in ("pose_world", "imgname", "sub"):
        message = refuses(load_motion, save(bedlam(**{key: evil})), Reading(person=AARON))
        assert f"'{key}' holds pickled Python objects" in message
    assert not marker.exists()

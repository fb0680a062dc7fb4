"""3DPW's sequences."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import SeveralPeople, load_motion, people_in
from core.model.motion import Reading
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, plain_pickle
from tests.core.files.motions.sources.examples import three_dpw

Save = Callable[..., Path]


EXAMPLES = {"3dpw": Example("3DPW", three_dpw, plain_pickle, ".pkl")}


def test_two_people(save: Save) -> None:
    contents = three_dpw()
    path = save(pickle.dumps(contents, 2), "downtown_walking_00.pkl")
    assert [(one.name, one.frames, one.seen) for one in people_in(path)] == [("0", 6, 6), ("1", 4, 4)]
    for index, gender in enumerate(("male", "female")):
        motion = load_motion(path, Reading(person=str(index)))
        assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == (
            "smpl",
            gender,
            None,
            "y",
        )
        np.testing.assert_allclose(motion.poses.reshape(-1, 72), contents["poses"][index], rtol=1e-6)
        np.testing.assert_allclose(motion.trans, contents["trans"][index], rtol=1e-6)
        np.testing.assert_allclose(motion.betas, contents["betas"][index], rtol=1e-6)
        assert motion.reading == Reading(person=str(index))
        assert motion.label == f"downtown_walking_00.pkl · person {index}"
        assert motion.notes == ("The file does not say the frame rate.",)


def test_the_file_of_python_2(save: Save) -> None:
    # Text, keys and arrays as a Python 2 pickled them: byte strings, and numpy's state as one.
    data = (
        b"(dp0\nS'poses'\np1\n(lp2\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n(I1\nI72\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'"
        + b"\\x00"
        * 576
        + b"'\ntbasS'trans'\n(lcnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n(I1\nI3\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'"
        + b"\\x00"
        * 24
        + b"'\ntbasS'betas'\n(lcnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n(I10\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'"
        + b"\\x00" * 80
        + b"'\ntbasS'genders'\n(lS'f'\nas."
    )
    motion = load_motion(save(data, "old.pkl"))
    assert (len(motion), motion.gender, motion.reading) == (1, "female", Reading())


def test_nobody_chosen(save: Save, refuses: Callable[..., str]) -> None:
    path = save(pickle.dumps(three_dpw(), 2), "a.pkl")
    with pytest.raises(SeveralPeople) as caught:
        load_motion(path)
    assert [one.name for one in caught.value.people] == ["0", "1"]
    assert "holds 2 people, choose one: 0 (6 frames), 1 (4 frames)" in str(caught.value)
    assert "no person '7', expected one of 0 (6 frames)" in refuses(load_motion, path, Reading(person="7"))


def test_one_person_need_not_be_chosen(save: Save) -> None:
    path = save(pickle.dumps(three_dpw((3,)), 2), "a.pkl")
    assert load_motion(path).reading == Reading()
    assert len(load_motion(path, Reading(person="0"))) == 3


def test_what_is_not_said_may_be_given(save: Save) -> None:
    contents = three_dpw((3,))
    del contents["genders"]
    path = save(pickle.dumps(contents, 2), "a.pkl")
    plain = load_motion(path)
    assert (plain.gender, plain.frame_rate) == (None, None)
    said = Reading(frame_rate=30.0, gender="female", up_axis="z")
    motion = load_motion(path, said)
    assert (motion.gender, motion.frame_rate, motion.up_axis) == ("female", 30, "z")
    assert motion.notes == ("Up axis: z is taken, as you say, not y: 3DPW writes it so.",)
    assert motion.reading == said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poses": [np.zeros((6, 24, 3)), np.zeros((4, 72))]}, "'poses[0]' has shape (6, 24, 3), expected"),
        ({"trans": [np.zeros((6, 3)), np.zeros((5, 3))]}, "'trans[1]' has shape (5, 3), expected (4, 3)"),
        ({"trans": [np.zeros((6, 3))]}, "'trans' has 1 entries, expected 2"),
        ({"betas": {"a": 1}}, "'betas' is a dict, expected a list"),
        ({"betas": [np.full(10, np.nan), np.zeros(10)]}, "not finite"),
        ({"genders": ["x", "m"]}, "'gender' is 'x', expected male, female or neutral"),
        ({"genders": [3, "m"]}, "'genders[0]' is a int, expected text"),
        ({"genders": [[np.zeros(()), np.zeros(0)], "m"]}, "'genders[0]' is a list, expected text"),
        ({"poses": ["text", "text"]}, "'poses[0]' is a str, expected an array of numbers"),
        ({"poses": [], "trans": [], "betas": [], "genders": []}, "holds nobody"),
        ({"poses": [np.zeros((0, 72)), np.zeros((4, 72))], "trans": [np.zeros((0, 3)), np.zeros((4, 3))]},
         "holds no frames"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    path = save(pickle.dumps(three_dpw(**changes), 2), "a.pkl")
    assert words in refuses(load_motion, path, Reading(person="0"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    for changes in ({"texture_maps": [CreatesFile(marker)]}, {"poses": [CreatesFile(marker)] * 2}):
        assert "never opened" in refuses(load_motion, save(pickle.dumps(three_dpw(**changes), 2), "a.pkl"))
    assert not marker.exists()

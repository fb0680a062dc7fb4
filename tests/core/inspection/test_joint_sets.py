"""Joint sets: read and written, evaluated without the skin, exported; SMPL's 24 joints the same way."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.errors import FileError, RefitError
from core.inspection.joint_series import JointSeries
from core.inspection.joint_set import JointSet, SetMember, joints_of_set
from core.inspection.smpl_joints import smpl_joint_errors
from core.measure.map_back import check_inverse
from core.model.body_joints import body_joints, joint_places
from core.model.posing import posed
from core.outputs.joint_sets import export_joint_places, read_joint_set, write_joint_set
from tests.core.clip_fits import clip, fitted_clip
from tests.variants import NAMES, body_pair

OWN = JointSet(
    "mine, äöü",
    "smplh",
    (
        SetMember("Kreuz", joint="pelvis"),
        SetMember("tip, left", joint="left_index"),
        SetMember("v", vertex=1234),
        SetMember("left_wrist", joint="left_wrist"),
    ),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_set_follows_the_motion_as_the_whole_skin_does(name: str) -> None:
    body, motion = body_pair(name).source, clip("dance", 40, 48)
    skin, chain = posed(motion, body, slice(None))
    found = JointSeries(body, joints_of_set(OWN, body)).over(motion)
    assert found.dtype == np.float32
    expected = np.stack([chain[:, 0], skin[:, 2319], skin[:, 1234], chain[:, 20]], 1)
    assert np.abs(found - expected).max() < 2e-5


@pytest.mark.parametrize("family", ["smplh", "smplx"])
def test_every_joint_of_a_body(family: str) -> None:
    pair, motion = load_bodies(), clip("dance", 40, 43)
    body = pair.source
    if family == "smplx":
        body = pair.target
        poses = np.zeros((3, 55, 3), np.float32)
        poses[:, :22], poses[:, 25:] = motion.poses[:, :22], motion.poses[:, 22:]
        motion = replace(motion, family="smplx", poses=poses, betas=motion.betas[:10])
    skin, chain = posed(motion, body, slice(None))
    joints = body_joints(body)
    found = JointSeries(body, joints).over(motion)
    for frame in range(3):
        assert np.abs(found[frame] - joint_places(joints, chain[frame], skin[frame])).max() < 2e-5
    only_chain = JointSeries(body, joints[:5]).over(motion)
    assert np.abs(only_chain - chain[:, :5]).max() < 1e-5


def test_frames_that_are_not_finite_are_left_out_and_the_work_ends_when_told_to() -> None:
    body, motion = load_bodies().source, clip("walk", 0, 6)
    poses = motion.poses.copy()
    poses[3] = np.inf
    series = JointSeries(body, joints_of_set(OWN, body))
    found = series.over(replace(motion, poses=poses))
    assert np.isnan(found).any((1, 2)).nonzero()[0].tolist() == [3]

    def enough(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        series.over(motion, enough)


def test_the_speed_is_measured() -> None:
    body, motion = load_bodies().source, clip("walk", 0, 64)
    speed = JointSeries(body, joints_of_set(OWN, body)).speed(motion)
    assert speed.frames == 64
    assert speed.factor == pytest.approx(speed.skin_ms / speed.joints_ms)
    assert speed.joints_ms > 0


def test_a_set_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    write_joint_set(path, OWN)
    assert read_joint_set(path) == OWN
    with pytest.raises(FileError, match="already exists"):
        write_joint_set(path, OWN)
    path.write_text('{"family": "smplx", "joints": ["nose", 12, {"vertex": 4, "name": "a"}]}')
    assert read_joint_set(path) == JointSet(
        "set",
        "smplx",
        (SetMember("nose", "nose"), SetMember("vertex 12", vertex=12), SetMember("a", vertex=4)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a json file at line 1"),
        ("[" * 100_000, "is not a json file"),
        ("[]", "expected an object with a list 'joints'"),
        ('{"family": "smplx", "joints": []}', "expected at least one"),
        ('{"family": "mano", "joints": ["a"]}', "'family' is \"mano\", expected smpl, smplh or smplx"),
        ('{"family": "smplx", "joints": [1.5]}', "has 1.5 as entry 1, expected a 'joint' or a 'vertex'"),
        ('{"family": "smplx", "joints": [true]}', "has true as entry 1"),
        ('{"family": "smplx", "joints": [{"joint": "a", "vertex": 1}]}', "expected a 'joint' or a 'vertex'"),
        ('{"family": "smplx", "joints": [{"vertex": -1}]}', "the vertex -1 in entry 1, expected an id"),
        ('{"family": "smplx", "joints": [{"joint": "a", "nane": "b"}]}', "unknown key 'nane' in entry 1"),
        ('{"family": "smplx", "joints": ["a", "a"]}', "has 'a' twice"),
        ('{"family": "smplx", "joint_set": 3, "joints": ["a"]}', "'joint_set' is 3"),
    ],
)
def test_a_wrong_set_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set.json"
    path.write_text(text)
    with pytest.raises(FileError) as error:
        read_joint_set(path)
    assert said in str(error.value)


def test_a_set_for_another_body_is_refused() -> None:
    pair = load_bodies()
    with pytest.raises(RefitError, match="is for SMPL-H, but the body is SMPL-X"):
        joints_of_set(OWN, pair.target)
    with pytest.raises(RefitError, match="has no joint 'jaw'"):
        joints_of_set(JointSet("a", "smplh", (SetMember("j", joint="jaw"),)), pair.source)
    with pytest.raises(RefitError, match="has no vertex 6890"):
        joints_of_set(JointSet("a", "smplh", (SetMember("j", vertex=6890),)), pair.source)


def test_a_set_is_exported(tmp_path: Path) -> None:
    body, motion = load_bodies().source, clip("walk", 0, 5)
    series = JointSeries(body, joints_of_set(OWN, body))
    expected = series.over(motion)
    export_joint_places(tmp_path / "a.npz", series, motion)
    with np.load(tmp_path / "a.npz") as file:
        assert np.array_equal(file["joints"], expected)
        assert tuple(file["names"]) == OWN.names
        assert file["mocap_frame_rate"] == motion.frame_rate
    export_joint_places(tmp_path / "a.csv", series, motion)
    with (tmp_path / "a.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 20
    assert [row["joint"] for row in rows[:4]] == list(OWN.names)
    places = np.array([[float(row[axis]) for axis in ("x_m", "y_m", "z_m")] for row in rows])
    assert np.abs(places.reshape(5, 4, 3) - expected).max() < 1e-6
    with pytest.raises(RefitError, match=r"must end in \.npz or \.csv"):
        export_joint_places(tmp_path / "a.txt", series, motion)
    with pytest.raises(FileError, match="already exists"):
        export_joint_places(tmp_path / "a.npz", series, motion)
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == '["a.csv", "a.npz"]'


@pytest.mark.parametrize("variant", ["built-in", "dense correctives"])
def test_smpl_joints_are_those_of_the_whole_surface(variant: str) -> None:
    motion, bodies, result = fitted_clip("dance", 40, 44, variant)
    fitted = result.fitted.copy()
    fitted[2] = False
    some = replace(result, fitted=fitted)
    expected, found = check_inverse(motion, bodies, some).joints, smpl_joint_errors(motion, bodies, some)
    np.testing.assert_allclose(found.joints, expected.joints, atol=2e-5)
    np.testing.assert_allclose(found.error_mm, expected.error_mm, atol=0.02)
    np.testing.assert_allclose(found.regressed_error_mm, expected.regressed_error_mm, atol=0.02)
    assert np.isnan(found.error_mm[2]).all()

    def enough(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        smpl_joint_errors(motion, bodies, some, enough)
    with pytest.raises(RefitError, match="The fit has 4 frames"):
        smpl_joint_errors(motion.cut(0, 3), bodies, some)

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import FileError
from core.files.motions.load_motion import load_motion
from core.files.motions.of_take import ranges
from tests.core.files.bodies.model_file_arrays import model_arrays
from tests.core.files.hostile import CreatesFile, hostile_pickle
from tests.core.files.motions.sources.example import without


def test_amass_smplh(save, amass):
    path = save(amass)
    motion = load_motion(path)
    assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == ("smplh", "male", 120, "z")
    assert motion.poses.shape == (5, 52, 3)
    assert all(a.dtype == np.float32 for a in (motion.poses, motion.trans, motion.betas))
    np.testing.assert_allclose(motion.poses.reshape(5, -1), amass["poses"], rtol=1e-6)
    np.testing.assert_allclose(motion.trans, amass["trans"], rtol=1e-6)
    np.testing.assert_allclose(motion.betas, amass["betas"], rtol=1e-6)
    assert motion.path == path
    assert motion.expression is None
    assert len(motion.notes) == 1
    assert "dmpls" in motion.notes[0]


@pytest.mark.parametrize("times", [0.98, 1.02])
@pytest.mark.parametrize("shape", [(16,), (5, 16)])
def test_a_shape_that_nobody_has_is_said(save, amass, times, shape):
    betas = np.zeros(16)
    betas[3] = -5 * times
    notes = load_motion(save(without(amass, "dmpls") | {"betas": np.broadcast_to(betas, shape)})).notes
    said = "Betas reach 5.1 σ, expected within ±5: check the file's gender, and which model its betas are of."
    assert notes == ((said,) if times > 1 else ())


def test_zero_dmpls_are_not_worth_a_note(save, amass):
    assert load_motion(save(amass | {"dmpls": np.zeros((5, 8))})).notes == ()


@pytest.mark.parametrize(
    ("width", "family", "joints"), [(72, "smpl", 24), (156, "smplh", 52), (165, "smplx", 55)]
)
@pytest.mark.parametrize("flat", [True, False])
def test_the_width_tells_the_family(save, amass, width, family, joints, flat):
    poses = np.zeros((3, width)) if flat else np.zeros((3, joints, 3))
    motion = load_motion(save(amass | {"poses": poses, "trans": np.zeros((3, 3))}))
    assert (motion.family, motion.poses.shape) == (family, (3, joints, 3))


@pytest.mark.parametrize(
    ("gender", "expected"),
    [
        (np.array("female"), "female"),
        (np.array(b"male"), "male"),
        (np.array(["Neutral"]), "neutral"),
        (np.array([[b"f"]]), "female"),
        (np.array("m"), "male"),
        (np.array("b'female'"), "female"),
        (np.array("unknown"), None),
    ],
)
def test_gender_in_every_spelling(save, amass, gender, expected):
    assert load_motion(save(amass | {"gender": gender})).gender == expected


@pytest.mark.parametrize("key", ["mocap_framerate", "mocap_frame_rate"])
@pytest.mark.parametrize("value", [np.array(60), np.array([60.0], np.float32), np.array([[60]])])
def test_frame_rate_in_both_spellings(save, amass, key, value):
    motion = load_motion(save(without(amass, "mocap_framerate") | {key: value}))
    assert motion.frame_rate == 60


def test_what_is_not_said_is_noted_and_not_invented(save, amass):
    motion = load_motion(save(without(amass, "gender", "mocap_framerate", "dmpls")))
    assert motion.gender is None
    assert motion.frame_rate is None
    assert len(motion.notes) == 2


def test_a_pickled_gender_is_not_opened(save, amass, tmp_path):
    marker = tmp_path / "created"
    motion = load_motion(save(amass | {"gender": np.array(CreatesFile(marker), dtype=object)}))
    assert motion.gender is None
    assert any("'gender' is a pickled" in note for note in motion.notes)
    assert not marker.exists()


@pytest.mark.parametrize("shape", [(16,), (1, 16), (5, 16)])
def test_betas_once_or_the_same_in_every_frame(save, amass, shape):
    betas = np.broadcast_to(amass["betas"], shape)
    np.testing.assert_allclose(load_motion(save(amass | {"betas": betas})).betas, amass["betas"], rtol=1e-6)


def stageii():
    rng = np.random.default_rng(2)
    parts = {"root_orient": 3, "pose_body": 63, "pose_jaw": 3, "pose_eye": 6, "pose_hand": 90}
    arrays = {key: rng.normal(size=(4, width)) for key, width in parts.items()}
    arrays["root_orient"][:] = (np.pi / 2, 0, 0)
    return arrays | {
        "poses": np.concatenate(list(arrays.values()), 1),
        "trans": rng.normal(size=(4, 3)),
        "betas": rng.normal(size=16),
        "num_betas": np.array(16),
        "gender": np.array("neutral"),
        "surface_model_type": np.array("smplx"),
        "mocap_frame_rate": np.array(30.0),
        "mocap_time_length": np.array(4 / 30),
        "labels_obs": np.array([["a"], None], dtype=object),
    }


def test_amass_smplx_whole_and_in_pieces(save):
    whole = load_motion(save(stageii(), "a_stageii.npz"))
    assert (whole.family, whole.frame_rate, whole.notes) == ("smplx", 30, ())
    pieces = load_motion(save(without(stageii(), "poses"), "b_stageii.npz"))
    np.testing.assert_array_equal(whole.poses, pieces.poses)
    assert pieces.family == "smplx"
    less = load_motion(save(without(stageii(), "poses", "pose_eye"), "c.npz"))
    assert (less.poses[:, 23:25] == 0).all()
    assert any("pose_eye" in note for note in less.notes)


def test_smplh_in_pieces(save):
    arrays = without(stageii(), "poses", "pose_jaw", "pose_eye") | {"surface_model_type": np.array("smplh")}
    motion = load_motion(save(arrays))
    assert motion.poses.shape == (4, 52, 3)
    assert motion.family == "smplh"


def test_nan_frames_are_kept_and_named(save, amass):
    amass["poses"][1, 7] = np.nan
    amass["trans"][[3, 4], 0] = np.inf
    motion = load_motion(save(amass))
    assert list(motion.finite_frames()) == [True, False, True, False, False]
    assert "Frames 1, 3–4 of 5" in motion.notes[-1]


def test_ranges():
    assert ranges(np.array([3])) == "3"
    assert ranges(np.array([0, 1, 2, 9])) == "0–2, 9"
    assert ranges(np.arange(0, 40, 2)).endswith("and 12 more")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "'poses' holds no frames"),
        ({"poses": np.zeros((5, 100))}, "'poses' has shape (5, 100), expected (any, 72)"),
        ({"poses": np.zeros(156)}, "'poses' has shape (156,)"),
        ({"poses": np.full((5, 156), "a")}, "'poses' is text, expected numbers"),
        ({"poses": np.zeros((5, 156), complex)}, "'poses' is complex"),
        ({"poses": np.full((5, 156), None)}, "'poses' holds pickled Python objects"),
        ({"trans": np.zeros((4, 3))}, "'trans' has shape (4, 3), expected (5, 3)"),
        ({"trans": np.zeros((5, 2))}, "'trans' has shape"),
        ({"betas": np.zeros((3, 16))}, "'betas' has shape"),
        ({"betas": np.full(16, np.nan)}, "'betas' holds values that are not finite"),
        ({"gender": np.array("robot")}, "'gender' is 'robot', expected male"),
        ({"gender": np.array(["m", "f"])}, "'gender'"),
        ({"gender": np.array(1)}, "'gender' is integers"),
        ({"mocap_framerate": np.array(0)}, "'mocap_framerate' is 0"),
        ({"mocap_framerate": np.array(np.nan)}, "'mocap_framerate' is nan"),
        ({"mocap_framerate": np.array([30, 60])}, "expected one number"),
        ({"mocap_framerate": np.array("fast")}, "'fast', expected a number of frames a second"),
        ({"expression": np.zeros((4, 10))}, "'expression' has shape"),
        ({"refit_up_axis": np.array("w")}, "'refit_up_axis' is 'w'"),
    ],
)
def test_wrong_contents(save, amass, refuses, change, words):
    assert words in refuses(load_motion, save(amass | change))


def test_wrong_keys_say_what_is_there(save, amass, refuses):
    message = refuses(load_motion, save(without(amass, "trans")))
    assert "no trans" in message
    assert "found betas, dmpls, gender, mocap_framerate, poses" in message
    assert "no poses" in refuses(load_motion, save(without(amass, "poses")))
    message = refuses(load_motion, save({f"k{i}": np.ones(1) for i in range(50)}))
    assert "and 38 more" in message


def test_a_model_is_not_a_motion(save, refuses):
    assert "is a body model" in refuses(load_motion, save(model_arrays("smplh")))


def test_other_files(save, refuses, tmp_path):
    marker = tmp_path / "created"
    assert "which is never opened" in refuses(load_motion, save(hostile_pickle(marker), "m.npz"))
    assert "is text, expected a motion" in refuses(load_motion, save(b"anything", "m.npz"))
    assert "expected an .npz file" in refuses(load_motion, save(b"any\0thing", "m.npz"))
    assert not marker.exists()
    refuses(load_motion, tmp_path)
    refuses(load_motion, tmp_path / "none.npz")


def test_truncated(save, amass, refuses):
    whole = save(amass).read_bytes()
    for length in (4, 100, 3000, len(whole) - 30):
        refuses(load_motion, save(whole[:length], "cut.npz"))


ANY_ARRAY = hnp.arrays(
    st.sampled_from(
        [np.float32, np.float64, np.int32, np.bool_, np.dtype("U3"), np.dtype("S3"), np.complex64]
    ),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(
        st.sampled_from(
            ["poses", "trans", "betas", "gender", "mocap_framerate", "root_orient", "pose_body", "expression",
             "refit_up_axis", "surface_model_type", "dmpls"]
        ),
        ANY_ARRAY,
        max_size=3,
    )
)  # fmt: skip
def test_only_file_errors_come_out(tmp_path, change):
    base = {
        "poses": np.zeros((5, 156)),
        "trans": np.zeros((5, 3)),
        "betas": np.zeros(16),
    }
    path = tmp_path / "fuzz.npz"
    np.savez(path, **(base | change))
    with contextlib.suppress(FileError):
        load_motion(path)

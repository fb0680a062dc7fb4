"""AMASS's keys elsewhere than in AMASS's npz, and other names for some of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.files.motions.load_motion import load_motion
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, normal, npy, npz, plain_pickle, standing
from tests.core.files.motions.sources.examples import torch_bytes

Save = Callable[..., Path]


def walk(**changes: Any) -> dict[str, Any]:
    """Five frames in SMPL-H."""
    held = {
        "poses": normal((5, 156), 1),
        "trans": normal((5, 3), 2),
        "betas": normal((16,), 3),
        "gender": "female",
        "mocap_framerate": 120.0,
    }
    return held | changes


def beat2() -> dict[str, Any]:
    """As BEAT2 has it: a face of a hundred coefficients."""
    return {
        "betas": normal((300,), 1),
        "poses": normal((5, 165), 2),
        "expressions": normal((5, 100), 3),
        "trans": normal((5, 3), 4),
        "model": np.array("smplx2020"),
        "gender": np.array("neutral"),
        "mocap_frame_rate": np.array(30),
    }


def inter_x(**changes: Any) -> dict[str, Any]:
    """One person of Inter-X, joint by joint."""
    held = {
        "pose_body": normal((5, 21, 3), 1),
        "pose_lhand": normal((5, 15, 3), 2),
        "pose_rhand": normal((5, 15, 3), 3),
        "betas": normal((1, 10), 4),
        "gender": np.array("female"),
        "trans": normal((5, 3), 5),
        "root_orient": standing(5),
    }
    return {key: value for key, value in (held | changes).items() if value is not None}


def behave() -> dict[str, Any]:
    """As BEHAVE has it: before a camera, a shape for each frame."""
    upside_down = Rotation.from_euler("x", 180, degrees=True) * Rotation.from_rotvec(standing(9))
    return {
        "poses": np.concatenate((upside_down.as_rotvec().astype(np.float32), normal((9, 153), 1, 0.1)), 1),
        "betas": normal((1, 10), 2) + normal((9, 10), 3, 0.05),
        "trans": np.array([0.0, 0.2, 2.2]) + normal((9, 3), 4, 0.02),
        "frame_times": np.array([f"t{second:04}.000" for second in range(9)]),
    }


EXAMPLES = {
    "behave": Example("AMASS", behave, npz, ".npz"),
    "amass.npz": Example("AMASS", walk, npz, "_poses.npz"),
    "amass.pkl": Example("AMASS", walk, plain_pickle, ".pkl"),
    "beat2": Example("AMASS", beat2, npz, ".npz"),
    "inter-x": Example("AMASS", inter_x, npz, ".npz"),
}


@pytest.mark.parametrize(
    ("write", "ending"), [(npz, ".npz"), (plain_pickle, ".pkl"), (torch_bytes, ".pt"), (npy, ".npy")]
)
def test_the_same_in_every_container(save: Save, write: Callable[[Any], bytes], ending: str) -> None:
    held = walk()
    motion = load_motion(save(write(held), f"walk{ending}"))
    assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == (
        "smplh",
        "female",
        120.0,
        "z",
    )
    assert np.array_equal(motion.poses.reshape(5, 156), held["poses"])
    assert np.array_equal(motion.trans, held["trans"])
    assert np.array_equal(motion.betas, held["betas"])


def test_the_face_of_beat2_is_not_dropped(save: Save) -> None:
    held = beat2()
    motion = load_motion(save(held, "2_scott_0_1_1.npz"))
    assert motion.expression is not None
    assert np.array_equal(motion.expression, held["expressions"])
    assert (motion.family, motion.frame_rate, motion.betas.shape) == ("smplx", 30.0, (300,))


def test_hands_of_inter_x(save: Save, refuses: Callable[..., str]) -> None:
    held = inter_x()
    motion = load_motion(save(held, "P1.npz"))
    assert (motion.family, motion.gender, motion.frame_rate) == ("smplx", "female", 120.0)
    assert np.array_equal(motion.poses[:, 1:22], held["pose_body"])
    assert np.array_equal(motion.poses[:, 25:40], held["pose_lhand"])
    assert np.array_equal(motion.poses[:, 40:], held["pose_rhand"])
    assert any("120 frames a second" in note for note in motion.notes)
    rows = inter_x(pose_lhand=held["pose_lhand"].reshape(5, 45), pose_rhand=None, mocap_frame_rate=30.0)
    motion = load_motion(save(rows, "rows.npz"))
    assert motion.frame_rate == 30.0
    assert np.array_equal(motion.poses[:, 25:40], held["pose_lhand"])
    assert not motion.poses[:, 40:].any()
    wrong = inter_x(pose_rhand=np.zeros((5, 12)))
    assert "'pose_rhand' has shape (5, 12), expected (5, 45)" in refuses(load_motion, save(wrong, "a.npz"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"poses": "text"}, "'poses' has shape ()"),
        ({"poses": [[1.0], [2.0, 3.0]]}, "'poses' is a list whose entries differ in length"),
        ({"betas": {"a": 1}}, "'betas' is a dict, expected an array of numbers"),
        ({"gender": np.array([None])}, "'gender' holds Python objects"),
        ({"trans": np.zeros((5, 2))}, "'trans' has shape (5, 2), expected (5, 3)"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(pickle.dumps(walk(**changes)), "a.pkl"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    held = walk(more=CreatesFile(marker))
    assert "never opened" in refuses(load_motion, save(pickle.dumps(held), "a.pkl"))
    assert "never opened" in refuses(load_motion, save(npy(held), "a.npy"))
    assert not marker.exists()


def test_behave_is_upside_down_with_a_shape_for_each_frame(save: Save) -> None:
    motion = load_motion(save(npz(behave()), "smpl_fit_all.npz"))
    assert (motion.family, motion.up_axis, motion.unused) == ("smplh", "-y", ("frame_times",))
    assert motion.frame_betas is not None
    np.testing.assert_allclose(motion.frame_betas, behave()["betas"], rtol=1e-6)

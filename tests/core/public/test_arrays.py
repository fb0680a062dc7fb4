"""Arrays in, arrays out: motions made from them, and the names that motions and fits share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import refit
from core.files.motions.load_motion import load_motion
from core.model.joints import JOINT_NAMES
from core.model.motion import motion_of_meshes
from core.outputs.results import save_result
from tests.core.clip_fits import clip, fitted_clip
from tests.variants import body_pair

FRAMES = 3
NOTHING = np.zeros((0, 3))
WIDTHS = {
    "smpl": {"global_orient": 3, "body_pose": 69},
    "smplh": {"global_orient": 3, "body_pose": 63, "left_hand_pose": 45, "right_hand_pose": 45},
    "smplx": {
        "global_orient": 3,
        "body_pose": 63,
        "jaw_pose": 3,
        "leye_pose": 3,
        "reye_pose": 3,
        "left_hand_pose": 45,
        "right_hand_pose": 45,
    },
}


def arrays(family: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {name: rng.normal(size=(FRAMES, width)) for name, width in WIDTHS[family].items()}


def test_far_from_the_origin_no_digit_is_lost(tmp_path: Path) -> None:
    """A georeferenced world: float32 has half metres there."""
    near = clip("walk").cut(0, FRAMES)
    far = near.trans + np.array([448000.0, 5411000.0, 0.0])
    pieces = {name: getattr(near, name) for name in WIDTHS["smplh"]}
    motion = refit.Motion.from_arrays(**pieces, betas=near.betas, transl=far, up_axis=near.up_axis)
    np.testing.assert_allclose(motion.in_file_world(motion.transl), far, rtol=0, atol=1e-6)
    assert any("far from the origin" in note for note in motion.notes)
    found = refit.fit(motion, body_pair("built-in"), device="cpu", progress=False)
    save_result(tmp_path / "far.npz", found)
    with np.load(tmp_path / "far.npz") as file:
        assert file["trans"].dtype == np.float64
        np.testing.assert_allclose(file["trans"], far, rtol=0, atol=0.1)
    there = refit.fit(near, body_pair("built-in"), device="cpu", progress=False)
    np.testing.assert_allclose(found.mean_mm, there.mean_mm, rtol=0, atol=1e-3)


@pytest.mark.parametrize("family", WIDTHS)
@pytest.mark.parametrize("form", ["rows", "joints", "tensors", "lists"])
def test_a_motion_has_what_it_was_made_from(family: str, form: str) -> None:
    given = arrays(family)
    shaped: dict[str, Any] = {
        "rows": given,
        "joints": {name: values.reshape(FRAMES, -1, 3) for name, values in given.items()},
        "tensors": {name: torch.tensor(values, requires_grad=True) for name, values in given.items()},
        "lists": {name: values.tolist() for name, values in given.items()},
    }[form]
    motion = refit.Motion.from_arrays(**shaped, betas=np.arange(4), transl=np.ones((FRAMES, 3)))
    assert (motion.family, motion.poses.dtype, motion.notes) == (family, np.float32, ())
    for name, values in given.items():
        np.testing.assert_array_equal(getattr(motion, name), values.astype(np.float32))
    # All joints of the family, each from one piece.
    pieces = [getattr(motion, name) for name in WIDTHS["smplx"]]
    together = np.concatenate([piece for piece in pieces if piece is not None], 1)
    assert together.shape == (FRAMES, 3 * len(JOINT_NAMES[family]))
    np.testing.assert_array_equal(together.reshape(motion.poses.shape), motion.poses)
    assert [name for name in WIDTHS["smplx"] if getattr(motion, name) is None] == [
        name for name in WIDTHS["smplx"] if name not in given
    ]
    np.testing.assert_array_equal(motion.transl, motion.trans)
    np.testing.assert_array_equal(motion.betas, [0, 1, 2, 3])


def test_arrays_are_copied() -> None:
    given = arrays("smplh") | {"betas": np.zeros(10, np.float32), "transl": np.zeros((FRAMES, 3), np.float32)}
    given = {name: values.astype(np.float32) for name, values in given.items()}
    motion = refit.Motion.from_arrays(**given)
    for values in given.values():
        values[:] = 7
    assert not (motion.poses == 7).any()
    assert not motion.betas.any()
    assert not motion.trans.any()


def test_what_is_not_given_is_told() -> None:
    motion = refit.Motion.from_arrays(np.zeros((2, 3)), np.zeros((2, 63)))
    assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == ("smplh", None, None, "z")
    assert [note.split(" ", 2)[1] for note in motion.notes] == ["left_hand_pose", "right_hand_pose", "transl"]
    assert not motion.betas.any()
    body_alone = refit.Motion.from_arrays(np.zeros((2, 3)), np.ones((2, 63)), family="smpl")
    assert body_alone.body_pose.shape == (2, 69)
    assert not body_alone.body_pose[:, 63:].any()
    own = refit.Motion.from_arrays(np.zeros((2, 3)), np.zeros((2, 69)), betas=[[1.0, 0], [0, 1]])
    assert own.frame_betas is not None
    np.testing.assert_array_equal(own.betas, [0.5, 0.5])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"global_orient": np.zeros((3, 4))}, "global_orient has shape (3, 4), expected (T, 3)."),
        ({"global_orient": 0.5}, "global_orient has shape (), expected (T, 3)."),
        (
            {"global_orient": np.zeros((0, 3)), "body_pose": np.zeros((0, 63))},
            "global_orient holds no frames",
        ),
        ({"body_pose": None}, "body_pose is missing"),
        (
            {"body_pose": np.zeros((3, 60))},
            "body_pose has shape (3, 60), expected (3, 63) or (3, 21, 3) axis-angle for SMPL-H.",
        ),
        ({"body_pose": np.zeros((2, 63))}, "body_pose has shape (2, 63), expected (3, 63)"),
        ({"body_pose": np.zeros((3, 21, 3, 3))}, "body_pose has shape (3, 21, 3, 3), expected (3, 63)"),
        ({"body_pose": [[0.0], [0.0, 1.0]]}, "body_pose is no array: its rows differ in length."),
        ({"body_pose": "walk.npz"}, "body_pose is text, expected an array of numbers."),
        ({"left_hand_pose": np.zeros((3, 12))}, "left_hand_pose has shape (3, 12), expected (3, 45)"),
        (
            {"left_hand_pose": np.zeros((3, 45)), "family": "smpl"},
            "left_hand_pose is given, but SMPL has none.",
        ),
        ({"jaw_pose": np.zeros((3, 3)), "family": "smplh"}, "jaw_pose is given, but SMPL-H has none."),
        ({"family": "mano"}, "family is 'mano', expected one of smpl, smplh, smplx."),
        ({"betas": np.zeros((2, 10))}, "betas has shape (2, 10), expected (B,), (1, B) or (3, B)."),
        ({"betas": [np.nan]}, "betas holds values that are not finite."),
        ({"betas": [1e4]}, "betas holds 1e+04, expected at most 100 in size."),
        ({"transl": np.zeros(3)}, "transl has shape (3,), expected (3, 3)."),
        ({"expression": np.zeros((4, 10))}, "expression has shape (4, 10), expected (3, any)."),
        ({"gender": "f"}, "gender is 'f', expected one of neutral, female, male."),
        ({"frame_rate": 0}, "frame_rate is 0, expected a positive number of frames a second."),
        ({"up_axis": "w"}, "up_axis is 'w', expected one of y, z, x, -y, -z, -x."),
    ],
)
def test_what_does_not_fit_is_named(given: dict[str, Any], sentence: str) -> None:
    arguments: dict[str, Any] = {"global_orient": np.zeros((3, 3)), "body_pose": np.zeros((3, 63))}
    with pytest.raises(refit.RefitError, match=f"^{re.escape(sentence)}"):
        refit.Motion.from_arrays(**arguments | given)


def test_a_motion_from_arrays_is_fitted_as_the_file_is() -> None:
    motion, pair, fitted = fitted_clip("walk", 0, 6)
    copy = refit.Motion.from_arrays(
        motion.global_orient,
        motion.body_pose,
        left_hand_pose=motion.left_hand_pose,
        right_hand_pose=motion.right_hand_pose,
        betas=motion.betas,
        transl=motion.transl,
        gender=motion.gender,
        frame_rate=motion.frame_rate,
        up_axis=motion.up_axis,
    )
    recipe = refit.Recipe.from_dict(fitted.provenance["recipe"])
    found = refit.fit(copy, pair, recipe=recipe, device="cpu", threads=1, progress=False)
    np.testing.assert_array_equal(found.poses, fitted.poses)
    np.testing.assert_array_equal(found.transl, fitted.transl)


@pytest.mark.parametrize("variant", ["built-in", "other shape basis"])
def test_a_fit_in_arrays_is_the_body_again(variant: str) -> None:
    _, pair, fitted = fitted_clip("walk", 0, 6, variant)
    again = refit.Motion.from_arrays(
        **{name: getattr(fitted, name) for name in WIDTHS["smplx"]},
        betas=fitted.betas,
        transl=fitted.transl,
        expression=fitted.expression if fitted.expression.shape[1] else None,
    )
    np.testing.assert_array_equal(pair.target.vertices_of(again), fitted.vertices(bodies=pair))
    np.testing.assert_array_equal(pair.target.vertices_of(fitted, slice(1, 3)), fitted.vertices([2, 1], pair))
    np.testing.assert_allclose(fitted.joints(0, pair)[0, 0], fitted.trans[0], atol=0.5)
    with pytest.raises(refit.RefitError, match="motion is in smplx, but the body is smplh"):
        pair.source.vertices_of(fitted)


def test_meshes_have_no_rotations() -> None:
    body = body_pair("built-in").source
    meshes = motion_of_meshes("smplh", np.repeat(body.v_template[None].astype(np.float32), 2, 0))
    assert meshes.left_hand_pose is None
    with pytest.raises(refit.RefitError, match=r"^There is no body_pose: this motion is meshes alone"):
        _ = meshes.body_pose


def test_pieces_are_named_as_the_files_name_them(tmp_path: Any) -> None:
    _, _, fitted = fitted_clip("walk", 0, 6)
    refit.save(fitted, tmp_path / "walk_stageii.npz")
    with np.load(tmp_path / "walk_stageii.npz") as file:
        for ours, theirs in (
            ("global_orient", "root_orient"),
            ("body_pose", "pose_body"),
            ("jaw_pose", "pose_jaw"),
            ("transl", "trans"),
        ):
            np.testing.assert_array_equal(getattr(fitted, ours), file[theirs])
        hands = np.concatenate((fitted.left_hand_pose, fitted.right_hand_pose), 1)
        np.testing.assert_array_equal(hands, file["pose_hand"])
    read = load_motion(tmp_path / "walk_stageii.npz")
    np.testing.assert_array_equal(read.jaw_pose, fitted.jaw_pose)
    assert clip("walk", 0, 2).jaw_pose is None

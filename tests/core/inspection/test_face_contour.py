"""Points of the face's outline, against the `smplx` package with its ``use_face_contour``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import smplx
import torch

from core.correspond.load_bodies import load_bodies
from core.errors import FileError
from core.files.bodies.models import read_model
from core.inspection.joint_series import JointSeries
from core.model.body import BodyModel
from core.model.body_joints import body_joints, contour_joints
from core.model.motion import Motion
from core.outputs.export_format import ExportJob
from core.outputs.joint_sets import JOINTS
from tests.core.clip_fits import fitted_clip
from tests.smplx_layers import arguments

KEYS = ("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords")


def file_with_outline(folder: Path, **changed: np.ndarray) -> Path:
    """The built-in SMPL-X body with a table of 79 turns of the neck, any other skin in each of them."""
    path = load_bodies().target.path
    assert path is not None
    random = np.random.default_rng(5)
    weights = random.random((79, 17, 3))
    table = {KEYS[0]: random.integers(0, 20908, (79, 17)), KEYS[1]: weights / weights.sum(2, keepdims=True)}
    with np.load(path) as kept:
        np.savez(folder / "SMPLX_NEUTRAL.npz", **{**kept, **table, **changed})
    return folder / "SMPLX_NEUTRAL.npz"


def turned(body: BodyModel, frames: int) -> Motion:
    """Bodies turned all round, with every joint bent."""
    random = np.random.default_rng(6)
    poses = random.normal(0, 0.25, (frames, 55, 3)).astype(np.float32)
    poses[:, 0] = [0.1, 0, 0] + np.linspace(-2, 2, frames)[:, None] * [0, 1, 0]
    motion = fitted_clip("walk", 0, 12)[2].as_motion()
    trans = random.normal(0, 1, (frames, 3)).astype(np.float32)
    changes = {
        "poses": poses,
        "trans": trans,
        "betas": random.normal(0, 1, body.num_betas).astype(np.float32),
    }
    return replace(motion, **changes, expression=None, frame_betas=None, origin=None)


def test_points_of_the_outline_are_those_of_the_package(tmp_path: Path) -> None:
    path = file_with_outline(tmp_path)
    body = read_model(path)
    motion = turned(body, 161)
    found = JointSeries(body, (*body_joints(body), *contour_joints(body))).over(motion)
    package = smplx.SMPLX(
        str(path),
        batch_size=161,
        num_betas=body.num_betas,
        num_expression_coeffs=10,
        use_pca=False,
        flat_hand_mean=True,
        use_face_contour=True,
    )
    with torch.no_grad():
        expected = package(
            betas=torch.as_tensor(motion.betas).expand(161, -1),
            transl=torch.as_tensor(motion.trans),
            **arguments("smplx", torch.as_tensor(motion.poses)),
        ).joints.numpy()
    assert found.shape == expected.shape == (161, 144, 3)
    # Where the angle lies between two degrees, float32 may fall on either side.
    assert (np.abs(found - expected).max(axis=(1, 2)) < 3e-5).sum() >= 159
    assert [joint.name for joint in contour_joints(body)][8] == "contour_middle"


def test_they_are_among_all_joints_that_are_written_where_the_body_has_them(tmp_path: Path) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    bare = replace(pair.target, contour_faces=None, contour_weights=None)
    names = []
    for bodies in (replace(pair, target=bare), pair):
        path = tmp_path / f"{len(names)}.npz"
        assert JOINTS.write is not None
        JOINTS.write(
            ExportJob(path, "walk", np.arange(12), motion, bodies, result, settings={"joints": "all"})
        )
        with np.load(path) as file:
            names.append(list(file["names"]))
            assert file["joints"].shape == (12, len(file["names"]), 3)
    assert [len(some) for some in names] == [127, 144]
    assert names[1][:127] == names[0]
    assert names[1][127] == "right_contour_1"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        (KEYS[0], np.full((79, 17), 20908), "names triangles from 20908 to 20908"),
        (KEYS[0], np.zeros((78, 17), int), r"expected \(79, 17\) of integers"),
        (KEYS[1], np.zeros((79, 17, 2)), r"has shape \(79, 17, 2\)"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, key: str, value: np.ndarray, says: str) -> None:
    with pytest.raises(FileError, match=f"'{key}' .*{says}"):
        read_model(file_with_outline(tmp_path, **{key: value}))

"""OMOMO's sequences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion, people_in
from core.model.body_pair import in_body
from core.model.motion import Reading
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.example import Example, normal, standing
from tests.variants import body_pair


def sequence(name: str, seed: int = 1, **changes: Any) -> dict[str, Any]:
    """Five frames of one person and an object."""
    held = {
        "seq_name": name,
        "gender": "male",
        "betas": normal((1, 16), seed, 1.0),
        "trans2joint": normal((3,), seed + 1),
        "rest_offsets": normal((24, 3), seed + 2),
        "trans": normal((5, 3), seed + 3),
        "root_orient": standing(5, "z"),
        "pose_body": normal((5, 63), seed + 4),
        "obj_scale": np.ones(5, np.float32),
        "obj_trans": normal((5, 3, 1), seed + 5),
        "obj_rot": np.tile(np.eye(3, dtype=np.float32), (5, 1, 1)),
        "obj_com_pos": normal((5, 3), seed + 6),
    }
    return {key: value for key, value in (held | changes).items() if value is not None}


def split(**changes: Any) -> dict[int, dict[str, Any]]:
    return {0: sequence("sub10_chair_000", **changes), 1: sequence("sub10_chair_001", 20)}


EXAMPLES = {"omomo": Example("OMOMO", split, joblib_bytes, ".p")}


def test_sequences_are_chosen_by_name(save: Callable[..., Path]) -> None:
    path = save(joblib_bytes(split()), "test_diffusion_manip_seq_joints24.p")
    assert [one.name for one in people_in(path)] == ["sub10_chair_000", "sub10_chair_001"]
    motion = load_motion(path, Reading(person="sub10_chair_001"))
    assert (motion.family, motion.up_axis, motion.gender, motion.frame_rate) == ("smplx", "z", "male", 30.0)
    held = split()[1]
    assert np.array_equal(motion.poses[:, 1:22].reshape(5, -1), held["pose_body"])
    assert not motion.poses[:, 22:].any()
    np.testing.assert_allclose(motion.betas, held["betas"][0])


@pytest.mark.parametrize("variant", ["built-in", "dense correctives"])
def test_the_pelvis_lands_where_omomo_has_it(variant: str, save: Callable[..., Path]) -> None:
    motion = load_motion(save(joblib_bytes(split()), "a.p"), Reading(person="sub10_chair_000"))
    body = body_pair(variant, "smplx").source
    found = in_body(motion, body)
    betas = found.betas[: body.num_betas]
    rest = body.J_regressor @ (body.v_template + body.shapedirs[..., : len(betas)] @ betas)
    np.testing.assert_allclose(rest[0] + found.trans, split()[0]["trans"], atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pose_body": np.zeros((5, 69))}, "'0.pose_body' has shape (5, 69), expected (5, 63)"),
        ({"trans": np.zeros((4, 3))}, "'0.trans' has shape (4, 3), expected (5, 3)"),
        ({"seq_name": "sub10_chair_001"}, "'seq_name' holds two sequences of one name"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    held = split()
    held[0] |= changes
    assert words in refuses(load_motion, save(joblib_bytes(held), "a.p"), Reading(person="sub10_chair_000"))

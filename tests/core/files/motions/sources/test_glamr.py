"""GLAMR's people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion, people_in
from core.model.body_pair import in_body
from core.model.motion import Reading
from tests.core.files.motions.sources.example import Example, normal, plain_pickle, standing
from tests.variants import body_pair


def person(seed: int = 1, **changes: Any) -> dict[str, Any]:
    held = {
        "smpl_pose": normal((5, 69), seed),
        "smpl_beta": normal((5, 10), seed + 1, 1.0),
        "smpl_orient_world": standing(5, "z"),
        "root_trans_world": normal((5, 3), seed + 2),
        "smpl_orient_cam": standing(5, "y"),
        "root_trans_cam": normal((5, 3), seed + 3),
        "exist_frames": np.array([True, True, False, True, True]),
        "scale": None,
        "kp_2d": normal((5, 26, 2), seed + 4),
    }
    return held | changes


def result(**changes: Any) -> dict[str, Any]:
    return {
        "seq_len": 5,
        "cam_pose": np.tile(np.eye(4, dtype=np.float32), (5, 1, 1)),
        "person_data": {0: person(**changes), 1: person(9)},
    }


EXAMPLES = {"glamr": Example("GLAMR", result, plain_pickle, ".pkl")}


def test_the_world_comes_first(save: Callable[..., Path]) -> None:
    path = save(plain_pickle(result()), "running_seed1.pkl")
    assert [one.name for one in people_in(path)] == ["0", "1"]
    motion = load_motion(path, Reading(person="0"))
    assert (motion.family, motion.up_axis, motion.frame_rate) == ("smpl", "z", 30.0)
    assert np.flatnonzero(~motion.finite_frames()).tolist() == [2]
    held = person()
    seen = motion.finite_frames()
    assert np.array_equal(motion.poses[seen, 0], held["smpl_orient_world"][seen])
    assert np.array_equal(motion.poses[seen, 1:].reshape(-1, 69), held["smpl_pose"][seen])
    seen_by_camera = load_motion(path, Reading(person="0", coordinates="camera"))
    assert seen_by_camera.up_axis == "-y"
    assert np.array_equal(seen_by_camera.trans[seen], held["root_trans_cam"][seen])


def test_the_pelvis_lands_where_glamr_has_it(save: Callable[..., Path]) -> None:
    motion = load_motion(save(plain_pickle(result()), "a.pkl"), Reading(person="0"))
    body = body_pair("built-in", "smpl").source
    found = in_body(motion, body)
    for frame in (0, 4):
        betas = found.betas_of(np.array([frame])).reshape(-1)[: body.num_betas]
        rest = body.J_regressor @ (body.v_template + body.shapedirs[..., : len(betas)] @ betas)
        np.testing.assert_allclose(
            rest[0] + found.trans[frame], person()["root_trans_world"][frame], atol=1e-5
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smpl_pose": np.zeros((5, 72))}, "'person_data.0.smpl_pose' has shape (5, 72), expected (any, 69)"),
        ({"root_trans_world": np.zeros((4, 3))}, "'person_data.0.root_trans_world' has shape (4, 3)"),
        ({"exist_frames": np.zeros(4, bool)}, "'person_data.0.exist_frames' has shape (4,)"),
        ({"exist_frames": np.array(0.0, np.float32)}, "expected 5 rows, one a frame"),
        ({"exist_frames": np.zeros(5)}, "'person_data.0.exist_frames' is no row of booleans"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    path = save(plain_pickle(result(**changes)), "a.pkl")
    assert words in refuses(load_motion, path, Reading(person="0"))

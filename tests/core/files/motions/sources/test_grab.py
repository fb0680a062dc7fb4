"""GRAB's sequences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, normal, npz


def grasp(params: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Five frames of somebody with an apple."""
    own = {
        "transl": normal((5, 3), 1),
        "global_orient": normal((5, 3), 2),
        "body_pose": normal((5, 63), 3),
        "left_hand_pose": normal((5, 24), 4),
        "expression": normal((5, 10), 5),
        "fullpose": normal((5, 165), 6),
        **(params or {}),
    }
    held = {
        "gender": np.array("female"),
        "sbj_id": np.array("s1"),
        "n_comps": np.array(24),
        "framerate": np.array(120.0),
        "n_frames": np.array(5),
        "body": {"params": own, "vtemp": "tools/subject_meshes/female/s1.ply"},
        "contact": {"body": np.zeros((5, 4), np.int8)},
    }
    return held | changes


EXAMPLES = {"grab": Example("GRAB", grasp, npz, ".npz")}


def test_the_body_within(save: Callable[..., Path]) -> None:
    held = grasp()
    motion = load_motion(save(npz(held), "apple_eat_1.npz"))
    assert (motion.family, motion.gender, motion.frame_rate, motion.up_axis) == (
        "smplx",
        "female",
        120.0,
        "z",
    )
    params = held["body"]["params"]
    assert np.array_equal(motion.poses.reshape(5, 165), params["fullpose"])
    assert np.array_equal(motion.trans, params["transl"])
    assert motion.expression is not None
    assert any("body.vtemp" in note for note in motion.notes)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (
            grasp({"fullpose": np.zeros((5, 63))}),
            "'body.params.fullpose' has shape (5, 63), expected (5, 165)",
        ),
        (grasp({"transl": np.zeros((5, 2))}), "'body.params.transl' has shape (5, 2), expected (5, 3)"),
        (grasp(body={"vtemp": "a"}), "'body.params.fullpose' is not in the file"),
        (grasp(framerate=np.array("x")), "'framerate' is text"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], held: dict[str, Any], words: str
) -> None:
    words = words.replace("expected (5, 165)", "expected (any, 165)")
    assert words in refuses(load_motion, save(npz(held), "a.npz"))


def test_nothing_in_it_runs(save: Callable[..., Path], refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    evil = CreatesFile(marker)
    for held in (grasp({"transl": evil}), grasp(body=np.array(evil, object))):
        assert "never opened" in refuses(load_motion, save(npz(held), "a.npz"))
    load_motion(save(npz(grasp(contact=np.array(evil, object))), "b.npz"))  # which nobody looks at
    assert not marker.exists()

"""MoSh++'s pickles."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files.motions.load_motion import load_motion
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, normal, plain_pickle

Save = Callable[..., Path]


def stage_two(**changes: Any) -> dict[str, Any]:
    """Five frames in SMPL-X, with what MoSh++ notes of its work."""
    held: dict[str, Any] = {
        "fullpose": normal((5, 165), 1).astype(np.float64),
        "trans": normal((5, 3), 2).astype(np.float64),
        "betas": normal((400,), 3).astype(np.float64),
        "expression": normal((5, 80), 4),
        "markers_latent": np.zeros((2, 3)),
        "latent_labels": ["ARIEL", "C7"],
        "stageii_debug_details": {
            "stageii_errs": {"data": [1.0, 2.0]},
            "mocap_frame_rate": 60.0,
            "cfg": {"surface_model": {"type": "smplx", "gender": "female", "num_betas": 16}},
        },
    }
    return {key: value for key, value in (held | changes).items() if value is not None}


EXAMPLES = {"mosh": Example("MoSh++", stage_two, plain_pickle, "_stageii.pkl")}


def test_poses_and_what_the_details_say(save: Save) -> None:
    held = stage_two()
    motion = load_motion(save(pickle.dumps(held), "walk_stageii.pkl"))
    assert (motion.family, motion.gender, motion.frame_rate) == ("smplx", "female", 60.0)
    np.testing.assert_allclose(motion.poses.reshape(5, 165), held["fullpose"], rtol=1e-6)
    np.testing.assert_allclose(motion.trans, held["trans"], rtol=1e-6)
    np.testing.assert_allclose(motion.betas, held["betas"][:16], rtol=1e-6)
    assert motion.expression is not None
    assert motion.expression.shape == (5, 80)


@pytest.mark.parametrize("count", [16, np.int64(16), np.array(16), np.array([16])])
def test_betas_are_as_many_as_it_says(save: Save, count: Any) -> None:
    held = stage_two()
    held["stageii_debug_details"]["cfg"]["surface_model"]["num_betas"] = count
    assert load_motion(save(pickle.dumps(held), "walk_stageii.pkl")).betas.shape == (16,)


def test_without_details_nothing_is_invented(save: Save) -> None:
    motion = load_motion(save(pickle.dumps(stage_two(stageii_debug_details=None, betas=None)), "a.pkl"))
    assert (motion.gender, motion.frame_rate) == (None, None)
    assert not motion.betas.any()
    assert any("betas are zero" in note for note in motion.notes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fullpose": np.zeros((5, 66))}, "'fullpose' has 66 numbers a frame"),
        ({"fullpose": np.zeros((5, 156))}, "'fullpose' has 156 numbers a frame, which are none of smplx"),
        ({"trans": np.zeros((4, 3))}, "'trans' has shape (4, 3), expected (5, 3)"),
        ({"betas": "none"}, "'betas' is a str"),
        (
            {"stageii_debug_details": {"mocap_frame_rate": "60"}},
            "'stageii_debug_details.mocap_frame_rate' is text of shape (), expected one number",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(pickle.dumps(stage_two(**changes)), "a.pkl"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    held = stage_two(stageii_debug_details={"cfg": CreatesFile(marker)})
    assert "never opened" in refuses(load_motion, save(pickle.dumps(held), "a.pkl"))
    assert not marker.exists()


@pytest.mark.parametrize("count", [[None, []], "sixteen", {}])
def test_a_count_that_is_no_number_counts_for_nothing(save: Save, count: Any) -> None:
    held = stage_two(betas=normal((16,), 3))
    held["stageii_debug_details"]["cfg"]["surface_model"]["num_betas"] = count
    assert len(load_motion(save(pickle.dumps(held), "walk_stageii.pkl")).betas) == 16

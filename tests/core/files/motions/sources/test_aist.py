"""AIST++'s pickles."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.cli import main
from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from core.outputs.results import load_result
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, plain_pickle, standing


def dance(**changes: Any) -> dict[str, Any]:
    """Five frames as AIST++ has them."""
    random = np.random.default_rng(3)
    contents = {
        "smpl_loss": np.float64(1.5),
        "smpl_poses": random.normal(scale=0.2, size=(5, 72)),
        "smpl_scaling": np.array([93.77]),
        "smpl_trans": random.normal(size=(5, 3)) * 100,
    }
    return {key: value for key, value in (contents | changes).items() if value is not None}


EXAMPLES = {"aist": Example("AIST++", dance, plain_pickle, ".pkl")}


def test_poses_and_metres(save: Callable[..., Path]) -> None:
    contents = dance()
    motion = load_motion(save(pickle.dumps(contents, 2), "gBR_sBM_cAll_d04_mBR0_ch01.pkl"))
    assert (motion.family, motion.up_axis, motion.gender, motion.frame_rate) == ("smpl", "y", "male", None)
    assert np.allclose(motion.poses.reshape(5, 72), contents["smpl_poses"])
    assert np.allclose(motion.trans, contents["smpl_trans"] / 93.77)
    assert not motion.betas.any()
    assert any("shape" in note for note in motion.notes)
    assert any("frame rate" in note for note in motion.notes)


@pytest.mark.parametrize("up", ["y", "z"])
def test_without_a_scaling_it_is_metres_or_a_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], up: str
) -> None:
    poses = np.concatenate((standing(5, up), np.zeros((5, 69))), 1)
    metres = dance(smpl_scaling=None, smpl_poses=poses, smpl_trans=np.full((5, 3), 1.5))
    motion = load_motion(save(pickle.dumps(metres), "edge.pkl"))
    assert (motion.up_axis, motion.gender) == (up, "male")
    assert np.array_equal(motion.trans, np.full((5, 3), 1.5, np.float32))
    assert any("no 'smpl_scaling'" in note for note in motion.notes)
    raw = dance(smpl_scaling=None, smpl_trans=np.full((5, 3), 150.0))
    assert "lies 150 from the origin, which are no metres" in refuses(
        load_motion, save(pickle.dumps(raw), "raw.pkl")
    )
    motion = load_motion(save(pickle.dumps(raw), "raw.pkl"), Reading(unit="cm"))
    assert np.allclose(motion.trans, 1.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smpl_poses": np.zeros((5, 24, 3))}, "expected (any, 72)"),
        ({"smpl_poses": np.zeros((0, 72)), "smpl_trans": np.zeros((0, 3))}, "holds no frames"),
        ({"smpl_trans": np.zeros((4, 3))}, "expected (5, 3)"),
        ({"smpl_scaling": np.array([0.0])}, "expected a positive number"),
        ({"smpl_scaling": [[1], [2, 3]]}, "is a list"),
        ({"smpl_scaling": np.array([np.nan])}, "expected a positive number"),
        ({"smpl_trans": "text"}, "is a str"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    save: Callable[..., Path], refuses: Callable[..., str], changes: dict[str, Any], words: str
) -> None:
    assert words in refuses(load_motion, save(pickle.dumps(dance(**changes)), "a.pkl"))


def test_nothing_in_it_runs(save: Callable[..., Path], refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    assert "never opened" in refuses(
        load_motion, save(pickle.dumps(dance(smpl_loss=CreatesFile(marker))), "a.pkl")
    )
    assert "a pickle but not a motion" in refuses(load_motion, save(pickle.dumps({"a": 1}), "b.pkl"))
    assert not marker.exists()


def test_a_folder_of_them_is_converted(
    save: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(pickle.dumps(dance()), "clips/gBR_ch01.pkl")
    save(pickle.dumps({"not": "a motion"}), "clips/other.pkl")
    assert main(["convert", str(tmp_path / "clips"), "-o", str(tmp_path / "out"), "--threads", "1"]) == 0
    result = load_result(tmp_path / "out" / "gBR_ch01_stageii.npz")
    assert len(result) == 5
    assert result.up_axis == "y"
    assert result.fitted.all()
    assert main(["info", str(tmp_path / "clips" / "gBR_ch01.pkl")]) == 0
    assert "AIST++" in capsys.readouterr().out

"""GVHMR's results."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.files.containers import bounds, torch_files
from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from core.outputs.describe import describe_file
from core.outputs.results import is_result
from core.outputs.sessions import is_session
from tests.core.files.hostile import CreatesFile
from tests.core.files.motions.sources.example import Example, plain_pickle
from tests.core.files.motions.sources.examples import gvhmr, torch_bytes

Save = Callable[..., Path]


EXAMPLES = {
    "gvhmr.pt": Example("GVHMR", gvhmr, torch_bytes, ".pt"),
    "gvhmr.pkl": Example("GVHMR", gvhmr, plain_pickle, ".pkl"),
}


def test_the_world_comes_first(save: Save) -> None:
    results = gvhmr()
    path = save(torch_bytes(results), "hmr4d_results.pt")
    for coordinates, key, up in ((None, "smpl_params_global", "y"), ("camera", "smpl_params_incam", "-y")):
        motion = load_motion(path, Reading(coordinates=coordinates))
        assert (motion.family, motion.up_axis, motion.gender) == ("smplx", up, None)
        assert np.array_equal(motion.poses[:, 0], results[key]["global_orient"])
        assert np.array_equal(motion.poses[:, 1:22].reshape(-1, 63), results[key]["body_pose"])
        assert not motion.poses[:, 22:].any()
        assert np.array_equal(motion.trans, results[key]["transl"])
        np.testing.assert_allclose(motion.betas, results[key]["betas"][0], rtol=1e-6)
        assert motion.frame_betas is None
        assert any("the model's mean pose" in note for note in motion.notes)
        assert any("coordinates" in note for note in motion.notes)


@pytest.mark.parametrize(
    ("results", "words"),
    [
        (gvhmr(smpl_params_global={"body_pose": np.zeros((5, 63))}), "global.global_orient' is not in"),
        (gvhmr(smpl_params_global={**gvhmr()["smpl_params_global"], "body_pose": np.zeros((5, 69))}),
         "'smpl_params_global.body_pose' has shape (5, 69), expected (5, 63)"),
        (gvhmr(smpl_params_global={**gvhmr()["smpl_params_global"], "transl": 3}), "expected (5, 3)"),
        (gvhmr(0), "holds no frames"),
        (gvhmr(smpl_params_global=None, smpl_params_incam=None), "a torch file but not a motion"),
        ([1, 2], "a torch file but not a motion"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(
    save: Save, refuses: Callable[..., str], results: Any, words: str
) -> None:
    assert words in refuses(load_motion, save(torch_bytes(results), "a.pt"))


def test_nothing_in_it_runs(save: Save, refuses: Callable[..., str], tmp_path: Path) -> None:
    marker = tmp_path / "created"
    evil = CreatesFile(marker)
    for held in (evil, gvhmr(net_outputs={"deep": [evil]})):
        assert "which is never opened" in refuses(load_motion, save(torch_bytes(held), "a.pt"))
    old = io.BytesIO()
    torch.save({"a": evil}, old, _use_new_zipfile_serialization=False)
    refuses(load_motion, save(old.getvalue(), "old.pt"))
    assert not marker.exists()


def test_bombs(save: Save, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch_bytes(gvhmr())
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert "is compressed" in refuses(load_motion, save(packed.getvalue(), "a.pt"))
    monkeypatch.setattr(bounds, "SHARE", 1 << 16)
    wide = torch.zeros(1).expand(1 << 20, 63)  # one number, said to be many
    data = torch_bytes({**gvhmr(), "net_outputs": wide})
    assert len(data) < 1 << 16
    assert "needs more memory" in refuses(load_motion, save(data, "a.pt"))
    monkeypatch.setattr(torch_files, "MAX_BYTES", 1 << 16)
    assert "needs more memory" in refuses(load_motion, save(torch_bytes({"a": np.zeros(1 << 16)}), "a.pt"))


def test_other_tensors(save: Save, refuses: Callable[..., str]) -> None:
    sparse = torch.eye(3).to_sparse()
    assert "not a motion" in refuses(load_motion, save(torch_bytes({"a": sparse}), "a.pt"))
    half = gvhmr()
    half["smpl_params_global"] = {k: torch.as_tensor(v).half() for k, v in half["smpl_params_global"].items()}
    assert len(load_motion(save(torch_bytes(half), "b.pt"))) == 5


def test_cut_short(save: Save, refuses: Callable[..., str]) -> None:
    whole = torch_bytes(gvhmr())
    for length in (10, len(whole) // 2, len(whole) - 10):
        refuses(load_motion, save(whole[:length], "cut.pt"))


def test_it_is_taken_for_nothing_else(save: Save) -> None:
    path = save(torch_bytes(gvhmr()), "hmr4d_results.pt")
    assert not is_session(path)
    assert not is_result(path)
    assert dict(describe_file(path))["Kind"] == "SMPL-X motion of GVHMR"

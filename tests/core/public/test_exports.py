"""`refit.export`: files of fits and motions for other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import refit
from core.measure.map_back import SMPL_JOINTS
from tests.core.clip_fits import fitted_clip
from tests.core.outputs.glb_reader import Glb


def test_a_fit_and_its_source(tmp_path: Path) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 12)
    told = refit.export(fit, tmp_path / "a.glb", bodies=pair, frames=slice(0, 4))
    assert "Without pose correctives" in told[0]
    assert len(Glb(tmp_path / "a.glb").times()) == 4
    refit.export(fit, tmp_path / "b.glb", motion, pair, body="both", frames=[1, 3])
    assert len(Glb(tmp_path / "b.glb").json["skins"]) == 2
    with pytest.raises(refit.RefitError, match="give it as motion"):
        refit.export(fit, tmp_path / "c.glb", bodies=pair, body="both")
    with pytest.raises(refit.RefitError, match="already exists"):
        refit.export(fit, tmp_path / "a.glb", bodies=pair)
    refit.export(fit, tmp_path / "a.glb", bodies=pair, overwrite=True)
    assert refit.export(fit, str(tmp_path / "a.bvh"), bodies=pair, unit="cm", up_axis="z") == (
        "Joints in centimetres, z up.",
    )
    refit.export(fit, tmp_path / "m", bodies=pair, format="obj", frames=fit.mean_mm > np.median(fit.mean_mm))
    assert len(list((tmp_path / "m").iterdir())) == 6


def test_a_motion_and_joints(tmp_path: Path) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 12)
    refit.export(motion, tmp_path / "a.bvh", bodies=pair)
    refit.export(fit, tmp_path / "j.npz", bodies=pair, joints="smpl")
    with np.load(tmp_path / "j.npz") as file:
        assert tuple(file["names"]) == SMPL_JOINTS


def test_a_picture(tmp_path: Path) -> None:
    motion, pair, fit = fitted_clip("walk", 0, 12)
    told = refit.export(fit, tmp_path / "a.png", motion, pair, size=(320, 180))
    assert f"Frame {int(fit.mean_mm.argmax())} is drawn" in told[0]
    data = (tmp_path / "a.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (320, 180)


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    motion, _, fit = fitted_clip("walk", 0, 12)
    path = tmp_path / "a.glb"
    wrong: list[tuple[str, tuple, dict]] = [
        ("what is a int", (3, path), {}),
        ("motion is for fits", (motion, path, motion), {}),
        ("unit is 'mm'", (fit, path), {"unit": "mm"}),
        ("up_axis is 'up'", (fit, path), {"up_axis": "up"}),
        ("format is 'glb'", (fit, path), {"format": "glb"}),
        ("joints is 'hand'", (fit, path), {"joints": "hand"}),
        ("size is", (fit, path), {"size": 3}),
        ("frames names no frame", (fit, path), {"frames": []}),
        ("frame_rate is -1", (fit, path), {"frame_rate": -1}),
        ("body is sauce", (fit, path), {"body": "sauce"}),
    ]
    for words, positional, named in wrong:
        with pytest.raises(refit.RefitError, match=words):
            refit.export(*positional, **named)
    assert not list(tmp_path.iterdir())

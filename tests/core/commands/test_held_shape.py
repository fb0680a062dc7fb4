"""A shape from a file, and one over all clips of a subject."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.commands.shapes.held_shape import read_shape
from core.errors import FileError
from core.files.builtin_files import builtin_motions
from core.outputs.results import load_result
from tests.core.clip_files import cut_arrays
from tests.core.conftest import said
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.examples import wham

CONVERT = ["convert", "--threads", "1"]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two short clips of one subject."""
    folder = tmp_path / "clips"
    folder.mkdir()
    betas = np.random.default_rng(4).normal(size=16).astype(np.float32)
    for path in builtin_motions()[:2]:
        np.savez(folder / path.name, **cut_arrays(path, slice(4), betas=betas))
    return folder


def test_the_shape_of_a_fit_is_held(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = sorted(clips.iterdir())
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    assert main([*CONVERT, str(first), "-o", str(one)]) == 0
    arguments = [*CONVERT, str(second), "-o", str(two), "--betas", str(one)]
    assert main(arguments) == 0
    fit, held = load_result(one), load_result(two)
    assert np.array_equal(fit.betas, held.betas)
    assert np.abs(fit.betas).max() > 0.1
    assert held.frame_betas is None
    assert held.fitted.all()
    assert held.mean_mm.max() < 10
    assert held.provenance["held_shape"]["file"] == "one.npz"
    assert main(arguments) == 0
    assert "is done already" in said(capsys)
    assert main([*CONVERT, str(second), "-o", str(two)]) == 1
    assert "was made with another shape" in said(capsys)


def test_one_shape_over_all_clips(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main([*CONVERT, str(clips), "-o", str(out), "--share-shape"]) == 0
    assert "One shape for subject clips: 8 frames of 2 clips" in said(capsys)
    first, second = (load_result(path) for path in sorted(out.glob("*.npz")))
    assert np.array_equal(first.betas, second.betas)
    assert np.abs(first.betas).max() > 0.1
    assert max(first.mean_mm.max(), second.mean_mm.max()) < 10
    assert main([*CONVERT, str(clips), "-o", str(out), "--share-shape"]) == 0
    assert said(capsys).count("is done already") == 2


def test_shapes_that_do_not_fit(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = sorted(clips.iterdir())[0], tmp_path / "out.npz"
    assert main([*CONVERT, str(source), "-o", str(out), "--betas", str(source)]) == 1
    assert "'betas' are of SMPL-H, expected SMPL-X" in said(capsys)
    many = {
        "poses": np.zeros((1, 165)),
        "trans": np.zeros((1, 3)),
        "betas": np.ones(300),
        "gender": np.array("neutral"),
    }
    np.savez(tmp_path / "many.npz", **many)
    assert main([*CONVERT, str(source), "-o", str(out), "--betas", str(tmp_path / "many.npz")]) == 1
    assert "'betas' are 300, expected at most the body's" in said(capsys)
    np.savez(tmp_path / "man.npz", **{**many, "betas": np.ones(10), "gender": np.array("male")})
    assert main([*CONVERT, str(source), "-o", str(out), "--betas", str(tmp_path / "man.npz")]) == 1
    assert "are of the male body, expected the neutral one" in said(capsys)
    assert main([*CONVERT, str(source), "-o", str(out), "--betas", str(tmp_path / "none.npz")]) == 2
    assert "there is no such file" in said(capsys)
    arguments = [*CONVERT, str(source), "-o", str(out), "--preset", "published"]
    np.savez(tmp_path / "good.npz", **{**many, "betas": np.ones(10)})
    assert main([*arguments, "--betas", str(tmp_path / "good.npz")]) == 2
    assert "finds a shape for each frame" in said(capsys)
    assert main([*arguments, "--share-shape"]) == 2
    assert "solves no shape that frames share" in said(capsys)
    (tmp_path / "wham.pkl").write_bytes(joblib_bytes(wham((0,))))
    with pytest.raises(FileError, match="differ between frames, expected one shape to hold"):
        read_shape(tmp_path / "wham.pkl")

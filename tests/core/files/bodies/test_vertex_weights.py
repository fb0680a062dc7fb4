"""Weights of single vertices in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError, RefitError
from core.files.bodies.vertex_sets import read_vertex_weights, write_vertex_weights

COUNT = 12


@pytest.fixture
def weights() -> np.ndarray:
    out = np.ones(COUNT, np.float32)
    out[3:5], out[11] = 4.0, 0.1
    return out


@pytest.mark.parametrize("name", ["weights.npz", "weights.npy"])
def test_what_is_written_is_read_back(tmp_path: Path, weights: np.ndarray, name: str) -> None:
    write_vertex_weights(tmp_path / name, weights)
    np.testing.assert_array_equal(read_vertex_weights(tmp_path / name, COUNT), weights)
    with pytest.raises(FileError, match="already exists"):
        write_vertex_weights(tmp_path / name, weights)
    with pytest.raises(FileError):
        read_vertex_weights(tmp_path / name, 5)


def test_an_npz_names_those_that_are_not_one(tmp_path: Path, weights: np.ndarray) -> None:
    write_vertex_weights(tmp_path / "w.npz", weights)
    with np.load(tmp_path / "w.npz") as found:
        assert found["ids"].tolist() == [3, 4, 11]
    rows = np.array([[3, 4.0], [4, 4.0], [11, 0.1]])
    np.save(tmp_path / "rows.npy", rows)
    np.testing.assert_array_equal(read_vertex_weights(tmp_path / "rows.npy", COUNT), weights)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(COUNT), "from 0 to 0, expected 0.1 to 10"),
        (np.full(COUNT, np.nan), "expected 0.1 to 10"),
        (np.ones(3), "holds 3 weights, expected 12"),
        (np.array([[12, 2.0]]), "names vertices from 12 to 12"),
        (np.array([[0.5, 2.0]]), "does not name a vertex"),
        (np.array(["a"]), "expected a row of weights"),
    ],
)
def test_what_is_refused(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(FileError, match=words):
        read_vertex_weights(tmp_path / "bad.npy", COUNT)


def test_other_files(tmp_path: Path, weights: np.ndarray) -> None:
    np.savez(tmp_path / "other.npz", values=weights)
    with pytest.raises(FileError, match="has no 'weights'"):
        read_vertex_weights(tmp_path / "other.npz", COUNT)
    (tmp_path / "w.txt").write_text("1 2 3")
    with pytest.raises(FileError, match=r"neither .npy nor .npz"):
        read_vertex_weights(tmp_path / "w.txt", COUNT)
    with pytest.raises(RefitError, match="must end in"):
        write_vertex_weights(tmp_path / "w.txt", weights)

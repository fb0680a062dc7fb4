"""Write the files: plain arrays only, byte-identical from run to run, replaced in one step."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import scipy.sparse as sp

ORIGIN = "Refit built-in body, derived from MakeHuman (CC0); not an SMPL model"
LICENCE = "CC0-1.0"


def _replace(path: Path, temporary: Path) -> None:
    os.replace(temporary, path)


def write_model(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Compressed npz (numpy stamps its members with a fixed date)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = dict(arrays, origin=np.array(ORIGIN), license=np.array(LICENCE))
    assert all(np.asarray(a).dtype != object for a in arrays.values())
    temporary = path.with_name(path.name + ".tmp.npz")
    np.savez_compressed(temporary, **arrays)
    _replace(path, temporary)


def write_matrix(path: Path, matrix: sp.csr_matrix) -> None:
    """Correspondence file: a pickled dict with `mtx`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    matrix = sp.csr_matrix(matrix.astype(np.float32))
    matrix.sort_indices()
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        pickle.dump({"mtx": matrix}, file, protocol=4)
    _replace(path, temporary)


def write_array(path: Path, array: np.ndarray) -> None:
    """Plain npy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp.npy")
    np.save(temporary, array)
    _replace(path, temporary)

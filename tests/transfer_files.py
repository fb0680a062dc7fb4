"""Correspondence and mask files in their official form, for tests to read."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from scipy import sparse


def write_correspondence(path: Path, matrix: sparse.spmatrix) -> None:
    """A target × source matrix as a transfer file: ``mtx``, its half for the normals empty."""
    weights = sparse.csr_matrix(matrix)
    normals = sparse.csr_matrix(weights.shape, dtype=weights.dtype)
    contents = {"mtx": sparse.csc_matrix(sparse.hstack((weights, normals)))}
    path.write_bytes(pickle.dumps(contents, protocol=2))


def write_mask(path: Path, valid: np.ndarray) -> None:
    """(V,) booleans as the ids of the valid vertices."""
    np.save(path, np.flatnonzero(valid), allow_pickle=False)

"""Correspondences between two bodies' surfaces, and which vertices count: the official transfer files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import sparse

from core.correspondence import Correspondence
from core.errors import FileError
from core.files.arrays import key_list, kind_of, shape_text
from core.files.npz import is_npy, read_npy
from core.files.opening import checksum
from core.files.pickles import read_pickle


def read_correspondence(
    path: str | Path,
    *,
    source_vertices: int,
    target_vertices: int,
    mask: str | Path | None = None,
    mask_expected: bool = True,
) -> Correspondence:
    """The correspondence in a transfer file, ``*_deftrafo_setup.pkl``.

    The file holds a dict with ``mtx`` (target × 2·source, whose left half are the barycentric weights and
    whose right half belongs to the normals), or with ``matrix`` (target × source), or is such a matrix
    itself.

    Args:
        path: the transfer file.
        source_vertices: vertices of the source body.
        target_vertices: vertices of the target body.
        mask: the file with the ids of the valid target vertices. Without it every vertex that has a
            correspondence is valid.
        mask_expected: the target's family comes with such a file, so that a note says where it is missing.

    Raises:
        FileError: a file cannot be read, or does not fit these bodies.
    """
    path = Path(path)
    matrix = _weights(path, read_pickle(path), source_vertices, target_vertices)
    if mask is None:
        note = "There is no file of valid vertices, so every vertex with a counterpart counts."
        return Correspondence(
            matrix,
            np.ones(target_vertices, dtype=bool),
            path=path,
            sha256=checksum(path),
            notes=(note,) if mask_expected else (),
        )
    return Correspondence(
        matrix,
        read_mask(mask, target_vertices),
        path=path,
        sha256=checksum(path),
        mask_path=Path(mask),
        mask_sha256=checksum(mask),
    )


def read_mask(path: str | Path, vertices: int) -> np.ndarray:
    """(vertices,) bool from a file of the integer ids of the valid vertices, ``smplx_mask_ids.npy``.

    Raises:
        FileError: the file cannot be read, or does not hold ids of these vertices.
    """
    ids = read_npy(path) if is_npy(path) else _array_in(path)
    if ids.dtype.kind not in "iu" or ids.ndim != 1 or not ids.size:
        raise FileError(
            path,
            f"holds {kind_of(ids)} of shape {shape_text(ids.shape)}, expected a row of integer vertex ids",
        )
    if ids.min() < 0 or ids.max() >= vertices:
        raise FileError(path, f"names vertices from {ids.min()} to {ids.max()}, expected 0 to {vertices - 1}")
    valid = np.zeros(vertices, dtype=bool)
    valid[ids.astype(np.int64)] = True
    return valid


def matrix_in(path: str | Path, contents: object) -> tuple[str, sparse.csr_matrix]:
    """The key (``mtx``, ``matrix``, or empty) and the matrix of a transfer file's contents.

    Raises:
        FileError: there is none.
    """
    key, value = "", contents
    if isinstance(contents, dict):
        key = next((name for name in ("mtx", "matrix") if name in contents), "")
        if not key:
            found = key_list(str(name) for name in contents)
            raise FileError(path, f"has neither 'mtx' nor 'matrix', but {found}")
        value = contents[key]
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "biuf":
        value = sparse.csr_matrix(value)
    if not sparse.issparse(value):
        raise FileError(path, "is not a matrix, expected a scipy.sparse matrix", key=key or None)
    return key, sparse.csr_matrix(value)


def _weights(path: Path, contents: object, sources: int, targets: int) -> sparse.csr_matrix:
    key, matrix = matrix_in(path, contents)
    if matrix.shape == (targets, 2 * sources) and key != "matrix":
        matrix = matrix[:, :sources]
    elif matrix.shape != (targets, sources):
        raise FileError(
            path,
            f"has shape {matrix.shape}, expected ({targets}, {sources}) or ({targets}, {2 * sources})",
            key=key or None,
        )
    matrix = sparse.csr_matrix(matrix, dtype=np.float32)
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise FileError(path, "holds weights that are not finite", key=key or None)
    if not matrix.nnz:
        raise FileError(path, "holds no weights", key=key or None)
    return matrix


def _array_in(path: str | Path) -> np.ndarray:
    """The array in a pickle, the other form in which a list of ids is met."""
    contents = read_pickle(path)
    if isinstance(contents, dict):
        raise FileError(path, "holds a dict, expected an array of vertex ids")
    array = np.asarray(contents)
    if array.dtype.hasobject:
        raise FileError(path, "holds Python objects, expected an array of vertex ids")
    return array

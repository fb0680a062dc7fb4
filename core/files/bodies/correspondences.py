"""Correspondences between two bodies' surfaces, read and written: the official transfer files, and those
of other tools."""

from __future__ import annotations

import os
import pickle
import pickletools
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from scipy import sparse

from core.errors import FileError, RefitError
from core.files.bodies.correspondence_check import check_weights
from core.files.bodies.vertex_sets import named_vertices, read_vertex_list
from core.files.containers.arrays import for_sparse, key_list, kind_of, shape_text
from core.files.containers.atomic import atomic_write
from core.files.containers.joblib_files import read_any_pickle
from core.files.containers.npz import is_npy, is_npz, npz_headers, read_npy, read_npz
from core.files.containers.opening import checksum
from core.files.containers.refusals import reads
from core.files.containers.sparse_npz import saved_by_scipy, sparse_in_npz
from core.files.containers.torch_files import is_torch, read_torch
from core.model.correspondence import Correspondence

MATRIX_KEYS = ("mtx", "matrix")
VALID_KEYS = ("valid", "valid_vertices")
MAPPING_KEYS = ("triangle_ids", "baryc_coords")
"""Of the mappings between MHR and the SMPL family that MHR's conversion tool ships."""
_MOST_DENSE = 1 << 28
# So many rows of weights, rounded as they may be, sum to one in a correspondence.
_MOSTLY, _NEAR_ONE = 0.9, 1e-3


@reads("correspondence", "a correspondence")
def read_correspondence(
    path: str | Path,
    *,
    source_vertices: int,
    target_vertices: int,
    mask: str | Path | None = None,
    mask_expected: bool = True,
    faces: np.ndarray | None = None,
) -> Correspondence:
    """The correspondence in a transfer file, ``*_deftrafo_setup.pkl``, or in what other tools make of one.

    The file holds a dict with ``mtx`` (target × 2·source, whose left half are the barycentric weights and
    whose right half belongs to the normals), or with ``matrix`` (target × source), or is such a matrix
    itself: a pickle (joblib's as well), a file of ``torch.save``, ``.npz`` as ``scipy.sparse.save_npz``
    writes it, ``.npy``. A matrix saved transposed, source × target, is turned, and a note says so.
    ``valid_vertices`` beside the matrix is the mask where no other is given. MHR's mappings
    (``mhr2smplx_mapping.npz``) hold for each target vertex ``triangle_ids`` (Vt,), a triangle of the source,
    and ``baryc_coords`` (Vt, 3) on it.

    Args:
        path: the transfer file.
        source_vertices: vertices of the source body.
        target_vertices: vertices of the target body.
        mask: the file that says which target vertices are valid. Without it every vertex that has a
            correspondence is.
        mask_expected: the target's family comes with such a file, so that a note says where it is missing.
        faces: (F, 3) of the source, for files that name its triangles.

    Raises:
        FileError: a file cannot be read, does not fit these bodies, or more than a few of the rows that count
            hold no weights of a point on a triangle, see `core.files.bodies.correspondence_check`.
    """
    path = Path(path)
    contents = transfer_contents(path)
    if isinstance(contents, dict) and set(MAPPING_KEYS) <= set(contents):
        contents = {"matrix": _of_triangles(path, contents, source_vertices, target_vertices, faces)}
    key, matrix, notes = _weights(path, contents, source_vertices, target_vertices)
    if mask is not None:
        listed = read_mask(mask, target_vertices)
        return Correspondence(
            matrix,
            listed,
            path=path,
            sha256=checksum(path),
            mask_path=Path(mask),
            mask_sha256=checksum(mask),
            notes=(*notes, *check_weights(path, key, matrix, listed)),
        )
    valid, said = _own_mask(path, contents, target_vertices)
    if valid is None:
        valid = np.ones(target_vertices, dtype=bool)
        if mask_expected:
            said = (*said, "There is no file of valid vertices, so every vertex with a counterpart counts.")
    notes = (*notes, *check_weights(path, key, matrix, valid), *said)
    return Correspondence(matrix, valid, path=path, sha256=checksum(path), notes=notes)


def read_mask(path: str | Path, vertices: int) -> np.ndarray:
    """(vertices,) bool from a file of valid vertices, ``smplx_mask_ids.npy``: ids, or as many booleans.

    A file whose name has ``exclude`` in it, as the published head-bun lists, names those that are not.

    Raises:
        FileError: the file cannot be read, does not hold ids of these vertices, or leaves none.
    """
    valid = read_vertex_list(path, vertices).valid
    if not valid.any():
        raise FileError(path, "leaves no vertex that is valid")
    return valid


def transfer_contents(path: str | Path) -> Any:
    """What a file that may be a correspondence holds: a matrix, or a dict with one.

    Raises:
        FileError: the file cannot be read.
    """
    path = Path(path)
    if is_npy(path):
        return read_npy(path)
    if is_torch(path):
        return read_torch(path)
    if is_npz(path):
        headers = npz_headers(path)
        if saved_by_scipy(headers):
            return {"matrix": sparse_in_npz(path), **read_npz(path, VALID_KEYS)}
        return read_npz(path, (*MATRIX_KEYS, *VALID_KEYS, *MAPPING_KEYS)) or dict.fromkeys(headers)
    return read_any_pickle(path)


def matrix_in(path: str | Path, contents: object) -> tuple[str, sparse.csr_matrix]:
    """The key (``mtx``, ``matrix``, or empty) and the matrix of a transfer file's contents.

    Raises:
        FileError: there is none.
    """
    key, value = _matrix(path, contents)
    return key, sparse.csr_matrix(value)


def _matrix(path: str | Path, contents: object) -> tuple[str, Any]:
    """The key and the matrix, dense or sparse, as it is in the file."""
    key, value = "", cast(Any, contents)
    if isinstance(contents, dict):
        key = next((name for name in MATRIX_KEYS if name in contents), "")
        if not key:
            found = key_list(str(name) for name in contents)
            raise FileError(path, f"has neither 'mtx' nor 'matrix', but {found}")
        value = contents[key]
    dense = isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "biuf"
    if dense and value.size > _MOST_DENSE:
        raise FileError(path, f"is a dense matrix of {shape_text(value.shape)}, too large", key=key or None)
    if not dense and not sparse.issparse(value):
        what = "a matrix, expected one of numbers, sparse or dense"
        if isinstance(value, np.ndarray):
            what = f"{what}, but {kind_of(value)} of shape {shape_text(value.shape)}"
        raise FileError(path, f"is not {what}", key=key or None)
    return key, for_sparse(value) if dense else value


def _of_triangles(
    path: Path, contents: dict[str, Any], sources: int, targets: int, faces: np.ndarray | None
) -> sparse.csr_matrix:
    """(Vt, Vs) from a triangle of the source and weights on it for each target vertex."""
    ids, weights = (np.asarray(contents[key]) for key in MAPPING_KEYS)
    if faces is None:
        raise FileError(path, "names triangles of the source, whose faces are not known", key=MAPPING_KEYS[0])
    if ids.shape != (targets,) or ids.dtype.kind not in "iu":
        found = f"is {kind_of(ids)} of shape {shape_text(ids.shape)}"
        raise FileError(path, f"{found}, expected ({targets},) whole numbers", key=MAPPING_KEYS[0])
    if weights.shape != (targets, 3) or weights.dtype.kind not in "iuf":
        raise FileError(
            path, f"has shape {shape_text(weights.shape)}, expected ({targets}, 3)", key=MAPPING_KEYS[1]
        )
    if ids.min() < 0 or ids.max() >= len(faces):
        wrong = int(ids.min() if ids.min() < 0 else ids.max())
        raise FileError(
            path, f"names triangle {wrong} of a source that has {len(faces)}", key=MAPPING_KEYS[0]
        )
    rows = np.repeat(np.arange(targets), 3)
    with np.errstate(over="ignore", invalid="ignore"):
        values = weights.astype(np.float32).ravel()
    return sparse.csr_matrix((values, (rows, faces[ids].ravel())), shape=(targets, sources))


def _weights(
    path: Path, contents: object, sources: int, targets: int
) -> tuple[str, sparse.csr_matrix, tuple[str, ...]]:
    key, found = _matrix(path, contents)
    notes: tuple[str, ...] = ()
    if found.shape == (targets, 2 * sources) and key != "matrix":
        matrix = sparse.csr_matrix(found[:, :sources])
    elif found.shape == (targets, sources):
        matrix = sparse.csr_matrix(found)
    elif found.shape == (sources, targets):
        matrix = _turned(path, key, sparse.csr_matrix(found))
        notes = (f"{path.name} holds its matrix transposed, source × target: it was turned.",)
    else:
        raise FileError(
            path,
            f"has shape {shape_text(found.shape)}, expected ({targets}, {sources}) or "
            f"({targets}, {2 * sources})",
            key=key or None,
        )
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = sparse.csr_matrix(matrix, dtype=np.float32)
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise FileError(path, "holds weights that are not finite", key=key or None)
    if not matrix.nnz:
        raise FileError(path, "holds no weights", key=key or None)
    return key, matrix, notes


def _turned(path: Path, key: str, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """A source × target matrix as target × source, if it is a correspondence that was saved transposed.

    The weights of one target vertex sum to one. If those of the rows do, the file is the one of the other
    direction, which says nothing of this one.
    """
    rows, columns = matrix.shape
    if _sums_to_one(matrix.T) and not _sums_to_one(matrix):
        return sparse.csr_matrix(matrix.T)
    raise FileError(
        path,
        f"maps the other way, from {columns} to {rows} vertices, expected ({columns}, {rows})",
        key=key or None,
    )


def _sums_to_one(matrix: sparse.spmatrix) -> bool:
    """Whether most rows that are not empty do."""
    sums = np.asarray(sparse.csr_matrix(matrix, dtype=np.float64).sum(1)).ravel()
    sums = sums[sums != 0]
    return bool(len(sums) and (np.abs(sums - 1) < _NEAR_ONE).mean() > _MOSTLY)


def _own_mask(path: Path, contents: object, targets: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """The mask beside the matrix, and a note on it."""
    key = next((name for name in VALID_KEYS if isinstance(contents, dict) and name in contents), None)
    if key is None or not isinstance(contents, dict):
        return None, ()
    try:
        valid = named_vertices(path, contents[key], targets)
    except FileError:
        valid = np.zeros(targets, dtype=bool)
    if not valid.any():
        # It may be about the source's vertices: nothing says which.
        return None, (f"'{key}' in {path.name} names no vertices of the target and is not used.",)
    if key == "valid":
        return valid, ()
    return valid, (f"The valid vertices are those that {path.name} names, {int(valid.sum())} of {targets}.",)


# Correspondences written as transfer files: the official pickle, and ``.npz``.

ENDINGS = (".pkl", ".npz")

# Where things were before scipy 1.8 and numpy 2, and where all versions since still find them.
_OLD_PLACES = {
    "scipy.sparse._csr csr_matrix": b"cscipy.sparse\ncsr_matrix\n",
    "numpy._core.multiarray _reconstruct": b"cnumpy.core.multiarray\n_reconstruct\n",
    "numpy._core.multiarray scalar": b"cnumpy.core.multiarray\nscalar\n",
}


def check_transfer_name(path: str | Path) -> None:
    """Raises RefitError where the name is none of a transfer file to write."""
    if Path(path).suffix.lower() not in ENDINGS:
        raise RefitError(f"{path} is no name for a correspondence; it must end in {' or '.join(ENDINGS)}.")


def check_replaceable(path: str | Path) -> None:
    """Raises FileError where something is at ``path`` that is no correspondence: a body model above all."""
    path = Path(path)
    if not os.path.exists(path):
        return
    try:
        matrix_in(path, transfer_contents(path))
    except FileError:
        raise FileError(path, "is no correspondence, and is not written over; choose another name") from None


def write_correspondence(
    path: str | Path,
    correspondence: Correspondence,
    distance_mm: np.ndarray | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Writes a correspondence.

    In ``.pkl`` it is what the published tools read: a dict with ``mtx``, target × 2·source, whose right half,
    for the normals, is empty. In ``.npz`` it is the matrix as ``scipy.sparse.load_npz`` reads it. Beside it
    are ``valid``, booleans, and ``distance_mm`` of each target vertex.

    Args:
        path: ends in one of `ENDINGS`.
        correspondence: what to write.
        distance_mm: (Vt,) from the source's surface, NaN where it is not known; None for nothing.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, exists and ``overwrite`` is False, or could not be opened again.
        RefitError: another ending.
    """
    path = Path(path)
    check_transfer_name(path)
    matrix = sparse.csr_matrix(correspondence.matrix, dtype=np.float32)
    matrix.sort_indices()
    opens = partial(_check_written, correspondence)
    beside = {"valid": correspondence.valid}
    if distance_mm is not None:
        beside["distance_mm"] = np.asarray(distance_mm, dtype=np.float32)
    with atomic_write(path, overwrite=overwrite, reader=opens) as file:
        if path.suffix.lower() == ".npz":
            parts = {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}
            about = {"format": np.array(b"csr"), "shape": np.array(matrix.shape)}
            np.savez_compressed(file, **about, **parts, **beside)  # type: ignore[arg-type]
        else:
            whole = sparse.csr_matrix(
                (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], 2 * matrix.shape[1])
            )
            file.write(_for_all_versions(pickle.dumps({"mtx": whole, **beside}, protocol=2)))


def _check_written(correspondence: Correspondence, path: Path) -> None:
    """Raises FileError where the file would be refused, or read as another mask than it was written for."""
    targets, sources = correspondence.matrix.shape
    found = read_correspondence(path, source_vertices=sources, target_vertices=targets)
    if not np.array_equal(found.valid, correspondence.valid):
        count = int(correspondence.valid.sum())
        raise FileError(path, f"lets {count:,} vertices count, and would be read as {found.valid.sum():,}")


def _for_all_versions(data: bytes) -> bytes:
    """A pickle of protocol 2 that names things where old versions of numpy and scipy have them too."""
    out, done = BytesIO(), 0
    for operation, argument, at in pickletools.genops(data):
        if at is not None and operation.name == "GLOBAL" and argument in _OLD_PLACES:
            out.write(data[done:at] + _OLD_PLACES[argument])
            done = at + len(f"c{argument}\n".encode())
    out.write(data[done:])
    return out.getvalue()

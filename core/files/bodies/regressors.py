"""J_regressors in files of their own, ``.npy``, ``.npz`` dense or sparse, pickles; written as new files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import FileError, RefitError
from core.files.bodies.model_arrays import REGRESSOR_KEYS
from core.files.bodies.models import looks_like_model, regressor_of
from core.files.containers.arrays import finite, key_list, numbers, shape_text
from core.files.containers.atomic import atomic_write, not_saved, write_npz
from core.files.containers.npz import is_npy, is_npz, npz_headers, read_npy, read_npz
from core.files.containers.opening import checksum
from core.files.containers.pickles import read_pickle
from core.files.containers.refusals import reads
from core.files.containers.sparse_npz import saved_by_scipy, sparse_in_npz
from core.model.body import BodyModel
from core.model.joints import FAMILY_LABEL

SUM_TOLERANCE = 1e-3
"""A row whose weights sum to one within this is taken to sum to one: files hold float32."""


def off_rows(regressor: np.ndarray) -> np.ndarray:
    """Ids of the joints whose weights do not sum to one."""
    sums = np.asarray(regressor, np.float64).sum(1)
    return np.flatnonzero(~(np.abs(sums - 1) <= SUM_TOLERANCE))


KEY = "J_regressor"
SPARSE = "sparse.npz"
"""How the name of a file ends that is written sparse."""

_MOST_NAMED = 4


@dataclass(frozen=True, eq=False)
class RegressorFile:
    """A regressor read from a file.

    Attributes:
        matrix: (J, V) float32.
        path: the file.
        sha256: its checksum, hexadecimal.
        notes: sentences on rows that do not sum to one, and on joints without a vertex.
    """

    matrix: np.ndarray
    path: Path
    sha256: str
    notes: tuple[str, ...]


@reads("regressor", "a J_regressor")
def read_regressor(path: str | Path, body: BodyModel) -> RegressorFile:
    """An alternative J_regressor of a body; nothing in the file is executed.

    It may be an array in a ``.npy``; in a ``.npz`` the key ``J_regressor`` or its sparse parts, what
    ``scipy.sparse.save_npz`` writes, or a single array; or a pickle of an array, of a scipy.sparse matrix, or
    of a dict with one of them under ``J_regressor``.

    Raises:
        FileError: the file cannot be read, or its regressor does not fit the body.
    """
    path = Path(path)
    shape = (body.num_joints, body.num_vertices)
    if is_npy(path):
        found: Any = read_npy(path)
    elif is_npz(path):
        found = _in_npz(path, shape)
    else:
        found = read_pickle(path)
        if isinstance(found, dict):
            if KEY not in found:
                raise FileError(path, f"has no '{KEY}', but {key_list(str(key) for key in found)}")
            found = found[KEY]
        if not sparse.issparse(found) and not isinstance(found, np.ndarray):
            raise FileError(path, "holds no matrix, expected an array or a scipy.sparse matrix")
    _check_shape(path, found.shape, shape, body)
    if sparse.issparse(found):
        found = found.toarray()
    matrix = finite(path, KEY, numbers(path, KEY, found, shape))
    return RegressorFile(matrix, path, checksum(path), tuple(_notes(path, body, matrix)))


def write_regressor(path: str | Path, regressor: np.ndarray, *, overwrite: bool = False) -> None:
    """Writes a (J, V) regressor as float32: an array in ``.npy``, the key ``J_regressor`` in ``.npz``; in a
    file whose name ends in ``sparse.npz`` as ``scipy.sparse.save_npz`` writes it.

    Args:
        path: ends in .npy or .npz.
        regressor: (J, V).
        overwrite: replace a regressor that is there; any other file, a body model above all, never is.

    Raises:
        FileError: it cannot be written, something is there that stays, or it is not finite.
        RefitError: another ending.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (".npy", ".npz"):
        raise RefitError(f"{path} is no name for a regressor; it must end in .npy or .npz.")
    if os.path.isfile(path) and overwrite:
        _refuse_what_stays(path, np.shape(regressor))
    matrix = np.ascontiguousarray(regressor, dtype=np.float32)
    try:
        finite(path, KEY, numbers(path, KEY, matrix, (None, None)))
    except FileError as error:
        raise not_saved(path, error) from None
    if path.name.lower().endswith(SPARSE):
        with atomic_write(path, overwrite=overwrite) as file:
            sparse.save_npz(file, sparse.csr_matrix(matrix))
        return
    if ending == ".npz":
        write_npz(path, {KEY: matrix}, overwrite=overwrite)
        return
    with atomic_write(path, overwrite=overwrite) as file:
        np.save(file, matrix, allow_pickle=False)


def _in_npz(path: Path, shape: tuple[int, int]) -> Any:
    headers = npz_headers(path)
    if any(key in headers for key in REGRESSOR_KEYS):
        if KEY in headers:
            return read_npz(path, (KEY,))[KEY]
        return regressor_of(path, read_npz(path, REGRESSOR_KEYS), *shape)
    if saved_by_scipy(headers):
        return sparse_in_npz(path, shape)
    if len(headers) == 1:
        key = next(iter(headers))
        return read_npz(path, (key,))[key]
    raise FileError(path, f"has no '{KEY}' and no sparse matrix, but {key_list(headers)}")


def _check_shape(path: Path, found: tuple[int, ...], wanted: tuple[int, int], body: BodyModel) -> None:
    if tuple(found) == wanted:
        return
    turned = "; it seems to be transposed" if tuple(found) == wanted[::-1] else ""
    raise FileError(
        path,
        f"has shape {shape_text(tuple(found))}, expected {shape_text(wanted)} for the joints and vertices of "
        f"{FAMILY_LABEL[body.family]}{turned}",
        key=KEY,
    )


def _notes(path: Path, body: BodyModel, matrix: np.ndarray) -> list[str]:
    sums = matrix.astype(np.float64).sum(1)
    empty = [body.joint_names[joint] for joint in np.flatnonzero(~matrix.any(1))]
    off = [
        f"{body.joint_names[joint]} ({sums[joint]:.4g})" for joint in off_rows(matrix) if matrix[joint].any()
    ]
    notes = []
    if off:
        notes.append(f"The weights of {_listed(off)} in {path.name} do not sum to one.")
    if empty:
        notes.append(f"{path.name} has no vertex for {_listed(empty)}.")
    return notes


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more joints" if more > 0 else "")


def _refuse_what_stays(path: Path, shape: tuple[int, ...]) -> None:
    if is_npz(path):
        keys = set(npz_headers(path))
        if looks_like_model(keys):
            raise FileError(path, "is a body model, which is never written over; choose another name")
        if keys == {KEY} or (saved_by_scipy(keys) and sparse_in_npz(path).shape == shape):
            return
    elif is_npy(path) and read_npy(path).ndim == 2:
        return
    raise FileError(path, "is no regressor, and is not written over; choose another name")

"""Correspondences written as transfer files: the official pickle, and ``.npz``."""

from __future__ import annotations

import pickle
import pickletools
from io import BytesIO
from pathlib import Path

import numpy as np
from scipy import sparse

from core.correspondence import Correspondence
from core.errors import FileError, RefitError
from core.files.atomic import atomic_write
from core.files.transfer import matrix_in, transfer_contents

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
    if not path.exists():
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
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        RefitError: another ending.
    """
    path = Path(path)
    check_transfer_name(path)
    matrix = sparse.csr_matrix(correspondence.matrix, dtype=np.float32)
    matrix.sort_indices()
    beside = {"valid": correspondence.valid}
    if distance_mm is not None:
        beside["distance_mm"] = np.asarray(distance_mm, dtype=np.float32)
    with atomic_write(path, overwrite=overwrite) as file:
        if path.suffix.lower() == ".npz":
            parts = {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}
            about = {"format": np.array(b"csr"), "shape": np.array(matrix.shape)}
            np.savez_compressed(file, **about, **parts, **beside)  # type: ignore[arg-type]
        else:
            whole = sparse.csr_matrix(
                (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], 2 * matrix.shape[1])
            )
            file.write(_for_all_versions(pickle.dumps({"mtx": whole, **beside}, protocol=2)))


def _for_all_versions(data: bytes) -> bytes:
    """A pickle of protocol 2 that names things where old versions of numpy and scipy have them too."""
    out, done = BytesIO(), 0
    for operation, argument, at in pickletools.genops(data):
        if at is not None and operation.name == "GLOBAL" and argument in _OLD_PLACES:
            out.write(data[done:at] + _OLD_PLACES[argument])
            done = at + len(f"c{argument}\n".encode())
    out.write(data[done:])
    return out.getvalue()

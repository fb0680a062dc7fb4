"""Sparse matrices in ``.npz`` files, as ``scipy.sparse.save_npz`` writes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import FileError
from core.files.containers import pickle_stand_ins as stand
from core.files.containers.arrays import key_list, numbers, shape_text, text
from core.files.containers.bounds import Refused
from core.files.containers.npz import read_npz

_FORMATS: dict[str, type[stand.Sparse]] = {
    "csr": stand.Csr,
    "csc": stand.Csc,
    "coo": stand.Coo,
    "dia": stand.Dia,
    "bsr": stand.Bsr,
}
_PARTS = ("format", "shape", "data", "indices", "indptr", "row", "col", "coords", "offsets")


def saved_by_scipy(keys: Iterable[str]) -> bool:
    """Whether the keys of an ``.npz`` file are those of a sparse matrix."""
    return {"format", "shape", "data"} <= set(keys)


def sparse_in_npz(path: Path, shape: tuple[int, int] | None = None) -> sparse.csr_matrix:
    """The sparse matrix in a file.

    Args:
        path: a file for whose keys `saved_by_scipy` is true.
        shape: what it must be; None for any, within reason.

    Raises:
        FileError: the file is damaged, or its matrix is of another shape.
    """
    arrays = read_npz(path, _PARTS)
    kind = _FORMATS.get(text(path, "format", arrays["format"]))
    if kind is None:
        raise FileError(path, f"is none of {key_list(_FORMATS)}", key="format")
    stated = numbers(path, "shape", arrays["shape"], (2,))
    if not (np.isfinite(stated).all() and (stated >= 0).all() and (stated <= stand.MAX_SIDE).all()):
        raise FileError(path, f"is no shape of at most {stand.MAX_SIDE} a side", key="shape")
    declared = int(stated[0]), int(stated[1])
    if shape is not None and declared != shape:  # told before any of it is built
        raise FileError(path, f"is {shape_text(declared)}, expected {shape_text(shape)}", key="shape")
    parts: dict[str, Any] = dict(arrays)
    if "coords" in parts:
        parts["coords"] = tuple(parts["coords"])
    try:
        return kind().matrix(parts, declared)  # type: ignore[attr-defined]
    except Refused as refused:
        raise FileError(path, str(refused)) from None

"""Weights of single vertices in files: ids with weights in ``.npz``, one for each vertex in ``.npy``."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

from core.errors import FileError, RefitError
from core.files.arrays import key_list, kind_of, shape_text
from core.files.atomic import atomic_write
from core.files.npz import is_npy, is_npz, npz_headers, read_npy, read_npz

LEAST, MOST = 0.1, 10.0
"""Weights lie between these: beyond them a part of the body would follow nothing, or nothing but it."""

_WEIGHTS, _IDS = "weights", "ids"


def read_vertex_weights(path: str | Path, vertices: int) -> np.ndarray:
    """(vertices,) float32 of a file; what it does not name weighs 1.

    A ``.npy`` holds a weight for each vertex, or (n, 2) rows of id and weight; an ``.npz`` the keys ``ids``
    and ``weights``, or ``weights`` alone.

    Raises:
        FileError: the file cannot be read, or does not hold weights from `LEAST` to `MOST` of these vertices.
    """
    path = Path(path)
    ids: np.ndarray | None = None
    if is_npy(path):
        weights = read_npy(path)
        if weights.ndim == 2 and weights.shape[1] == 2 and weights.dtype.kind in "iuf":
            ids, weights = weights[:, 0], weights[:, 1]
    elif is_npz(path):
        headers = npz_headers(path)
        if _WEIGHTS not in headers:
            raise FileError(path, f"has no '{_WEIGHTS}', but {key_list(headers)}")
        found = read_npz(path, (_IDS, _WEIGHTS) if _IDS in headers else (_WEIGHTS,))
        weights, ids = found[_WEIGHTS], found.get(_IDS)
    else:
        raise FileError(path, "is neither .npy nor .npz, expected weights of vertices in one of the two")
    if weights.dtype.kind not in "iuf" or weights.ndim != 1:
        what = kind_of(weights)
        raise FileError(path, f"holds {what} of shape {shape_text(weights.shape)}, expected a row of weights")
    if ids is None:
        if len(weights) != vertices:
            raise FileError(path, f"holds {len(weights)} weights, expected {vertices}")
        out = weights.astype(np.float32)
    else:
        out = np.ones(vertices, dtype=np.float32)
        out[_checked_ids(path, ids, len(weights), vertices)] = weights
    # Also what is not a number.
    if not ((out >= np.float32(LEAST)) & (out <= MOST)).all():
        raise FileError(
            path, f"holds weights from {out.min():g} to {out.max():g}, expected {LEAST:g} to {MOST:g}"
        )
    return out


def _checked_ids(path: Path, ids: np.ndarray, count: int, vertices: int) -> np.ndarray:
    if ids.shape != (count,) or ids.dtype.kind not in "iuf" or (ids != np.floor(ids)).any():
        raise FileError(path, f"does not name a vertex for each of its {count} weights")
    if count and not (ids.min() >= 0 and ids.max() < vertices):
        raise FileError(
            path, f"names vertices from {ids.min():g} to {ids.max():g}, expected 0 to {vertices - 1}"
        )
    return ids.astype(np.int64)


def write_vertex_weights(path: str | Path, weights: np.ndarray, *, overwrite: bool = False) -> None:
    """Writes (V,) weights: in ``.npz`` the ids and weights that are not 1, in ``.npy`` all of them.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
        RefitError: another ending.
    """
    path, content = Path(path), BytesIO()
    weights = np.asarray(weights, dtype=np.float32)
    ending = path.suffix.lower()
    if ending == ".npz":
        ids = np.flatnonzero(weights != 1)
        np.savez_compressed(content, ids=ids, weights=weights[ids])
    elif ending == ".npy":
        np.save(content, weights, allow_pickle=False)
    else:
        raise RefitError(f"{path} is no name for weights of vertices; it must end in .npz or .npy.")
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(content.getvalue())

"""Sets and weights of vertices in files: ids or booleans, in ``.txt``, ``.json``, ``.npy``, ``.npz`` or a
pickle; weights in ``.npz`` or ``.npy``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError, RefitError
from core.files.containers.arrays import key_list, kind_of, shape_text
from core.files.containers.atomic import atomic_write, not_saved
from core.files.containers.documents import TooLong, parsed_json
from core.files.containers.joblib_files import read_any_pickle
from core.files.containers.npz import is_npy, is_npz, npz_headers, read_npy, read_npz
from core.files.containers.opening import read_bytes
from core.files.containers.refusals import reads

_MOST_BYTES = 1 << 26
_KEYS = ("ids", "mask", "valid")
_ENDINGS = (".txt", ".json", ".npy", ".npz")


@dataclass(frozen=True, eq=False)
class VertexList:
    """The vertices that a file names.

    Attributes:
        named: (V,) bool.
        leaves_out: the file's name says that these are to be left out, as those of the published head-bun
            lists, ``*_exclude_vertices_headbun.npy``.
    """

    named: np.ndarray
    leaves_out: bool

    @property
    def valid(self) -> np.ndarray:
        """(V,) bool: the vertices named, or all others where they are to be left out."""
        return ~self.named if self.leaves_out else self.named


@reads("vertices|text", "a list of vertices")
def read_vertex_list(path: str | Path, vertices: int) -> VertexList:
    """The vertices in a file: integer ids, or as many booleans (or zeros and ones) as the body has vertices.

    Text has them apart by blanks, commas or lines, ``#`` begins a remark. Of a json object, an ``.npz`` or a
    dict in a pickle the entry ``ids``, ``mask`` or ``valid`` is read, or the only one.

    Raises:
        FileError: the file cannot be read, or does not hold ids of these vertices.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if is_npy(path):
        found: Any = read_npy(path)
    elif is_npz(path):
        key = _key(path, sorted(npz_headers(path)))
        found = read_npz(path, (key,))[key]
    elif ending == ".json":
        found = _in_json(path)
    elif ending in (".txt", ".csv"):
        found = _in_text(path)
    else:
        found = read_any_pickle(path)
        if isinstance(found, dict):
            found = found[_key(path, sorted(key for key in found if isinstance(key, str)))]
    named = named_vertices(path, found, vertices)
    return VertexList(named, "exclude" in path.name.lower())


def write_vertex_list(path: str | Path, mask: np.ndarray, *, overwrite: bool = False) -> None:
    """Writes the ids of a mask: one a line in ``.txt``, a list in ``.json``, int64 in ``.npy``, ``ids`` in
    ``.npz``. The form in ``.npy`` is that of the published ``smplx_mask_ids.npy``.

    Args:
        path: ends in one of them.
        mask: (V,) bool.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, exists and ``overwrite`` is False, or the mask is empty.
        RefitError: another ending, or a name that would turn the list round when it is read.
    """
    path, ids = Path(path), np.flatnonzero(mask).astype(np.int64)
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise RefitError(f"{path} is no name for a list of vertices; it must end in {', '.join(_ENDINGS)}.")
    if "exclude" in path.name.lower():
        raise RefitError(f"{path} would be read as a list to leave out; choose a name without 'exclude'.")
    if not len(ids):
        raise not_saved(path, FileError(path, "names no vertex"))
    content = BytesIO()
    if ending == ".txt":
        content.write("".join(f"{vertex}\n" for vertex in ids).encode())
    elif ending == ".json":
        content.write((json.dumps(ids.tolist()) + "\n").encode())
    elif ending == ".npy":
        np.save(content, ids, allow_pickle=False)
    else:
        np.savez_compressed(content, ids=ids)
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(content.getvalue())


def _key(path: Path, keys: list[str]) -> str:
    chosen = next((key for key in _KEYS if key in keys), keys[0] if len(keys) == 1 else None)
    if chosen is None:
        raise FileError(path, f"has none of {', '.join(_KEYS)}, but {key_list(keys)}")
    return chosen


def _in_json(path: Path) -> Any:
    try:
        found = parsed_json(read_bytes(path, _MOST_BYTES).decode("utf-8-sig"))
    except TooLong as error:
        raise FileError(path, str(error)) from None
    except ValueError:
        raise FileError(path, "is not a json file") from None
    if isinstance(found, dict):
        found = found[_key(path, sorted(found))]
    if not isinstance(found, list) or not all(isinstance(item, int) for item in found):
        raise FileError(path, "is no list of vertex ids or booleans")
    if found and all(isinstance(item, bool) for item in found):
        return np.array(found, dtype=bool)
    if any(abs(item) >= 1 << 62 for item in found):
        raise FileError(path, "names vertices beyond all bodies")
    return np.array(found, dtype=np.int64)


def _in_text(path: Path) -> np.ndarray:
    try:
        text = read_bytes(path, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(path, "is not a text file") from None
    ids = []
    for number, line in enumerate(text.splitlines(), 1):
        for word in line.partition("#")[0].replace(",", " ").replace(";", " ").split():
            try:
                ids.append(int(word[:20]))
            except ValueError:
                raise FileError(
                    path, f"has '{word[:20]}' in line {number}, expected the id of a vertex"
                ) from None
    return np.array([max(-1, min(vertex, 1 << 40)) for vertex in ids], dtype=np.int64)


def named_vertices(path: Path, found: Any, vertices: int) -> np.ndarray:
    """(vertices,) bool from the ids or booleans that were found in a file.

    Raises:
        FileError: they are neither, or not of these vertices.
    """
    try:
        array = np.asarray(found)
    except (ValueError, TypeError, RecursionError):
        raise FileError(path, "holds no row of vertex ids or booleans") from None
    if array.dtype.hasobject or array.dtype.kind not in "biu" or array.ndim != 1:
        what = kind_of(array)
        raise FileError(
            path, f"holds {what} of shape {shape_text(array.shape)}, expected a row of vertex ids or booleans"
        )
    flags = array.dtype.kind == "b" or (
        len(array) == vertices > 2 and bool(((array == 0) | (array == 1)).all())
    )
    if flags:
        if len(array) != vertices:
            raise FileError(path, f"holds {len(array)} booleans, expected {vertices}")
        return array.astype(bool)
    if not len(array):
        raise FileError(path, "names no vertex")
    if array.min() < 0 or array.max() >= vertices:
        raise FileError(
            path, f"names vertices from {array.min()} to {array.max()}, expected 0 to {vertices - 1}"
        )
    named = np.zeros(vertices, dtype=bool)
    named[array.astype(np.int64)] = True
    return named


# Weights of single vertices in files: ids with weights in ``.npz``, one for each vertex in ``.npy``.

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
    return _checked_weights(path, out)


def _checked_weights(path: Path, weights: np.ndarray) -> np.ndarray:
    # Also what is not a number.
    if not ((weights >= np.float32(LEAST)) & (weights <= MOST)).all():
        found = f"holds weights from {weights.min():g} to {weights.max():g}"
        raise FileError(path, f"{found}, expected {LEAST:g} to {MOST:g}")
    return weights


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
        FileError: it cannot be written, exists and ``overwrite`` is False, or a weight is below `LEAST` or
            above `MOST`.
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
    try:
        _checked_weights(path, weights)
    except FileError as error:
        raise not_saved(path, error) from None
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(content.getvalue())

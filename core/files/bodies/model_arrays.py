"""The arrays in a file that holds a body model; read ahead, if wanted, while something else goes on.

Cheap to import: of what takes long, only pickles bring scipy along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.array_header import is_plain
from core.files.containers.arrays import key_list
from core.files.containers.npz import is_npz, npz_headers, read_npz

MODEL_KEYS = ("v_template", "f", "shapedirs", "posedirs", "weights", "kintree_table")
"""Keys every model file has; ``J_regressor`` too, in one of several forms."""

REGRESSOR_KEYS = tuple(f"J_regressor{part}" for part in ("", "_data", "_indices", "_indptr", "_row", "_col"))
LANDMARK_KEYS = ("lmk_faces_idx", "lmk_bary_coords")
CONTOUR_KEYS = ("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords")
HAND_KEYS = ("hands_componentsl", "hands_componentsr")
_OPTIONAL_KEYS = (
    *("hands_meanl", "hands_meanr", "joint_names", "origin", "gender"),
    *(*LANDMARK_KEYS, *CONTOUR_KEYS, *HAND_KEYS),
)

FileState = tuple[int, int]
"""When a file was written, and how long it is."""

NO_FILE: FileState = (0, 0)

_ahead: dict[tuple[Path, FileState], Future[dict[str, np.ndarray]]] = {}


def file_state(path: Path) -> FileState:
    """Another one when the file has changed; `NO_FILE` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return NO_FILE
    return found.st_mtime_ns, found.st_size


@contextmanager
def reading_ahead(paths: Iterable[Path]) -> Iterator[None]:
    """Reads models that are likely to be asked for, in threads of their own; what nobody has asked for by the
    end is forgotten. A file at fault says so when it is asked for."""
    pool = ThreadPoolExecutor(2, "refit-read-ahead")
    begun = {(path, file_state(path)): pool.submit(_read, path) for path in paths}
    pool.shutdown(wait=False)
    _ahead.update(begun)
    try:
        yield
    finally:
        for which in begun:
            _ahead.pop(which, None)


def model_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a model, a sparse J_regressor in its parts.

    Raises:
        FileError: the file cannot be read, is no body model, or an array that is needed holds something else
            than numbers.
    """
    begun = _ahead.pop((path, file_state(path)), None)
    return _read(path) if begun is None else begun.result()


def _read(path: Path) -> dict[str, np.ndarray]:
    if is_npz(path):
        arrays = _npz_arrays(path)
    else:
        from core.files.containers.pickles import read_pickle

        arrays = _pickled_arrays(path, read_pickle(path))
    directions = arrays["posedirs"]
    if directions.dtype.kind == "f":
        # By far the largest: made ready here, where it may go on beside something else.
        with np.errstate(over="ignore"):
            arrays["posedirs"] = directions.astype(np.float32, copy=False)
    return arrays


def _pickled_arrays(path: Path, contents: Any) -> dict[str, np.ndarray]:
    from scipy import sparse

    if not isinstance(contents, dict):
        raise FileError(path, "is not a body model: it holds no table of arrays")
    keys = {key for key in contents if isinstance(key, str)}
    _check_keys(path, keys)
    arrays: dict[str, np.ndarray] = {}
    for key in (*MODEL_KEYS, *REGRESSOR_KEYS, *_OPTIONAL_KEYS):
        value = contents.get(key)
        if sparse.issparse(value):
            rows = sparse.csr_matrix(value)
            arrays |= {f"{key}_{part}": getattr(rows, part) for part in ("data", "indices", "indptr")}
        elif isinstance(value, np.ndarray) and is_plain(value.dtype):
            arrays[key] = value
        elif key in MODEL_KEYS:
            raise FileError(path, f"is a {type(value).__name__}, expected an array of numbers", key=key)
    if not any(key.startswith("J_regressor") for key in arrays):
        raise FileError(path, "is neither an array of numbers nor a sparse matrix", key="J_regressor")
    return arrays


def _npz_arrays(path: Path) -> dict[str, np.ndarray]:
    headers = npz_headers(path)
    _check_keys(path, set(headers))
    plain = [key for key in (*REGRESSOR_KEYS, *_OPTIONAL_KEYS) if key in headers and headers[key].plain]
    wanted = [*MODEL_KEYS, *plain]
    if "J_regressor" in headers and not any(key.startswith("J_regressor") for key in plain):
        wanted.append("J_regressor")  # refused by name
    return read_npz(path, wanted)


def _check_keys(path: Path, keys: set[str]) -> None:
    missing = [key for key in MODEL_KEYS if key not in keys]
    if not missing and not any(key.startswith("J_regressor") for key in keys):
        missing = ["J_regressor"]
    if missing:
        raise FileError(path, f"is not a body model: it has no {key_list(missing)}, but {key_list(keys)}")

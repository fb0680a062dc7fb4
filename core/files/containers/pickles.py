"""Pickle files, read so that nothing in them can run.

Only the globals in ``ALLOWED`` can be named, each answered by a stand-in
(`core.files.containers.pickle_stand_ins`); every other is refused by name. What carries out the operations
(`core.files.containers.pickle_machine`) keeps an account of all that is made.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import Cancelled, FileError
from core.files.containers import pickle_stand_ins as stand
from core.files.containers.bounds import Bounds, Refused
from core.files.containers.opening import open_to_read
from core.files.containers.pickle_machine import Machine

_SPARSE_KINDS = {
    "csr": stand.Csr,
    "csc": stand.Csc,
    "coo": stand.Coo,
    "dia": stand.Dia,
    "bsr": stand.Bsr,
    "lil": stand.Lil,
}


def _allowed() -> dict[tuple[str, str], type]:
    names: dict[tuple[str, str], type] = {
        ("numpy", "ndarray"): stand.Ndarray,
        ("numpy", "dtype"): stand.Dtype,
        ("_codecs", "encode"): stand.Encode,
        ("collections", "OrderedDict"): stand.Dict,
        ("collections", "defaultdict"): stand.DefaultDict,
        ("chumpy.ch", "Ch"): stand.Chumpy,
        ("chumpy.reordering", "Select"): stand.ChumpySelect,
    }
    for package in ("numpy.core", "numpy._core"):
        names[(f"{package}.multiarray", "_reconstruct")] = stand.ReconstructArray
        names[(f"{package}.multiarray", "scalar")] = stand.Scalar
        names[(f"{package}.numeric", "_frombuffer")] = stand.FromBuffer
    for module in ("builtins", "__builtin__"):
        names[(module, "set")] = stand.Set
        names[(module, "frozenset")] = stand.FrozenSet
        names[(module, "dict")] = stand.Dict
        names[(module, "list")] = stand.List
        names[(module, "object")] = stand.Object
        names[(module, "bytes")] = stand.EmptyBytes
    for module in ("copyreg", "copy_reg"):
        names[(module, "_reconstructor")] = stand.Reconstructor
    for kind, class_ in _SPARSE_KINDS.items():
        for module in (f"scipy.sparse.{kind}", f"scipy.sparse._{kind}", "scipy.sparse"):
            names[(module, f"{kind}_matrix")] = class_
            names[(module, f"{kind}_array")] = class_
    return names


ALLOWED = _allowed()
"""What a pickle may name, and what stands in for it."""


def read_pickle(path: str | Path, names: dict[tuple[str, str], type] | None = None) -> Any:
    """What a pickle file holds: plain containers, numbers, text, NumPy arrays, ``scipy.sparse.csr_matrix``.

    Sparse matrices of every kind become ``csr_matrix``, chumpy arrays become NumPy arrays. Python 2's strings
    are read as Latin-1. ``names`` are stand-ins for more globals.

    Raises:
        FileError: the file is not a pickle, is damaged, or asks for anything else, named in the message.
    """
    with open_to_read(path) as file:
        bounds = Bounds(file)
        return told(path, lambda: Machine(file, bounds, ALLOWED | (names or {})).load(), bounds)


def unpickled(
    path: str | Path,
    data: bytes,
    bounds: Bounds,
    *,
    names: dict[tuple[str, str], type] | None = None,
    outside: Callable[[Any], Any] | None = None,
) -> Any:
    """What a pickle holds, as `read_pickle`.

    Args:
        path: the file it is in, for the message.
        data: the pickle.
        bounds: what reading it may take.
        names: stand-ins for more globals that this kind of file names.
        outside: gives the stand-in for a reference to what lies beside the pickle; None refuses all.

    Raises:
        FileError: as `read_pickle`.
    """
    return told(
        path, lambda: Machine(io.BytesIO(data), bounds, ALLOWED | (names or {}), outside).load(), bounds
    )


def told(path: str | Path, load: Callable[[], Any], bounds: Bounds) -> Any:
    """What ``load`` gives, with every stand-in in it resolved.

    Raises:
        FileError: as `read_pickle`.
    """
    try:
        bounds.begin()
        return stand.Resolver(bounds).resolve(load())
    except Cancelled:
        raise
    except Exception as error:
        problem = _problem(error)
        bounds.failed(problem)
        raise FileError(path, problem) from None


def _problem(error: Exception) -> str:
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, (MemoryError, RecursionError)):
        return "is nested too deeply or needs too much memory"
    return "is not a complete pickle file"


def may_be_pickle(path: str | Path) -> bool:
    """Whether the file starts and ends as a pickle does.

    Raises:
        FileError: the file cannot be read.
    """
    with open_to_read(path) as file:
        start = file.read(2)
        if not start:
            return False
        file.seek(-1, os.SEEK_END)
        ends = file.read(1) == b"."
    # Protocol 2 and later say so; the first two are text that begins with a container.
    return ends and (start[:1] == b"\x80" or start[:1] in b"(}]c")

"""Pickle files, read so that nothing in them can run.

Only the globals in ``ALLOWED`` can be named, each answered by a stand-in
(`core.files.containers.pickle_stand_ins`) or by a plain container; every other is refused by name. Before
anything is built, the operations are listed once, and those that no data file needs are refused.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.errors import FileError
from core.files.containers import pickle_stand_ins as stand
from core.files.containers.opening import open_to_read, read_bytes

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
        ("collections", "OrderedDict"): dict,
        ("collections", "defaultdict"): stand.DefaultDict,
        ("chumpy.ch", "Ch"): stand.Chumpy,
        ("chumpy.reordering", "Select"): stand.ChumpySelect,
    }
    for package in ("numpy.core", "numpy._core"):
        names[(f"{package}.multiarray", "_reconstruct")] = stand.ReconstructArray
        names[(f"{package}.multiarray", "scalar")] = stand.Scalar
        names[(f"{package}.numeric", "_frombuffer")] = stand.FromBuffer
    for module in ("builtins", "__builtin__"):
        names[(module, "set")] = set
        names[(module, "frozenset")] = frozenset
        names[(module, "dict")] = dict
        names[(module, "list")] = list
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

REFUSED_OPERATIONS = {"PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
_OUTSIDE = {"BINPERSID"}
_MEMO_OPERATIONS = {"PUT", "BINPUT", "LONG_BINPUT"}


class _Unpickler(pickle.Unpickler):
    names: Mapping[tuple[str, str], type] = ALLOWED
    outside: Callable[[Any], Any] | None = None

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.names[(module, name)]
        except KeyError:
            raise stand.Refused(f"asks for '{module}.{name}', which is never opened") from None

    def persistent_load(self, pid: Any) -> Any:
        if self.outside is None:
            raise stand.Refused("refers to objects outside itself")
        return self.outside(pid)


def read_pickle(path: str | Path) -> Any:
    """What a pickle file holds: plain containers, numbers, text, NumPy arrays, ``scipy.sparse.csr_matrix``.

    Sparse matrices of every kind become ``csr_matrix``, chumpy arrays become NumPy arrays. Python 2's strings
    are read as Latin-1.

    Raises:
        FileError: the file is not a pickle, is damaged, or asks for anything else, named in the message.
    """
    return unpickled(path, read_bytes(path))


def unpickled(
    path: str | Path,
    data: bytes,
    *,
    names: Mapping[tuple[str, str], type] | None = None,
    outside: Callable[[Any], Any] | None = None,
) -> Any:
    """What the bytes of a pickle hold, as `read_pickle`.

    Args:
        path: the file they are from, for the message.
        data: the pickle.
        names: stand-ins for more globals that this kind of file names.
        outside: gives the stand-in for a reference to what lies beside the pickle; None refuses all.

    Raises:
        FileError: as `read_pickle`.
    """
    try:
        _check_operations(data, REFUSED_OPERATIONS if outside is None else REFUSED_OPERATIONS - _OUTSIDE)
        unpickler = _Unpickler(io.BytesIO(data), encoding="latin1")
        unpickler.names, unpickler.outside = {**ALLOWED, **(names or {})}, outside
        return stand.Resolver().resolve(unpickler.load())
    except stand.Refused as refused:
        raise FileError(path, str(refused)) from None
    except (MemoryError, RecursionError):
        raise FileError(path, "is nested too deeply or needs too much memory") from None
    except Exception:
        raise FileError(path, "is not a complete pickle file") from None


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


def _check_operations(data: bytes, refused: set[str]) -> None:
    """Refuse what only a hostile file holds: outside references, and a memo larger than the file could fill.

    Raises:
        Refused: such an operation is there.
        ValueError: the operations are damaged or incomplete.
    """
    for operation, argument, _ in pickletools.genops(data):
        if operation.name in refused:
            raise stand.Refused("refers to objects outside itself")
        if operation.name in _MEMO_OPERATIONS and not 0 <= int(argument or 0) <= len(data):
            raise stand.Refused("is damaged: it numbers more objects than it has")

"""What a pickle may build: harmless stand-ins for NumPy, SciPy and chumpy objects.

A pickle names the functions and classes that rebuild its objects. None of the real ones is ever handed to it.
Each stand-in only keeps what the pickle says; `resolve` then checks it and makes plain containers, NumPy
arrays and ``scipy.sparse.csr_matrix`` of it.

Every stand-in is a class with a ``__setstate__``, so that a pickle cannot set attributes on the class itself.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from scipy import sparse

from core.files.containers.array_header import has_size, is_plain
from core.files.containers.arrays import for_sparse
from core.files.containers.bounds import Refused
from core.files.containers.npz import is_text, native
from core.files.containers.opening import MAX_BYTES
from core.files.containers.pickle_resolver import Resolver, StandIn, add, fill

MAX_SIDE = 1 << 24
"""A sparse matrix may have this many rows or columns at most."""


class Ndarray(StandIn):
    """``numpy.ndarray``; state is (version, shape, dtype, fortran, bytes or list)."""

    def resolve(self, resolver: Resolver) -> Any:
        state = self.state
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise Refused("is damaged: an array in it has no contents")
        shape, dtype, fortran, data = state[-4:]
        return array_of(shape, dtype, bool(fortran), data, resolver)


class Dtype(StandIn):
    """``numpy.dtype``; args are (code, align, copy), state is (version, byte order, …)."""

    def resolve(self, resolver: Resolver) -> np.dtype:
        code = self.args[0] if self.args else None
        if isinstance(code, bytes):
            code = code.decode("latin-1")
        if not isinstance(code, str) or not _PLAIN_CODE.fullmatch(code):
            raise Refused(f"holds an array of an unknown type {str(code)[:40]!r}")
        dtype = np.dtype(code)
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "="
        if isinstance(order, bytes):
            order = order.decode("latin-1")
        if order not in ("<", ">", "=", "|"):
            raise Refused("is damaged: an array in it has an unknown byte order")
        if not dtype.hasobject and not is_plain(dtype):
            raise Refused(f"holds an array of {dtype}, expected plain numbers or text")
        return dtype if order in ("|", "=") else dtype.newbyteorder(order)  # type: ignore[arg-type]


_PLAIN_CODE = re.compile(r"[?bBhHiIlLqQefdFDO]|b1|[iu][1248]|f[248]|c8|c16|O8|O4|[SU]\d{1,9}")


class ReconstructArray(StandIn):
    """``numpy.core.multiarray._reconstruct``: an empty array, filled by its state."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return Ndarray()


class Scalar(StandIn):
    """``numpy.core.multiarray.scalar``; args are (dtype, bytes)."""

    may_be_key = True

    def resolve(self, resolver: Resolver) -> Any:
        if len(self.args) != 2:
            raise Refused("is damaged: a number in it has no contents")
        return array_of((), self.args[0], False, self.args[1], resolver)[()]


class FromBuffer(StandIn):
    """``numpy._core.numeric._frombuffer``; args are (bytes, dtype, shape, order)."""

    def resolve(self, resolver: Resolver) -> Any:
        if len(self.args) != 4:
            raise Refused("is damaged: an array in it has no contents")
        data, dtype, shape, order = self.args
        return array_of(shape, dtype, order == "F", data, resolver)


class Encode(StandIn):
    """``_codecs.encode``, which Python-2-readable pickles use for bytes: Latin-1 only."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 2 and isinstance(args[0], str) and args[1] in ("latin1", "latin-1"):
            return args[0].encode("latin-1")
        raise Refused("uses a text encoding other than latin1")


class EmptyBytes(StandIn):
    """``bytes()``, as an old pickle writes b''."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if args:
            raise Refused("is damaged: it builds bytes in an unknown way")
        return b""


class Dict(StandIn):
    """``dict``, or ``OrderedDict``; args are none, or (its pairs,)."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls, *args) if args else {}

    def resolve(self, resolver: Resolver) -> dict[Any, Any]:
        pairs = resolver.resolve(self.args[0])
        if isinstance(pairs, dict):
            return dict(pairs)
        if not isinstance(pairs, list) or not all(
            isinstance(p, (list, tuple)) and len(p) == 2 for p in pairs
        ):
            raise Refused("is damaged: a table in it has no pairs")
        made: dict[Any, Any] = {}
        fill(made, pairs, resolver.bounds)
        return made


class DefaultDict(StandIn):
    """``collections.defaultdict``, whose factory is left out."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return {}


class List(StandIn):
    """``list``; args are none, or (what it holds,)."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls, *args) if args else []

    def resolve(self, resolver: Resolver) -> list[Any]:
        held = resolver.resolve(self.args[0])
        if not isinstance(held, (list, tuple)):
            raise Refused("is damaged: a list in it has no contents")
        resolver.bounds.take(8 * len(held))
        return list(held)


class Set(StandIn):
    """``set``; args are none, or (a list of its members,)."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls, *args) if args else set()

    def resolve(self, resolver: Resolver) -> set[Any]:
        held = resolver.resolve(self.args[0])
        if not isinstance(held, (list, tuple, set)):
            raise Refused("is damaged: a set in it has no contents")
        made: set[Any] = set()
        add(made, held, resolver.bounds)
        return made


class FrozenSet(Set):
    """``frozenset``, likewise."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return StandIn.__new__(cls, *(args or ([],)))


class Object(StandIn):
    """``object``, named as the base class in old pickles."""


class Reconstructor(StandIn):
    """``copyreg._reconstructor``; args are (class, base, state)."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        kind = args[0] if len(args) == 3 else None
        if isinstance(kind, type) and issubclass(kind, (Sparse, Chumpy)):
            return kind()
        raise Refused("is damaged: it rebuilds an object in an unknown way")


class Sparse(StandIn):
    """A scipy.sparse matrix or array; state is the dict of its parts."""

    def resolve(self, resolver: Resolver) -> sparse.csr_matrix:
        parts = {str(key): value for key, value in self.settings(resolver).items()}
        shape = parts.get("_shape", parts.get("shape"))
        if not (isinstance(shape, tuple) and len(shape) == 2 and all(_is_count(n) for n in shape)):
            raise Refused("holds a sparse matrix without a two-dimensional shape")
        rows, columns = int(shape[0]), int(shape[1])
        if max(rows, columns) > MAX_SIDE:
            raise Refused(f"holds a sparse matrix of {rows} × {columns}, expected at most {MAX_SIDE} a side")
        return self.matrix(parts, (rows, columns))

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        raise Refused("holds a sparse matrix of an unknown kind")


class Csr(Sparse):
    """Compressed rows."""

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        data, minor, major = compressed(parts, shape[0], shape[1])
        return from_entries(data, major, minor, shape)


class Csc(Sparse):
    """Compressed columns."""

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        data, minor, major = compressed(parts, shape[1], shape[0])
        return from_entries(data, minor, major, shape)


class Coo(Sparse):
    """Row, column and value of each entry."""

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        pair = parts.get("coords")
        if not (isinstance(pair, tuple) and len(pair) == 2):
            pair = (parts.get("row"), parts.get("col"))
        return from_entries(parts.get("data"), pair[0], pair[1], shape)


class Dia(Sparse):
    """Whole diagonals."""

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        data, offsets = parts.get("data"), integers(parts.get("offsets"), "offsets")
        if not isinstance(data, np.ndarray) or data.ndim != 2 or len(data) != len(offsets):
            raise Refused("holds a sparse matrix whose diagonals do not match")
        columns = np.broadcast_to(np.arange(data.shape[1]), data.shape)
        rows = columns - offsets[:, None]
        inside = (rows >= 0) & (rows < shape[0]) & (columns < shape[1])
        return from_entries(data[inside], rows[inside], columns[inside], shape)


class Bsr(Sparse):
    """Compressed rows of small dense blocks."""

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        data = parts.get("data")
        if not isinstance(data, np.ndarray) or data.ndim != 3 or 0 in data.shape[1:]:
            raise Refused("holds a sparse matrix whose blocks are not a three-dimensional array")
        height, width = data.shape[1:]
        if shape[0] % height or shape[1] % width:
            raise Refused("holds a sparse matrix whose blocks do not tile it")
        _, minor, major = compressed({**parts, "data": data[:, 0, 0]}, shape[0] // height, shape[1] // width)
        rows = major[:, None, None] * height + np.arange(height)[:, None]
        columns = minor[:, None, None] * width + np.arange(width)
        rows, columns = np.broadcast_arrays(rows, columns)
        return from_entries(data.ravel(), rows.ravel(), columns.ravel(), shape)


class Lil(Sparse):
    """A list of columns and a list of values for each row."""

    def matrix(self, parts: dict[str, Any], shape: tuple[int, int]) -> sparse.csr_matrix:
        columns, values = parts.get("rows"), parts.get("data")
        if not isinstance(columns, np.ndarray) or not isinstance(values, np.ndarray):
            raise Refused("holds a sparse matrix without its lists")
        counts = [len(row) for row in columns]
        if counts != [len(row) for row in values] or len(counts) != shape[0]:
            raise Refused("holds a sparse matrix whose lists do not match")
        flat = np.array([value for row in values for value in row], dtype=np.float64)
        minor = np.array([column for row in columns for column in row], dtype=np.int64)
        return from_entries(flat, np.repeat(np.arange(shape[0]), counts), minor, shape)


class Chumpy(StandIn):
    """``chumpy.ch.Ch``: an array under the key ``x``."""

    def resolve(self, resolver: Resolver) -> np.ndarray:
        return self.numbers(self.settings(resolver), "x")

    @staticmethod
    def numbers(settings: dict[Any, Any], key: str) -> np.ndarray:
        """The numeric array kept under ``key``."""
        array = np.asarray(settings.get(key))
        if array.dtype.kind not in "biuf":
            raise Refused(f"holds a chumpy array without numbers in '{key}'")
        return array


class ChumpySelect(Chumpy):
    """``chumpy.reordering.Select``: chosen elements of another array, in another shape."""

    def resolve(self, resolver: Resolver) -> np.ndarray:
        settings = self.settings(resolver)
        array = self.numbers(settings, "a").ravel()
        chosen = integers(settings.get("idxs"), "idxs", array.size)
        shape = settings.get("preferred_shape", (chosen.size,))
        if not (
            isinstance(shape, tuple) and all(_is_count(n) for n in shape) and math.prod(shape) == chosen.size
        ):
            raise Refused("holds a chumpy selection whose shape does not match")
        return array[chosen].reshape(shape)


def array_of(shape: Any, dtype: Any, fortran: bool, data: Any, resolver: Resolver) -> np.ndarray:
    """The array with this shape, type and bytes (a list, for an array of objects)."""
    dtype = resolver.resolve(dtype)
    if not isinstance(dtype, np.dtype):
        raise Refused("is damaged: an array in it has no type")
    count = count_of(shape)
    if not has_size(dtype, count):
        raise Refused("holds many texts of no length, expected plain numbers or text")
    order = "F" if fortran else "C"
    if dtype.hasobject:
        if not isinstance(data, list) or len(data) != count:
            raise Refused(f"is damaged: an array of shape {shape} has other contents")
        objects = np.empty(count, dtype=object)
        for index, item in enumerate(resolver.resolve(data)):
            objects[index] = item
        return objects.reshape(shape, order=order)  # type: ignore[call-overload,no-any-return]
    if isinstance(data, str):  # Python 2's str, read as Latin-1
        data = data.encode("latin-1")
    if not isinstance(data, (bytes, bytearray)) or len(data) != count * dtype.itemsize:
        raise Refused(f"is damaged: an array of shape {shape} and type {dtype} has other contents")
    if not data:
        return native(np.zeros(shape, dtype))
    flat = np.frombuffer(data, dtype, count)
    array = native(flat.reshape(shape, order=order))  # type: ignore[call-overload]
    if not is_text(array):
        raise Refused("holds text that is not valid Unicode")
    return array


def count_of(shape: Any) -> int:
    """How many elements an array of this shape has.

    Raises:
        Refused: it is no shape.
    """
    if not (
        isinstance(shape, tuple) and len(shape) <= 32 and all(_is_count(n) and n <= MAX_BYTES for n in shape)
    ):
        raise Refused("is damaged: an array in it has no shape")
    return math.prod(int(n) for n in shape)


def from_entries(data: Any, rows: Any, columns: Any, shape: tuple[int, int]) -> sparse.csr_matrix:
    """The matrix with value ``data[k]`` at (``rows[k]``, ``columns[k]``); values at one place are added."""
    rows, columns = integers(rows, "rows", shape[0]), integers(columns, "columns", shape[1])
    if not isinstance(data, np.ndarray) or data.ndim != 1 or data.dtype.kind not in "biuf":
        raise Refused("holds a sparse matrix whose values are not numbers")
    if not len(data) == len(rows) == len(columns):
        raise Refused("holds a sparse matrix with unequal numbers of values and places")
    return sparse.coo_matrix((for_sparse(data), (rows, columns)), shape=shape).tocsr()


def compressed(parts: dict[str, Any], majors: int, minors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, minor and major index of each entry of a compressed matrix."""
    data = parts.get("data")
    minor = integers(parts.get("indices"), "indices", minors)
    starts = integers(parts.get("indptr"), "indptr", len(minor) + 1)
    if len(starts) != majors + 1 or starts[0] != 0 or (np.diff(starts) < 0).any():
        raise Refused("holds a sparse matrix whose 'indptr' does not match its shape")
    if not isinstance(data, np.ndarray) or data.ndim != 1 or len(data) < starts[-1]:
        raise Refused("holds a sparse matrix with unequal numbers of values and places")
    used = int(starts[-1])
    return data[:used], minor[:used], np.repeat(np.arange(majors), np.diff(starts))


def integers(value: Any, name: str, stop: int | None = None) -> np.ndarray:
    """``value`` as (N,) int64, checked to be integers, and in 0…stop−1 where ``stop`` is given."""
    array = np.asarray(value)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise Refused(f"holds '{name}' that are not a row of integers")
    array = array.astype(np.int64)
    if stop is not None and array.size and (array.min() < 0 or array.max() >= stop):
        raise Refused(f"holds '{name}' from {array.min()} to {array.max()}, expected 0 to {stop - 1}")
    return array


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) >= 0

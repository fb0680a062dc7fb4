"""Stand-ins for torch's tensors in a pickle, whichever file it is in.

A file of torch.save keeps the numbers beside its pickle; a plain pickle keeps them within, as the bytes that
torch.save wrote of the storage alone, in the form of torch before 1.6. Those are read here too: pickles one
after another, then the numbers of each storage. Nothing of torch is asked.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import Cancelled
from core.files.containers import pickle_stand_ins as stand
from core.files.containers.bounds import Bounds, Refused, most_memory
from core.files.containers.npz import native
from core.files.containers.pickle_machine import Machine
from core.files.containers.pickles import ALLOWED

_MOST_DIMENSIONS = 32
_MOST_COUNT = 1 << 40
_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_MOST_STORAGES = 10_000

OLD_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How a file of torch before 1.6 begins."""


class Storage(stand.StandIn):
    """A row of numbers of one type; the pickle names the type, the bytes lie elsewhere."""

    dtype = ""
    shifted = False

    @classmethod
    def numbers(cls, data: bytes, order: str = "<") -> np.ndarray:
        """The numbers that the bytes are."""
        dtype = np.dtype(order + cls.dtype)
        found = native(np.frombuffer(data, dtype, len(data) // dtype.itemsize))
        if cls.shifted:
            return (found.astype(np.uint32) << 16).view(np.float32)
        return found.astype(np.float32) if cls.dtype == "f2" else found


def _storage(dtype: str, *, shifted: bool = False) -> type[Storage]:
    """``shifted``: the upper half of a float32, as bfloat16 is."""
    name = f"Storage_{dtype}{'_shifted' * shifted}"
    return type(name, (Storage,), {"dtype": dtype, "shifted": shifted})


class _Size(stand.StandIn):
    """``torch.Size``; args are (lengths,)."""

    def resolve(self, resolver: stand.Resolver) -> tuple[int, ...]:
        return _counts(resolver.resolve(self.args[0]) if len(self.args) == 1 else None, "size")


class _Layout(stand.StandIn):
    """``_get_layout``; args are (name,)."""

    def resolve(self, resolver: stand.Resolver) -> str:
        return str(self.args[0])[:40] if self.args else ""


class _Tensor(stand.StandIn):
    """``_rebuild_tensor_v2``; args are (storage, offset, size, stride, …)."""

    def resolve(self, resolver: stand.Resolver) -> np.ndarray:
        if len(self.args) < 4:
            raise Refused("is damaged: a tensor in it has no contents")
        stored, offset, size, stride = (resolver.resolve(value) for value in self.args[:4])
        size, stride = _counts(size, "size"), _counts(stride, "stride")
        start = _counts((offset,), "offset")[0]
        if not isinstance(stored, np.ndarray) or len(size) != len(stride):
            raise Refused("is damaged: a tensor in it has no numbers")
        count = math.prod(size)
        last = start + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if count and last >= len(stored):
            raise Refused(f"is damaged: a tensor of shape {size} reaches beyond its numbers")
        if count * stored.itemsize > most_memory(resolver.bounds.size):
            raise Refused("needs more memory than is allowed for a file of its size")
        if not count:
            return np.zeros(size, stored.dtype)
        steps = [step * stored.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(stored[start:], size, steps, writeable=False)


class _SparseTensor(stand.StandIn):
    """``_rebuild_sparse_tensor``; args are (layout, parts)."""

    def resolve(self, resolver: stand.Resolver) -> sparse.csr_matrix:
        layout, parts = resolver.resolve(self.args) if len(self.args) == 2 else ("", None)
        if not isinstance(parts, tuple) or len(parts) < 3:
            raise Refused("is damaged: a sparse tensor in it has no contents")
        if layout == "torch.sparse_coo":
            places, values, size = parts[:3]
            shape = _sides(size)
            if not isinstance(places, np.ndarray) or places.ndim != 2 or len(places) != 2:
                raise Refused("holds a sparse tensor whose places are not rows and columns")
            return stand.from_entries(values, places[0], places[1], shape)
        if layout in ("torch.sparse_csr", "torch.sparse_csc") and len(parts) >= 4:
            kind = stand.Csr if layout.endswith("csr") else stand.Csc
            starts, minor, values, size = parts[:4]
            return kind().matrix({"data": values, "indices": minor, "indptr": starts}, _sides(size))
        raise Refused(f"holds a tensor of an unknown layout {str(layout)!r}")


class _Parameter(stand.StandIn):
    """``_rebuild_parameter``; args are (tensor, …)."""

    def resolve(self, resolver: stand.Resolver) -> Any:
        if not self.args:
            raise Refused("is damaged: a tensor in it has no contents")
        return resolver.resolve(self.args[0])


class _FromBytes(stand.StandIn):
    """``torch.storage._load_from_bytes``; args are (bytes,): what torch.save wrote of one storage."""

    def resolve(self, resolver: stand.Resolver) -> Any:
        data = self.args[0] if len(self.args) == 1 else None
        if not isinstance(data, bytes) or not data.startswith(OLD_START):
            raise Refused("is damaged: a tensor in it has no numbers")
        return old_contents(data, _STORAGES, resolver.bounds)


_STORAGES: dict[tuple[str, str], type] = {
    ("torch", "DoubleStorage"): _storage("f8"),
    ("torch", "FloatStorage"): _storage("f4"),
    ("torch", "HalfStorage"): _storage("f2"),
    ("torch", "BFloat16Storage"): _storage("u2", shifted=True),
    ("torch", "LongStorage"): _storage("i8"),
    ("torch", "IntStorage"): _storage("i4"),
    ("torch", "ShortStorage"): _storage("i2"),
    ("torch", "CharStorage"): _storage("i1"),
    ("torch", "ByteStorage"): _storage("u1"),
    ("torch", "BoolStorage"): _storage("b1"),
}

TENSORS: dict[tuple[str, str], type] = {
    **_STORAGES,
    ("torch", "Size"): _Size,
    ("torch.serialization", "_get_layout"): _Layout,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch._utils", "_rebuild_sparse_tensor"): _SparseTensor,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    ("torch.storage", "_load_from_bytes"): _FromBytes,
}
"""What a pickle names where it holds tensors, and what stands in for it."""


class _Stored(stand.StandIn):
    """One storage, as ('storage', type, name, device, count, …) refers to it."""

    def resolve(self, resolver: stand.Resolver) -> np.ndarray:
        storages, reference = self.args
        return storages.numbers(reference)


class Storages:
    """Where the numbers lie that a pickle refers to; each storage is read once."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], np.ndarray] = {}

    def refer(self, reference: Any) -> _Stored:
        """Stands for what a reference in the pickle means.

        Raises:
            Refused: it means no storage.
        """
        if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
            raise Refused("refers to objects outside itself")
        kind, name = reference[1], reference[2]
        if not (isinstance(kind, type) and issubclass(kind, Storage)) or not isinstance(name, str):
            raise Refused("holds a tensor of an unknown type")
        if len(reference) == 6 and reference[5] is not None:
            raise Refused("holds a storage that is part of another, as no torch writes any more")
        self.named(name, kind)
        return _Stored(self, (kind, name))

    def numbers(self, reference: tuple[type[Storage], str]) -> np.ndarray:
        """The numbers of a storage."""
        kind, name = reference
        if (name, kind.__name__) not in self._read:
            self._read[name, kind.__name__] = self.fetched(name, kind)
        return self._read[name, kind.__name__]

    def named(self, name: str, kind: type[Storage]) -> None:
        """A storage is referred to."""

    def fetched(self, name: str, kind: type[Storage]) -> np.ndarray:
        """Its numbers, from where they lie."""
        raise NotImplementedError


def old_contents(data: bytes, names: dict[tuple[str, str], type], bounds: Bounds) -> Any:
    """What torch before 1.6 wrote: of a whole file, or of a storage within a pickle.

    Args:
        data: all of it: five pickles, then the numbers.
        names: stand-ins for what it may name, beside those of every pickle.
        bounds: what reading it may take.

    Raises:
        Refused: it is damaged, or asks for anything else, named in the message.
    """
    bounds.take(len(data))
    stream, storages = io.BytesIO(data), _After()
    try:
        magic, version, system = (Machine(stream, bounds, ALLOWED).load() for _ in range(3))
        contents = Machine(stream, bounds, ALLOWED | names, storages.refer).load()
        listed = Machine(stream, bounds, ALLOWED).load()
    except (Refused, Cancelled, MemoryError, RecursionError):
        raise
    except Exception:
        raise Refused("is damaged: a tensor in it has no numbers") from None
    if magic != _MAGIC or version != _VERSION or type(system) is not dict:
        raise Refused("is no file of torch.save")
    storages.follow(data[stream.tell() :], listed, "<" if system.get("little_endian", True) else ">")
    return stand.Resolver(bounds).resolve(contents)


class _After(Storages):
    """Storages that follow one another: of each how many numbers there are, then the numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._data, self._names, self._order = b"", list[str](), "<"
        self._kinds: dict[str, type[Storage]] = {}
        self._places: dict[str, bytes] | None = None

    def follow(self, data: bytes, names: Any, order: str) -> None:
        """Says what comes after the pickles, and in which order."""
        if not isinstance(names, list) or len(names) > _MOST_STORAGES or not _all_texts(names):
            raise Refused("is damaged: it does not say which tensors it has")
        self._data, self._names, self._order = data, names, order

    def named(self, name: str, kind: type[Storage]) -> None:
        if self._kinds.setdefault(name, kind) is not kind:
            raise Refused("is damaged: a tensor in it is of two types")

    def fetched(self, name: str, kind: type[Storage]) -> np.ndarray:
        # Only now is the type of all of them known, and with it where each begins.
        if self._places is None:
            self._places = self._found()
        if name not in self._places:
            raise Refused(f"is damaged: it has no '{name[:40]}'")
        return kind.numbers(self._places[name], self._order)

    def _found(self) -> dict[str, bytes]:
        at, places = 0, {}
        for name in self._names:
            if name not in self._kinds:
                raise Refused("is damaged: it has a tensor that is nowhere in it")
            count = int.from_bytes(self._data[at : at + 8], "little" if self._order == "<" else "big")
            size = count * np.dtype(self._kinds[name].dtype).itemsize
            at += 8
            if size > len(self._data) - at:
                raise Refused("is damaged: a tensor in it is cut short")
            places[name] = self._data[at : at + size]
            at += size
        return places


def _all_texts(names: list[Any]) -> bool:
    return all(isinstance(name, str) for name in names)


def _counts(value: Any, name: str) -> tuple[int, ...]:
    """A tuple of whole numbers from zero on."""
    if (
        not isinstance(value, (tuple, list))
        or len(value) > _MOST_DIMENSIONS
        or not all(isinstance(n, int) and 0 <= n <= _MOST_COUNT for n in value)
    ):
        raise Refused(f"is damaged: a tensor in it has no {name}")
    return tuple(int(n) for n in value)


def _sides(size: Any) -> tuple[int, int]:
    shape = _counts(size, "size")
    if len(shape) != 2 or max(shape) > stand.MAX_SIDE:
        raise Refused(f"holds a sparse tensor of shape {shape}, expected rows and columns")
    return shape[0], shape[1]

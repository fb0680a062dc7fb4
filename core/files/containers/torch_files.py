"""Files that ``torch.save`` wrote, read so that nothing in them can run.

Their pickle goes through the same reader as any other; tensors become NumPy arrays, sparse ones
``scipy.sparse.csr_matrix``. torch's own loader is not asked: how much it believes of what a file says of its
sizes depends on its version, and it unpacks what is packed.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from core.errors import FileError
from core.files.containers import pickle_stand_ins as stand
from core.files.containers.npz import native
from core.files.containers.opening import MAX_BYTES, open_to_read
from core.files.containers.pickles import unpickled

_CONTENTS = "data.pkl"
_MOST_CONTENTS = 1 << 26
_MOST_MEMBERS = 10_000
_MOST_DIMENSIONS = 32
_MOST_COUNT = 1 << 40


class _Storage(stand.StandIn):
    """A row of numbers of one type; the pickle names the type, the zip has the bytes."""

    dtype = ""
    shifted = False


def _storage(dtype: str, *, shifted: bool = False) -> type[_Storage]:
    """``shifted``: the upper half of a float32, as bfloat16 is."""
    name = f"Storage_{dtype}{'_shifted' * shifted}"
    return type(name, (_Storage,), {"dtype": dtype, "shifted": shifted})


class _Stored(stand.StandIn):
    """One member of the zip, as ('storage', type, name, device, count) refers to it."""

    def resolve(self, resolver: stand.Resolver) -> np.ndarray:
        archive, reference = self.args
        return archive.numbers(reference)


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
            raise stand.Refused("is damaged: a tensor in it has no contents")
        stored, offset, size, stride = (resolver.resolve(value) for value in self.args[:4])
        size, stride = _counts(size, "size"), _counts(stride, "stride")
        start = _counts((offset,), "offset")[0]
        if not isinstance(stored, np.ndarray) or len(size) != len(stride):
            raise stand.Refused("is damaged: a tensor in it has no numbers")
        count = math.prod(size)
        last = start + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if count and last >= len(stored):
            raise stand.Refused(f"is damaged: a tensor of shape {size} reaches beyond its numbers")
        if count * stored.itemsize > MAX_BYTES:
            raise stand.Refused(f"needs more memory than the {MAX_BYTES} bytes allowed")
        if not count:
            return np.zeros(size, stored.dtype)
        steps = [step * stored.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(stored[start:], size, steps, writeable=False)


class _SparseTensor(stand.StandIn):
    """``_rebuild_sparse_tensor``; args are (layout, parts)."""

    def resolve(self, resolver: stand.Resolver) -> sparse.csr_matrix:
        layout, parts = resolver.resolve(self.args) if len(self.args) == 2 else ("", None)
        if not isinstance(parts, tuple) or len(parts) < 3:
            raise stand.Refused("is damaged: a sparse tensor in it has no contents")
        if layout == "torch.sparse_coo":
            places, values, size = parts[:3]
            shape = _sides(size)
            if not isinstance(places, np.ndarray) or places.ndim != 2 or len(places) != 2:
                raise stand.Refused("holds a sparse tensor whose places are not rows and columns")
            return stand.from_entries(values, places[0], places[1], shape)
        if layout in ("torch.sparse_csr", "torch.sparse_csc") and len(parts) >= 4:
            kind = stand.Csr if layout.endswith("csr") else stand.Csc
            starts, minor, values, size = parts[:4]
            return kind().matrix({"data": values, "indices": minor, "indptr": starts}, _sides(size))
        raise stand.Refused(f"holds a tensor of an unknown layout {str(layout)!r}")


class _Parameter(stand.StandIn):
    """``_rebuild_parameter``; args are (tensor, …)."""

    def resolve(self, resolver: stand.Resolver) -> Any:
        if not self.args:
            raise stand.Refused("is damaged: a tensor in it has no contents")
        return resolver.resolve(self.args[0])


_NAMES: dict[tuple[str, str], type] = {
    ("torch", "Size"): _Size,
    ("torch.serialization", "_get_layout"): _Layout,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch._utils", "_rebuild_sparse_tensor"): _SparseTensor,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
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


_OLD_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def is_torch(path: str | Path) -> bool:
    """Whether the file is as ``torch.save`` writes it, now or before 2020.

    Raises:
        FileError: the file cannot be read.
    """
    with open_to_read(path) as file:
        start = file.read(len(_OLD_START))
        if start[:4] != b"PK\x03\x04":
            return start == _OLD_START
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as archive:
                return _top(archive) is not None
        except Exception:
            return False


def read_torch(path: str | Path) -> Any:
    """What ``torch.save`` put into a file: plain containers, numbers, text, arrays for tensors.

    Raises:
        FileError: the file is damaged or of another form, or asks for anything else, named in the message.
    """
    with open_to_read(path) as file:
        if file.read(len(_OLD_START)) == _OLD_START:
            again = "load it with torch and save it again"
            raise FileError(path, f"is in the form of torch before 1.6, which is not read; {again}")
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as archive:
                members = _Members(archive)
                data = members.contents()
                return unpickled(path, data, names=_NAMES, outside=members.refer)
        except stand.Refused as refused:
            raise FileError(path, str(refused)) from None
        except FileError:
            raise
        except Exception:
            raise FileError(path, "is a damaged or incomplete file of torch.save") from None


def _top(archive: zipfile.ZipFile) -> str | None:
    """The one folder that everything in the zip is in; None where there is no such file of torch's."""
    tops = [name[: -len(_CONTENTS)] for name in archive.namelist() if name.endswith("/" + _CONTENTS)]
    return tops[0] if len(tops) == 1 else None


class _Members:
    """The members of the zip; each is read once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        top = _top(archive)
        if top is None or len(archive.infolist()) > _MOST_MEMBERS:
            raise stand.Refused("is not a file of torch.save")
        self._archive, self._top = archive, top
        self._order, self._left = "<", MAX_BYTES
        self._read: dict[tuple[str, str], np.ndarray] = {}
        if f"{top}byteorder" in archive.namelist() and self._bytes("byteorder", 16) == b"big":
            self._order = ">"

    def contents(self) -> bytes:
        """The pickle."""
        return self._bytes(_CONTENTS, _MOST_CONTENTS)

    def refer(self, reference: Any) -> _Stored:
        """Stands for what a reference in the pickle means."""
        return _Stored(self, reference)

    def numbers(self, reference: Any) -> np.ndarray:
        """The numbers of a storage."""
        if not isinstance(reference, tuple) or len(reference) != 5 or reference[0] != "storage":
            raise stand.Refused("refers to objects outside itself")
        kind, name = reference[1], reference[2]
        if not (isinstance(kind, type) and issubclass(kind, _Storage)) or not isinstance(name, str):
            raise stand.Refused("holds a tensor of an unknown type")
        if (name, kind.__name__) not in self._read:
            data = self._bytes(f"data/{name}", MAX_BYTES)
            dtype = np.dtype(self._order + kind.dtype)
            found = native(np.frombuffer(data, dtype, len(data) // dtype.itemsize))
            if kind.shifted:
                found = (found.astype(np.uint32) << 16).view(np.float32)
            elif kind.dtype == "f2":
                found = found.astype(np.float32)
            self._read[name, kind.__name__] = found
        return self._read[name, kind.__name__]

    def _bytes(self, name: str, limit: int) -> bytes:
        try:
            info = self._archive.getinfo(self._top + name)
        except KeyError:
            raise stand.Refused(f"is damaged: it has no '{name[:40]}'") from None
        # Stored as they are, so that reading takes no more memory than the file has bytes.
        if info.compress_type != zipfile.ZIP_STORED:
            raise stand.Refused("is compressed, which torch's own files are not")
        if info.file_size > min(limit, self._left):
            raise stand.Refused(f"needs more memory than the {MAX_BYTES} bytes allowed")
        self._left -= info.file_size
        return self._archive.read(info)


def _counts(value: Any, name: str) -> tuple[int, ...]:
    """A tuple of whole numbers from zero on."""
    if (
        not isinstance(value, (tuple, list))
        or len(value) > _MOST_DIMENSIONS
        or not all(isinstance(n, int) and 0 <= n <= _MOST_COUNT for n in value)
    ):
        raise stand.Refused(f"is damaged: a tensor in it has no {name}")
    return tuple(int(n) for n in value)


def _sides(size: Any) -> tuple[int, int]:
    shape = _counts(size, "size")
    if len(shape) != 2 or max(shape) > stand.MAX_SIDE:
        raise stand.Refused(f"holds a sparse tensor of shape {shape}, expected rows and columns")
    return shape[0], shape[1]

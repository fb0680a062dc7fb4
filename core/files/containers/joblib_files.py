"""joblib's files, read so that nothing in them can run; joblib itself is not needed.

Such a file is a pickle in which the bytes of every array follow the operation that describes it, so that no
other reader of pickles gets through. It may be compressed as a whole, with zlib or gzip.
"""

from __future__ import annotations

import io
import pickle
import zlib
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from core.files.containers import pickle_stand_ins as stand
from core.files.containers.bounds import Bounds, Refused, most_memory, too_large
from core.files.containers.opening import open_to_read
from core.files.containers.pickle_machine import Machine
from core.files.containers.pickles import ALLOWED, read_pickle, told
from core.files.containers.tensors import TENSORS

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_NAME = b"joblib.numpy_pickle"
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ANY_HEADER = 32 + zlib.MAX_WBITS
"""zlib's own headers and gzip's."""

_NAMES = ALLOWED | TENSORS

_CHUNK = 1 << 20


class _JoblibArray(stand.StandIn):
    """``NumpyArrayWrapper``: what array follows; then the array itself."""

    array: Any = None

    def resolve(self, resolver: stand.Resolver) -> Any:
        return resolver.resolve(self.array) if isinstance(self.array, stand.StandIn) else self.array

    def read(self, file: IO[bytes], resolver: stand.Resolver) -> None:
        """Takes the array's bytes from where the file stands."""
        state = self.state
        if not isinstance(state, dict):
            raise Refused("is damaged: an array in it has no contents")
        dtype, shape, order = resolver.resolve(state.get("dtype")), state.get("shape"), state.get("order")
        if not isinstance(dtype, np.dtype) or order not in ("C", "F"):
            raise Refused("is damaged: an array in it has no type")
        if dtype.hasobject:
            self.array = _Joblib(file, resolver.bounds).load()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = file.read(1)
            file.read(padding[0] if padding else 0)
        count = stand.count_of(shape)
        data = resolver.bounds.read(file, count * dtype.itemsize)
        resolver.bounds.found_array(len(data))
        self.array = stand.array_of(shape, state["dtype"], order == "F", data, resolver)


class _Joblib(Machine):
    """Stops where an array begins."""

    dispatch: ClassVar[dict[int, Any]] = Machine.dispatch.copy()

    def __init__(self, file: IO[bytes], bounds: Bounds) -> None:
        super().__init__(file, bounds, {**_NAMES, _WRAPPER: _JoblibArray})
        self._resolver = stand.Resolver(bounds)

    def _build(self) -> None:
        super()._build()
        made = self.stack[-1]
        if isinstance(made, _JoblibArray):
            made.read(self.file, self._resolver)

    dispatch[pickle.BUILD[0]] = _build


class _Unpacked(io.RawIOBase):
    """The contents of a compressed file, a piece at a time and never more than the limit."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._left, self._most = file, most, most
        self._unpack, self._rest = zlib.decompressobj(_ANY_HEADER), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """As much as fits, nothing at the end of the file."""
        piece = b""
        while not piece and not self._unpack.eof:
            packed = self._rest or self._file.read(_CHUNK)
            if not packed:
                raise EOFError
            piece = self._unpack.decompress(packed, len(buffer))
            self._rest = self._unpack.unconsumed_tail
        self._left -= len(piece)
        if self._left < 0:
            raise Refused(too_large(self._most))
        buffer[: len(piece)] = piece
        return len(piece)


def may_be_joblib(start: bytes) -> bool:
    """Whether a file that starts so may be a compressed one of joblib's."""
    return start.startswith(_COMPRESSED)


def read_any_pickle(path: str | Path) -> Any:
    """What a pickle holds, joblib's or any other, torch's tensors as arrays; as
    `core.files.containers.pickles.read_pickle`.

    Raises:
        FileError: as there.
    """
    with open_to_read(path) as file:
        bounds = Bounds(file)
        packed = may_be_joblib(file.read(2))
        file.seek(0)
        if packed:
            contents: IO[bytes] = io.BufferedReader(_Unpacked(file, most_memory(bounds.size)), _CHUNK)
        elif _names_joblib(file):
            contents = file
        else:
            return read_pickle(path, TENSORS)
        file.seek(0)
        return told(path, lambda: _Joblib(contents, bounds).load(), bounds)


def _names_joblib(file: IO[bytes]) -> bool:
    end = b""
    while chunk := file.read(_CHUNK):
        if _NAME in end + chunk:
            return True
        end = chunk[-len(_NAME) :]
    return False

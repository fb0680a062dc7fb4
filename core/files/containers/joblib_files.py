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

from core.errors import FileError
from core.files.containers import pickle_stand_ins as stand
from core.files.containers.opening import MAX_BYTES, open_to_read, read_bytes
from core.files.containers.pickles import ALLOWED, REFUSED_OPERATIONS, unpickled
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

    def read(self, file: IO[bytes]) -> None:
        """Takes the array's bytes from where the file stands."""
        state = self.state
        if not isinstance(state, dict):
            raise stand.Refused("is damaged: an array in it has no contents")
        resolver = stand.Resolver()
        dtype, shape, order = resolver.resolve(state.get("dtype")), state.get("shape"), state.get("order")
        if not isinstance(dtype, np.dtype) or order not in ("C", "F"):
            raise stand.Refused("is damaged: an array in it has no type")
        if dtype.hasobject:
            self.array = _Unpickler(file).load()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = file.read(1)
            file.read(padding[0] if padding else 0)
        count = stand.count_of(shape)
        data = file.read(min(count * dtype.itemsize, MAX_BYTES))
        self.array = stand.array_of(shape, state["dtype"], order == "F", data, resolver)


class _Unpickler(pickle._Unpickler):
    """Reads one byte after the other, as the compiled one does not: so it can stop where an array begins."""

    dispatch: ClassVar[dict[int, Any]] = pickle._Unpickler.dispatch.copy()  # type: ignore[assignment]

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")
        self._array_file = file

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == _WRAPPER:
            return _JoblibArray
        try:
            return _NAMES[(module, name)]
        except KeyError:
            raise stand.Refused(f"asks for '{module}.{name}', which is never opened") from None

    def persistent_load(self, pid: Any) -> Any:
        raise stand.Refused("refers to objects outside itself")

    def _build(self) -> None:
        super().load_build()  # type: ignore[misc]
        made = self.stack[-1]  # type: ignore[attr-defined]
        if isinstance(made, _JoblibArray):
            made.read(self._array_file)

    def _refuse(self) -> None:
        raise stand.Refused("refers to objects outside itself")

    def _take_bytearray(self) -> None:
        # The inherited one takes the memory that the file claims before it looks whether so much is there.
        size = int.from_bytes(self.read(8), "little")  # type: ignore[attr-defined]
        data = self.read(min(size, MAX_BYTES))  # type: ignore[attr-defined]
        if len(data) != size:
            raise EOFError
        self.append(bytes(data))  # type: ignore[attr-defined]

    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.BYTEARRAY8[0]] = _take_bytearray
    for _operation in REFUSED_OPERATIONS:
        dispatch[getattr(pickle, _operation)[0]] = _refuse
    del _operation


class _Unpacked(io.RawIOBase):
    """The contents of a compressed file, a piece at a time and never more than the limit."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left = file, MAX_BYTES
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
            raise stand.Refused(f"needs more memory than the {MAX_BYTES} bytes allowed")
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
        if may_be_joblib(file.read(2)):
            file.seek(0)
            return _read(path, io.BufferedReader(_Unpacked(file), _CHUNK))
        file.seek(0)
        if _names_joblib(file):
            file.seek(0)
            return _read(path, file)
    return unpickled(path, read_bytes(path), names=TENSORS)


def _names_joblib(file: IO[bytes]) -> bool:
    end = b""
    while chunk := file.read(_CHUNK):
        if _NAME in end + chunk:
            return True
        end = chunk[-len(_NAME) :]
    return False


def _read(path: str | Path, file: IO[bytes]) -> Any:
    try:
        return stand.Resolver().resolve(_Unpickler(file).load())
    except stand.Refused as refused:
        raise FileError(path, str(refused)) from None
    except (MemoryError, RecursionError):
        raise FileError(path, "is nested too deeply or needs too much memory") from None
    except Exception:
        raise FileError(path, "is not a complete pickle file") from None

"""NumPy's own files, ``.npy`` and ``.npz``, read so that nothing in them can run.

Arrays of numbers, booleans and text are read. Arrays of Python objects are pickles inside, and left alone
here; `core.files.containers.saved_objects` reads those that motions need. The memory a file may take is
bounded before any of it is taken.
"""

from __future__ import annotations

import math
import os
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.lib import format as npy_format

from core.errors import FileError
from core.files.containers.array_header import ArrayHeader, read_header
from core.files.containers.arrays import shape_text
from core.files.containers.bounds import MOST_TIMES, most_memory, too_large
from core.files.containers.opening import MAX_BYTES, found_in, open_to_read, still_wanted

MOST_MEMBERS = 10_000
"""Arrays in a file."""
_CHUNK = 1 << 24
_SHORT_TEXT = 1 << 22
_ZIP_HEADER = 30
"""Bytes before each member, the last four of which say how many of its name and of more follow."""
_SUFFIX = ".npy"


def read_npz(path: str | Path, keys: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` file, in native byte order.

    Args:
        path: the file.
        keys: the arrays wanted; those the file does not have are left out. None: all that are plain.

    Raises:
        FileError: the file is not an ``.npz`` file, is damaged or too large, or a key in ``keys`` holds
            Python objects.
    """
    wanted = None if keys is None else set(keys)
    arrays: dict[str, np.ndarray] = {}
    with _archive(path) as (archive, members):
        most = budget = _most(archive)
        for key, info in members.items():
            if wanted is not None and key not in wanted:
                continue
            with _member(path, archive, info, key) as file:
                header = read_header(path, file, key)
                if not header.plain:
                    if wanted is None:
                        continue
                    raise FileError(path, _not_plain(header), key=key)
                if header.nbytes > budget:
                    raise FileError(path, too_large(most), key=key)
                budget -= header.nbytes
                arrays[key] = _read_data(path, file, header, info.file_size, key)
    return arrays


def read_float32(path: str | Path, key: str, less: np.ndarray | None = None) -> np.ndarray:
    """One array of numbers in an ``.npz`` file as float32, never in memory as anything larger.

    Args:
        path: the file.
        key: of the array.
        less: float64, as many as its last side is long: what is taken off in all digits; None for nothing.

    Raises:
        FileError: as `read_npz`, there is no such array, or it holds no real numbers.
    """
    with _numbers(path, key) as (header, parts):
        flat = np.empty(math.prod(header.shape), np.float32)
        for at, part in parts:
            with np.errstate(over="ignore", invalid="ignore"):
                near = part if less is None else part - less[_columns(header, at, len(part))]
                flat[at : at + len(part)] = near
    array = flat.reshape(header.shape, order="F" if header.fortran else "C")
    return np.ascontiguousarray(array)


def some_numbers(path: str | Path, key: str, most: float) -> list[np.ndarray]:
    """Of each place in the last side of an array, some of the numbers below ``most`` in size that are there,
    float64: those of the first piece of the file that has any.

    Raises:
        FileError: as `read_float32`.
    """
    with _numbers(path, key) as (header, parts):
        found = [np.empty(0) for _ in range(header.shape[-1])]
        for at, part in parts:
            with np.errstate(over="ignore", invalid="ignore"):
                wide = part.astype(np.float64)
                usable, columns = np.abs(wide) < most, _columns(header, at, len(part))
            for column, there in enumerate(found):
                if not there.size:
                    found[column] = wide[usable & (columns == column)]
            if all(there.size for there in found):
                break
    return found


def _columns(header: ArrayHeader, start: int, count: int) -> np.ndarray:
    """At which places of the last side ``count`` numbers are, as they follow one another in the file."""
    ids = np.arange(start, start + count)
    last = header.shape[-1]
    columns: np.ndarray = ids // (math.prod(header.shape) // last) if header.fortran else ids % last
    return columns


@contextmanager
def _numbers(path: str | Path, key: str) -> Iterator[tuple[ArrayHeader, Iterator[tuple[int, np.ndarray]]]]:
    """The header of an array of numbers, and its numbers piece by piece, each with where it begins."""
    with _archive(path) as (archive, members):
        if key not in members:
            raise FileError(path, "is not in the file", key=key)
        with _member(path, archive, members[key], key) as file:
            header = read_header(path, file, key)
            if header.dtype.kind not in "iuf" or not header.plain:
                raise FileError(path, f"is an array of {header.dtype}, expected numbers", key=key)
            if 4 * math.prod(header.shape) > _most(archive):
                raise FileError(path, too_large(_most(archive)), key=key)
            _check_there(path, file, header, members[key].file_size, key)
            yield header, _parts(path, file, header, key)


def _parts(
    path: str | Path, file: BinaryIO, header: ArrayHeader, key: str
) -> Iterator[tuple[int, np.ndarray]]:
    at = 0
    for chunk in _chunks(path, file, header, key):
        part = np.frombuffer(chunk, header.dtype)
        yield at, part
        at += len(part)


def npz_headers(path: str | Path) -> dict[str, ArrayHeader]:
    """Shape and type of every array in an ``.npz`` file, without reading the arrays.

    Raises:
        FileError: the file is not an ``.npz`` file or is damaged.
    """

    def look() -> dict[str, ArrayHeader]:
        headers = {}
        for key, info in members.items():
            with _member(path, archive, info, key) as file:
                headers[key] = read_header(path, file, key)
        return headers

    with open_to_read(path) as file:
        archive, members = _archive_in(path, file)
        return dict(found_in(path, file, "headers", look))


def read_text(path: str | Path, name: str, limit: int) -> str:
    """A text that lies beside the arrays of an ``.npz`` file.

    Raises:
        FileError: the file is not an ``.npz`` file or is damaged, has no member of this name, or the text is
            no Unicode or longer than ``limit`` bytes.
    """
    with _archive(path) as (archive, _):
        try:
            info = archive.getinfo(name)
        except KeyError:
            raise FileError(path, "is not in the file", key=name) from None
        with _member(path, archive, info, name) as file:
            # A text is packed to an eighth, hardly to a thousandth.
            limit = min(limit, MOST_TIMES * _size(archive) + _SHORT_TEXT)
            data = file.read(limit + 1)
    if len(data) > limit:
        raise FileError(path, f"is longer than the {limit} bytes allowed", key=name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise FileError(path, "is text that is not valid Unicode", key=name) from None


def check_written(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Looks whether a file that was just written holds these arrays and no others, each byte as it was given
    to be written, and whether it will be read.

    Raises:
        FileError: it does not.
    """
    with open_to_read(path) as file:
        archive, members = _archive_in(path, file)
        if members.keys() != arrays.keys():
            raise FileError(path, "does not hold what was written")
        if sum(array.nbytes for array in arrays.values()) > (most := _most(archive)):
            raise FileError(path, too_large(most))
        for key, info in members.items():
            if _checksum(file, info) != info.CRC:
                raise FileError(path, "is damaged or incomplete", key=key)


def _checksum(file: BinaryIO, info: zipfile.ZipInfo) -> int | None:
    """Of the bytes that a member is unpacked to; None where it cannot be."""
    file.seek(info.header_offset)
    start = file.read(_ZIP_HEADER)
    if len(start) < _ZIP_HEADER:
        return None
    file.seek(int.from_bytes(start[26:28], "little") + int.from_bytes(start[28:30], "little"), os.SEEK_CUR)
    unpack, left, found = zlib.decompressobj(-zlib.MAX_WBITS), info.compress_size, 0
    try:
        while left > 0 and (packed := file.read(min(_CHUNK, left))):
            left -= len(packed)
            more = True
            while more and not unpack.eof:
                part = unpack.decompress(packed, _CHUNK)
                found, packed = zlib.crc32(part, found), unpack.unconsumed_tail
                # Of what is packed some may have been taken in whose bytes did not fit.
                more = bool(packed) or len(part) == _CHUNK
    except zlib.error:
        return None
    return found if unpack.eof and not left and not unpack.unused_data else None


def is_npz(path: str | Path) -> bool:
    """Whether the file starts as an ``.npz`` file does.

    Raises:
        FileError: the file cannot be read.
    """
    with open_to_read(path) as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def npz_has(path: str | Path, key: str) -> bool:
    """Whether the file is an ``.npz`` with an array of this name; a zip of something else is none.

    Raises:
        FileError: the file cannot be read or is damaged.
    """
    if not is_npz(path):
        return False
    with open_to_read(path) as file:
        try:
            return f"{key}{_SUFFIX}" in zip_of(file, path).namelist()
        except Exception:
            raise FileError(path, f"is a damaged or incomplete {_called(path)} file") from None


def is_npy(path: str | Path) -> bool:
    """Whether the file starts as an ``.npy`` file does.

    Raises:
        FileError: the file cannot be read.
    """
    with open_to_read(path) as file:
        return file.read(len(npy_format.MAGIC_PREFIX)) == npy_format.MAGIC_PREFIX


def npy_header(path: str | Path) -> ArrayHeader:
    """Shape and type of the array in an ``.npy`` file, without reading it.

    Raises:
        FileError: the file is not an ``.npy`` file.
    """
    with open_to_read(path) as file:
        return read_header(path, file, None)


def read_npy(path: str | Path) -> np.ndarray:
    """The array of an ``.npy`` file, in native byte order.

    Raises:
        FileError: the file is not an ``.npy`` file, is damaged or too large, or holds Python objects.
    """
    with open_to_read(path) as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(len(npy_format.MAGIC_PREFIX)) != npy_format.MAGIC_PREFIX:
            raise FileError(path, "is not a NumPy .npy file")
        file.seek(0)
        header = read_header(path, file, None)
        if not header.plain:
            raise FileError(path, _not_plain(header))
        if header.nbytes > MAX_BYTES:
            raise FileError(path, too_large(MAX_BYTES))
        return _read_data(path, file, header, size, None)


def pickled_bytes(path: str | Path, key: str | None, limit: int) -> bytes:
    """The pickle that an array of Python objects is, for `core.files.containers.saved_objects`.

    Args:
        path: an ``.npz``, or an ``.npy`` where ``key`` is None.
        key: of the array.
        limit: so many bytes at most.

    Raises:
        FileError: there is no such array, it holds no objects, is damaged or too large.
    """
    if key is None:
        with open_to_read(path) as file:
            return _pickled(path, file, None, limit)
    with _archive(path) as (archive, members):
        if key not in members:
            raise FileError(path, "is not in the file", key=key)
        with _member(path, archive, members[key], key) as file:
            return _pickled(path, file, key, limit)


def _pickled(path: str | Path, file: BinaryIO, key: str | None, limit: int) -> bytes:
    if not read_header(path, file, key).dtype.hasobject:
        raise FileError(path, "holds no Python objects", key=key)
    limit = min(limit, most_memory(os.stat(path).st_size))
    data = file.read(limit + 1)
    if len(data) > limit:
        raise FileError(path, too_large(limit), key=key)
    return data


def _called(path: str | Path) -> str:
    """What a damaged zip is called: by its ending, where that is one of a file of ours."""
    ending = Path(path).suffix.lower()
    return ending if ending in (".refit", ".smpl") else ".npz"


@contextmanager
def _archive(path: str | Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    with open_to_read(path) as file:
        yield _archive_in(path, file)


def _archive_in(path: str | Path, file: BinaryIO) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    file.seek(0)
    if file.read(2) != b"PK":
        raise FileError(path, "is not an .npz file")
    try:
        archive = zip_of(file, path)
    except Exception:
        raise FileError(path, f"is a damaged or incomplete {_called(path)} file") from None
    infos = archive.infolist()
    members = {info.filename[: -len(_SUFFIX)]: info for info in infos if info.filename.endswith(_SUFFIX)}
    if not members:
        raise FileError(path, "is a zip file without NumPy arrays")
    if len(infos) > MOST_MEMBERS:
        raise FileError(path, f"holds {len(infos)} arrays, expected at most {MOST_MEMBERS}")
    return archive, members


def zip_of(file: BinaryIO, path: str | Path) -> zipfile.ZipFile:
    """The table of contents of a zip file that is open.

    Raises:
        Exception: it is none, or damaged.
    """

    def look() -> zipfile.ZipFile:
        file.seek(0)
        return zipfile.ZipFile(file)

    return found_in(path, file, "zip", look)


@contextmanager
def _member(
    path: str | Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, key: str
) -> Iterator[BinaryIO]:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(path, "is compressed in a way that NumPy does not use", key=key)
    try:
        with archive.open(info) as file:
            yield file  # type: ignore[misc]
    except FileError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        RuntimeError,
        OSError,
        OverflowError,
        MemoryError,
    ):
        raise FileError(path, "is damaged or incomplete", key=key) from None


def _read_data(
    path: str | Path, file: BinaryIO, header: ArrayHeader, size: int, key: str | None
) -> np.ndarray:
    """The array after the header just read; ``size`` is the length of both as the file says."""
    _check_there(path, file, header, size, key)
    data = bytearray()
    for chunk in _chunks(path, file, header, key):
        data += chunk
    order: Literal["F", "C"] = "F" if header.fortran else "C"
    if not header.dtype.itemsize:
        return np.zeros(header.shape, header.dtype)
    array = native(
        np.frombuffer(data, header.dtype, math.prod(header.shape)).reshape(header.shape, order=order)
    )
    if not is_text(array):
        raise FileError(path, "is text that is not valid Unicode", key=key)
    return array


def _check_there(path: str | Path, file: BinaryIO, header: ArrayHeader, size: int, key: str | None) -> None:
    """Refuses an array that the file, ``size`` bytes long as it says, is too short for."""
    expected = header.nbytes
    available = size - file.tell()
    if expected > available:
        raise FileError(
            path,
            f"is cut short: shape {header.shape} of {header.dtype} takes {expected} bytes, "
            f"the file has {max(available, 0)}",
            key=key,
        )


def _chunks(path: str | Path, file: BinaryIO, header: ArrayHeader, key: str | None) -> Iterator[bytes]:
    """The bytes of the array after the header just read, whole numbers at a time; compares its checksum."""
    expected = header.nbytes
    rest, done = b"", 0
    while done < expected:
        still_wanted()
        chunk = file.read(min(_CHUNK, expected - done))
        if not chunk:
            raise FileError(path, f"is cut short: {expected} bytes expected, {done} found", key=key)
        done += len(chunk)
        chunk = rest + chunk
        whole = len(chunk) - len(chunk) % header.dtype.itemsize
        rest = chunk[whole:]
        yield chunk[:whole]
    file.read(1)  # at its end a zip member's checksum is compared


def native(array: np.ndarray) -> np.ndarray:
    """The array in this machine's byte order, its booleans 0 or 1 whatever bytes the file had."""
    if array.dtype.kind == "b":
        return array.view(np.uint8) != 0
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def is_text(array: np.ndarray) -> bool:
    """False for an array of text with characters that there are not, which Python cannot even show."""
    if array.dtype.kind != "U" or not array.size or not array.dtype.itemsize:
        return True
    return bool(np.ascontiguousarray(array).reshape(-1).view(np.uint32).max() <= sys.maxunicode)


def _most(archive: zipfile.ZipFile) -> int:
    """Bytes that the arrays of a file may take together."""
    return most_memory(_size(archive))


def _size(archive: zipfile.ZipFile) -> int:
    return os.fstat(archive.fp.fileno()).st_size if archive.fp is not None else 0


def _not_plain(header: ArrayHeader) -> str:
    if not header.dtype.itemsize:
        return f"is {shape_text(header.shape)} texts of no length, expected plain numbers or text"
    if header.dtype.hasobject:
        return "holds pickled Python objects, which are never opened, expected plain numbers or text"
    return f"is an array of {header.dtype}, expected plain numbers or text"

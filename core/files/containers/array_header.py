"""What a file of NumPy's says of an array before its numbers: shape, type and order."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from core.errors import FileError
from core.files.containers.arrays import shape_text

_LENGTHS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
"""Bytes of the header's length, by the version of the format."""
_LONGEST_HEADER = 10_000
_MOST_DIMENSIONS = 32
_MOST_SPAN = 1 << 62
_PYTHON_2 = re.compile(r"(?<=\d)L(?=[,)])")
"""Python 2 wrote whole numbers so."""
# Before 3.11.8, Python 3.11 may raise a SystemError where two threads parse literals at once, as headers are:
# github.com/python/cpython/issues/106905
_TRIES = 5


@dataclass(frozen=True)
class ArrayHeader:
    """What a file says of one of its arrays.

    Attributes:
        shape: the array's shape.
        dtype: its type.
        fortran: True where the first index runs fastest.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool

    @property
    def plain(self) -> bool:
        """Numbers, booleans or text: the only arrays that are read."""
        return is_plain(self.dtype) and has_size(self.dtype, math.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Bytes the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize


def is_plain(dtype: np.dtype) -> bool:
    """Whether an array of this type holds only numbers, booleans or text."""
    if dtype.fields is not None or dtype.subdtype is not None:
        return False
    return dtype.kind in "biuSU" or (
        dtype.kind in "fc" and dtype.itemsize <= (8 if dtype.kind == "f" else 16)
    )


def has_size(dtype: np.dtype, count: int) -> bool:
    """False for many texts of no length: they take no room, however many there are said to be."""
    return dtype.itemsize > 0 or count <= 1


def read_header(path: str | Path, file: BinaryIO, key: str | None) -> ArrayHeader:
    began = file.tell()
    for tries_left in reversed(range(_TRIES)):
        try:
            shape, fortran, dtype = _parsed_header(file)
            break
        except Exception as error:
            if not (tries_left and isinstance(error, SystemError)):
                raise FileError(path, "does not start with a NumPy array header", key=key) from None
            file.seek(began)
    span = math.prod(n for n in shape if n) * max(dtype.itemsize, 1)
    if any(n < 0 for n in shape) or len(shape) > _MOST_DIMENSIONS or span > _MOST_SPAN:
        raise FileError(path, f"claims the impossible shape {shape_text(shape)[:80]}", key=key)
    return ArrayHeader(shape, dtype, fortran)


def _parsed_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type; NumPy's own reader would print a warning of what Python 2 wrote."""
    width = _LENGTHS[npy_format.read_magic(file)]
    length = int.from_bytes(_exactly(file, width), "little")
    if length > _LONGEST_HEADER:
        raise ValueError
    return _told(_exactly(file, length).decode("utf-8" if width == 4 else "latin1"))


# A file has the same few over and over, and they are read before and after its arrays.
@lru_cache(maxsize=512)
def _told(text: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """As `_parsed_header`, from the header's text."""
    if "\\" in text:  # an escape in the name of a field may be one that Python warns of
        raise ValueError
    told = ast.literal_eval(_PYTHON_2.sub("", text).strip())
    shape, fortran = told["shape"], told["fortran_order"]
    if (
        not isinstance(shape, tuple)
        or not all(type(n) is int for n in shape)
        or not isinstance(fortran, bool)
    ):
        raise ValueError
    return shape, fortran, npy_format.descr_to_dtype(told["descr"])


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise EOFError
    return data

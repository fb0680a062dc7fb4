"""What reading one file may take: memory in proportion to its size, and processor time beside its numbers.

A small file can ask for endless work: objects that cost a byte each, arrays made again and again of the same
bytes, keys that all fall on one place of a table. Whoever reads objects from a file takes what they cost from
its `Bounds`.
"""

from __future__ import annotations

import os
import time
from typing import IO, NoReturn, TypeVar

from core.files.containers.opening import MAX_BYTES, still_wanted

MOST_TIMES = 8
"""So many times the size of a file may what is read from it take in memory …"""
SHARE = 1 << 30
"""… and so many bytes more: what is packed may be far smaller, as a matrix that is nearly all zeros."""
SECONDS = 2.0
"""Of processor time, for all in a file that is not numbers."""

_NUMBERS_A_SECOND = 4e6
"""Bytes of numbers in a file that earn it a second more: it has many arrays to be named."""
_LOOK_EVERY = 1 << 16
_AT_ONCE, _CHUNK = 1 << 16, 1 << 24
# Of a reading that came to nothing; a file may be another by the time that its clock says so.
_NOTHING = 0.05

_File = tuple[int, int, int, int]
_Remembered = TypeVar("_Remembered")
_MOST_REMEMBERED = 1000
_given_up: dict[_File, str] = {}
_in_vain: dict[_File, tuple[float, str]] = {}


class Refused(Exception):
    """Something in a file that is not opened; the message completes 'the file …'."""


def _remember(where: dict[_File, _Remembered], file: _File, what: _Remembered) -> None:
    if len(where) >= _MOST_REMEMBERED:
        where.clear()
    where[file] = what


def most_memory(size: int) -> int:
    """Bytes that may be read from a file of ``size`` bytes."""
    return min(MOST_TIMES * size + SHARE, MAX_BYTES)


def too_large(most: int) -> str:
    """What is wrong with a file that would take more than its ``most`` bytes."""
    return f"needs more memory than the {most:,} bytes allowed for a file of its size"


class Bounds:
    """What is left to the reading of one file.

    Attributes:
        size: of the file on the disk, in bytes.
        spent: bytes that were taken so far.
        arrays: of numbers that were found so far.
        operations: that were carried out so far.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """``file``: as it is on the disk."""
        status = os.fstat(file.fileno())
        self._file = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        self.size = size = status.st_size
        self.spent = self.arrays = self.operations = 0
        self._most = most_memory(size)
        before, self._why = _in_vain.get(self._file, (0.0, ""))
        self._began = time.thread_time() - before
        self._numbers = 0
        self._next_look = _LOOK_EVERY

    def take(self, size: int) -> None:
        """Takes note of ``size`` bytes of memory, or of work that costs as much.

        Raises:
            Refused: it is more than such a file may take.
        """
        self.spent += size
        if self.spent >= self._next_look:
            self.check()

    def found_array(self, size: int) -> None:
        """Takes note of an array of numbers of ``size`` bytes, which are taken already."""
        self.arrays += 1
        self._numbers += size

    def check(self) -> None:
        """Compares what was spent with what there is.

        Raises:
            Refused: there is nothing left.
        """
        still_wanted()
        self._next_look = self.spent + _LOOK_EVERY
        if self.spent > self._most:
            self.give_up(too_large(self._most))
        if self._seconds() > SECONDS:
            self.give_up(
                self._why or "takes too long to read: it holds too many objects that are not numbers"
            )

    def _seconds(self) -> float:
        """Of processor time so far, but for what the numbers earn."""
        earned = min(self._numbers, MOST_TIMES * self.size) / _NUMBERS_A_SECOND
        return time.thread_time() - self._began - earned

    def begin(self) -> None:
        """Raises Refused for a file that was given up before: who asks what else it is waits only once."""
        if self._file in _given_up:
            raise Refused(_given_up[self._file])

    def give_up(self, why: str) -> NoReturn:
        """Raises Refused, now and whenever somebody begins to read the file again as it is."""
        _remember(_given_up, self._file, why)
        raise Refused(why)

    def failed(self, why: str) -> None:
        """Takes note of a reading that came to nothing: what it took is not there for the next one, of a
        reader that looks what else the file might be.
        """
        seconds = self._seconds()
        if seconds > _NOTHING and self._file not in _given_up:
            _remember(_in_vain, self._file, (seconds, why))

    def read(self, file: IO[bytes], size: int) -> bytes | bytearray:
        """``size`` bytes of a file, or as many as there are; however long it takes, that costs no time.

        Raises:
            Refused: it is more than such a file may take.
        """
        self.take(size)
        if size <= _AT_ONCE:
            return file.read(size)
        began = time.thread_time()
        try:
            if size <= self.size:
                return file.read(size)
            data = bytearray()
            while len(data) < size and (piece := file.read(min(_CHUNK, size - len(data)))):
                still_wanted()
                data += piece
            return data
        finally:
            self._began += time.thread_time() - began

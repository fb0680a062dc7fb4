"""Checks on the arrays of a file: a wrong one is a sentence with the key, what is there and what is due."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.errors import FileError

_KEYS_SHOWN = 12


def numbers(
    path: str | Path,
    key: str,
    array: object,
    shape: tuple[int | None, ...],
    kind: type[np.floating] = np.float32,
) -> np.ndarray:
    """``array`` as numbers of the given shape.

    Args:
        path: the file, for the message.
        key: the array's name in it.
        array: what the file holds.
        shape: lengths expected; None where any will do.
        kind: of the numbers; float64 for places, which may be far from the origin.

    Raises:
        FileError: it is no array of real numbers, or of another shape.
    """
    found = np.asarray(array)
    if found.dtype.kind not in "biuf":
        raise FileError(path, f"is {kind_of(found)}, expected numbers", key=key)
    if found.ndim != len(shape) or any(
        n is not None and n != m for n, m in zip(shape, found.shape, strict=True)
    ):
        raise FileError(path, f"has shape {shape_text(found.shape)}, expected {shape_text(shape)}", key=key)
    with np.errstate(over="ignore", invalid="ignore"):
        # Those of a pickle may not be written to, which torch warns of.
        return np.require(found, kind, ("C", "W"))


def for_sparse(array: np.ndarray) -> np.ndarray:
    """The same numbers in a form that scipy.sparse takes: in this machine's byte order, and no halves."""
    if array.dtype.kind == "f" and array.dtype.itemsize == 2:
        return array.astype(np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def finite(path: str | Path, key: str, array: np.ndarray) -> np.ndarray:
    """``array`` itself, if all of it is finite.

    Raises:
        FileError: it holds NaN or infinite values.
    """
    with np.errstate(invalid="ignore"):
        # Three times as fast as to ask of each value, and what is not finite shows in one of the two.
        if not array.size or (np.isfinite(array.max()) and np.isfinite(array.min())):
            return array
    bad = int((~np.isfinite(array)).sum())
    raise FileError(path, f"holds {bad} values that are not finite, expected none", key=key)


def lengths(
    path: str | Path, key: str, array: object, shape: tuple[int | None, ...], most: float = 1e9
) -> np.ndarray:
    """As `numbers`: what is no length that can be, ``most`` or more in size, is not known: NaN.

    Raises:
        FileError: as `numbers`.
    """
    found = numbers(path, key, array, shape)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(found) < most, found, np.float32(np.nan))


def ids(
    path: str | Path, key: str, array: np.ndarray, shape: tuple[int | None, ...], below: int
) -> np.ndarray:
    """``array`` as int16 of the given shape, each below a number, or -1 for none.

    Raises:
        FileError: it holds something else.
    """
    if array.dtype.kind not in "iu" or array.shape != shape:
        found = f"{kind_of(array)} of shape {shape_text(array.shape)}"
        raise FileError(path, f"is {found}, expected {shape_text(shape)} whole numbers", key=key)
    if array.size and not -1 <= int(array.min()) <= int(array.max()) < below:
        raise FileError(path, f"holds ids beyond {below - 1}", key=key)
    return array.astype(np.int16)


def number(path: str | Path, key: str, array: np.ndarray) -> float:
    """The one number in an array of any shape with one element.

    Raises:
        FileError: it holds no number, or several.
    """
    if array.dtype.kind not in "biuf" or array.size != 1:
        raise FileError(
            path, f"is {kind_of(array)} of shape {shape_text(array.shape)}, expected one number", key=key
        )
    return float(array.reshape(()))


def text(path: str | Path, key: str, array: np.ndarray) -> str:
    """The one text in an array of text or bytes with one element.

    Raises:
        FileError: it holds no text, or several.
    """
    if array.dtype.kind not in "SU" or array.size != 1:
        raise FileError(
            path, f"is {kind_of(array)} of shape {shape_text(array.shape)}, expected one text", key=key
        )
    return texts(path, key, array)[0]


def texts(path: str | Path, key: str, array: np.ndarray) -> tuple[str, ...]:
    """All texts in an array of text or bytes.

    Raises:
        FileError: it holds something else, or text that is not valid Unicode.
    """
    if array.dtype.kind not in "SU":
        raise FileError(path, f"is {kind_of(array)}, expected text", key=key)
    try:
        values = [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in array.ravel().tolist()]
        for value in values:
            value.encode("utf-8")
    except (ValueError, SystemError):
        raise FileError(path, "is text that is not valid Unicode", key=key) from None
    return tuple(values)


def shape_text(shape: tuple[int | None, ...]) -> str:
    """A shape for people: ``(any, 3)``, ``(5,)``, ``()``."""
    inner = ", ".join("any" if n is None else str(n) for n in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def kind_of(array: np.ndarray) -> str:
    """What an array holds, in words."""
    words = {
        "S": "text",
        "U": "text",
        "c": "complex numbers",
        "b": "booleans",
        "i": "integers",
        "u": "integers",
    }
    return words.get(array.dtype.kind, "numbers" if array.dtype.kind == "f" else "Python objects")


def key_list(keys: Iterable[str]) -> str:
    """The keys for people, shortened where there are many."""
    names = sorted(keys)
    shown = ", ".join(name[:40] for name in names[:_KEYS_SHOWN])
    more = len(names) - _KEYS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown or "none"

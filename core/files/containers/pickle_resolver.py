"""Makes plain objects of what a pickle built: of containers, and of the stand-ins in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import sparse

from core.files.containers.bounds import Bounds, Refused

_ENTRY = 100
_LEAF = 16
_MOST_REPEATED = 8
_MOST_WHOLE = 1 << 26
_KEYS = (str, bytes, int, float, complex, np.number, np.bool_, np.character)


class StandIn:
    """Keeps the arguments and the state that a pickle gives to one object."""

    may_be_key = False
    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> StandIn:
        made = super().__new__(cls)
        made.args = args
        made.state = None
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def resolve(self, resolver: Resolver) -> Any:
        """The plain object this stands for."""
        raise Refused("is damaged: it uses a function as if it were data")

    def settings(self, resolver: Resolver) -> dict[Any, Any]:
        """The state as a plain dict."""
        state = resolver.resolve(self.state)
        if not isinstance(state, dict):
            raise Refused("is damaged: an object in it has no contents")
        return state


def check_key(key: Any) -> None:
    """Raises Refused for what is no text, number or bytes: to find it in a table may take for ever."""
    if not isinstance(key, _KEYS) and key is not None and not getattr(key, "may_be_key", False):
        raise Refused(f"has {_kind(key)} as a key or in a set, expected text or numbers")


def fill(into: dict[Any, Any], pairs: Iterable[Any], bounds: Bounds) -> None:
    """Puts pairs of key and value into a dict."""
    for key, value in pairs:
        check_key(key)
        bounds.take(_ENTRY)
        into[key] = value


def add(into: set[Any], members: Iterable[Any], bounds: Bounds) -> None:
    """Puts members into a set."""
    for member in members:
        check_key(member)
        bounds.take(_ENTRY)
        into.add(member)


def _owned(array: np.ndarray) -> bool:
    """Its numbers are not the bytes that were read."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base is None


def _kind(value: Any) -> str:
    words: dict[type, str] = {
        tuple: "a tuple",
        list: "a list",
        dict: "a table",
        set: "a set",
        frozenset: "a set",
    }
    return words.get(type(value), "an object")


class Resolver:
    """Turns what a pickle built into plain objects; each object once, so that shared ones stay so.

    What is shared counts as often as it is there: who writes out a list of lists of lists, each ten times the
    next, comes to no end, though each is in the file once. Nothing may hold itself.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        # What was resolved is kept, for its place would be taken by another object.
        self._done: dict[int, tuple[Any, int, Any]] = {}
        self._open: set[int] = set()
        self._whole = 0

    def resolve(self, value: Any) -> Any:
        """``value`` with every stand-in in it replaced.

        Raises:
            Refused: a stand-in's contents do not fit together.
        """
        if value is None or isinstance(value, (bool, int, float, complex)):
            self._whole += _LEAF
            return value
        if isinstance(value, (str, bytes)):
            self._whole += _LEAF + len(value)
            return value
        at = id(value)
        if at in self._done:
            plain, whole, _ = self._done[at]
            self._count(whole)
            return plain
        if at in self._open:
            raise Refused("is damaged: an object in it contains itself")
        self._open.add(at)
        before, self._whole = self._whole, 0
        plain = self._plain(value)
        self._open.discard(at)
        whole = self._whole
        self._done[at] = plain, whole, value
        self._whole = before + _LEAF
        self._count(whole)
        return plain

    def _count(self, whole: int) -> None:
        self._whole += whole
        if self._whole > _MOST_WHOLE + _MOST_REPEATED * (self.bounds.size + self.bounds.spent):
            raise Refused("repeats what it holds so often that it could never be written out")

    def _plain(self, value: Any) -> Any:
        self.bounds.take(_ENTRY)
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self.resolve(item) for item in value)
        if isinstance(value, dict):
            table: dict[Any, Any] = {}
            fill(table, ((self.resolve(key), self.resolve(item)) for key, item in value.items()), self.bounds)
            return table
        if isinstance(value, (set, frozenset)):
            members: set[Any] = set()
            add(members, (self.resolve(item) for item in value), self.bounds)
            return members if isinstance(value, set) else frozenset(members)
        if not isinstance(value, StandIn):
            raise Refused("is damaged: it uses a class as if it were data")
        plain = value.resolve(self)
        if isinstance(plain, np.ndarray):
            self._whole += plain.nbytes
            self.bounds.take(plain.nbytes if _owned(plain) else 0)
        elif isinstance(plain, sparse.csr_matrix):
            self._whole += plain.nnz * plain.dtype.itemsize
            self.bounds.take(plain.data.nbytes + plain.indices.nbytes + plain.indptr.nbytes)
        return plain

"""What is made once and kept for who asks next: the latest, within a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

Given = ParamSpec("Given")
Value = TypeVar("Value")


class KeptInfo(NamedTuple):
    """How often a value was there already, how often it was made, and how many are kept."""

    hits: int
    misses: int
    currsize: int


class Kept(Generic[Given, Value]):
    """A function whose values are kept by its arguments, as `functools.lru_cache` does, but within a number
    of bytes, and made once: several threads that ask for the same wait for the first.

    Args:
        make: what is called; its arguments can be hashed. What it raises is not kept.
        size: bytes of a value as it is now: it may have grown since it was made.
        most_bytes: of all that are kept.
        least: so many of the latest are kept whatever they take.
    """

    def __init__(
        self, make: Callable[Given, Value], size: Callable[[Value], int], most_bytes: int, least: int
    ) -> None:
        self.__doc__, self.__wrapped__ = make.__doc__, make
        self._size, self._most_bytes, self._least = size, most_bytes, least
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self.cache_clear()

    def cache_clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._values: OrderedDict[Hashable, Value] = OrderedDict()
            self._hits = self._misses = 0

    def cache_info(self) -> KeptInfo:
        """What has become of the calls so far."""
        with self._lock:
            return KeptInfo(self._hits, self._misses, len(self._values))

    def _known(self, key: Hashable) -> bool:
        if key not in self._values:
            return False
        self._values.move_to_end(key)
        self._hits += 1
        return True

    def __call__(self, *args: Given.args, **kwargs: Given.kwargs) -> Value:
        """The value of these arguments."""
        key = (args, tuple(sorted(kwargs.items())))
        with self._lock:
            if self._known(key):
                return self._values[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if self._known(key):
                    return self._values[key]
            try:
                value = self.__wrapped__(*args, **kwargs)
                with self._lock:
                    self._misses += 1
                    self._values[key] = value
                    self._drop()
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def _drop(self) -> None:
        taken = sum(self._size(value) for value in self._values.values())
        while taken > self._most_bytes and len(self._values) > self._least:
            _, oldest = self._values.popitem(last=False)
            taken -= self._size(oldest)


def kept(
    size: Callable[[Any], int], most_bytes: int, least: int = 2
) -> Callable[[Callable[Given, Value]], Kept[Given, Value]]:
    """Decorates a function with `Kept`."""
    return lambda make: Kept(make, size, most_bytes, least)

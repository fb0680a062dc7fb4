"""Work that a thread hands to workers: in its own, torch may have threads beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any, TypeVar

import torch

Value = TypeVar("Value")


class InWorkers:
    """Hands calls to workers, for one thread.

    Args:
        pool: of the workers.
        chunks: that what is done for each of them may be done for at once.
    """

    def __init__(self, pool: Executor, chunks: int) -> None:
        self._pool, self._chunks, self._within = pool, chunks, False

    def one(self, call: Callable[[], Value]) -> Value:
        """What a call gives."""
        return call() if self._within else self._pool.submit(torch.inference_mode()(call)).result()

    def each(self, call: Callable[..., Value], *of: Iterable[Any]) -> list[Value]:
        """What a call gives for each chunk."""
        return list(map(call, *of) if self._within else self._pool.map(torch.inference_mode()(call), *of))

    def all_of(self, call: Callable[[], Value]) -> Value:
        """What a call gives that asks for parts of it as above. Where there is but one chunk a worker does
        all of it: to hand parts over and back takes as long as some of them."""
        if self._chunks > 1:
            return call()

        def within() -> Value:
            self._within = True
            try:
                return call()
            finally:
                self._within = False

        return self.one(within)

"""What is left to do, one after the other, shared with other processes that have the same to do."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from core.batch.claims import Claims

ASKED_SECONDS = 1.0
"""So often others are asked whether they are done."""

T = TypeVar("T")


class Turns(Generic[T]):
    """Gives out things to do; what others do comes last, when they have done it or are gone.

    Args:
        things: to do, in order.
        claims: of this process.
        name: what a thing is claimed by.
        is_there: there is nothing left to do but to look at it, which needs no claim.
        clock: seconds that never go back.

    Attributes:
        others: what other processes hold.
    """

    def __init__(
        self,
        things: Iterable[T],
        claims: Claims,
        name: Callable[[T], str],
        is_there: Callable[[T], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waiting, self.others = deque(things), deque[T]()
        self._claims, self._name, self._is_there, self._clock = claims, name, is_there, clock
        self._asked = -ASKED_SECONDS

    @property
    def over(self) -> bool:
        """Everything was given out."""
        return not self._waiting and not self.others

    def next(self) -> T | None:
        """The next thing, this process's until `done`; None while all that is left is held by others.

        Raises:
            FileError: nothing can be claimed in the folder.
        """
        while self._waiting:
            thing = self._waiting.popleft()
            if self._is_mine(thing):
                return thing
            self.others.append(thing)
        now = self._clock()
        if self.others and now - self._asked >= ASKED_SECONDS:
            for _ in range(len(self.others)):
                thing = self.others.popleft()
                if self._is_mine(thing):
                    return thing
                self.others.append(thing)
            self._asked = now
        return None

    def done(self, thing: T) -> None:
        """What was to be done is done, or cannot be."""
        self._claims.release(self._name(thing))

    def holders(self) -> tuple[str, ...]:
        """Who holds what is left, for people; each once."""
        found = (self._claims.holder(self._name(thing)) for thing in self.others)
        return tuple(dict.fromkeys(str(holder) for holder in found if holder is not None))

    def _is_mine(self, thing: T) -> bool:
        return self._is_there(thing) or self._claims.take(self._name(thing))

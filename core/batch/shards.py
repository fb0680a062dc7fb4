"""One part of the work for each of several machines, known before any of them begins. Cheap to import."""

from __future__ import annotations

import argparse
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.errors import RefitError

T = TypeVar("T")
_SLURM = "SLURM_ARRAY_TASK_"


@dataclass(frozen=True)
class Shard:
    """Part ``index`` of ``count``, from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, things: Sequence[T], kinds: Iterable[Hashable]) -> list[T]:
        """The things of this part, in order: every kind of things is in one part as a whole, and parts have
        the same number of kinds, but for one.

        Args:
            things: all of them, in an order that is the same for all parts.
            kinds: of each.
        """
        places: dict[Hashable, int] = {}
        numbers = [places.setdefault(kind, len(places)) for kind in kinds]
        return [
            thing
            for thing, number in zip(things, numbers, strict=True)
            if number % self.count == self.index - 1
        ]


def shard(text: str) -> Shard:
    """``'2/8'``, the second of eight parts."""
    first, slash, last = text.partition("/")
    digits = first.isascii() and first.isdecimal() and last.isascii() and last.isdecimal()
    if not slash or not digits or not 1 <= int(first) <= int(last):
        raise argparse.ArgumentTypeError(f"'{text}' is no part; write I/N, from 1/N to N/N")
    return Shard(int(first), int(last))


def slurm_shard(environment: Mapping[str, str]) -> Shard | None:
    """The part of a task in an array of SLURM's; None outside of one.

    Raises:
        RefitError: the array's numbers are not evenly apart, so that they say nothing of parts.
    """
    told = {name: environment.get(_SLURM + name, "").strip() for name in ("ID", "COUNT", "MIN", "STEP")}
    if not (told["ID"].isdecimal() and told["COUNT"].isdecimal()):
        return None
    task, count = int(told["ID"]), int(told["COUNT"])
    # Without the array's first number it is taken to begin with 0 or 1.
    first = int(told["MIN"]) if told["MIN"].isdecimal() else int(task >= count)
    step = max(1, int(told["STEP"])) if told["STEP"].isdecimal() else 1
    index, rest = divmod(task - first, step)
    if rest or not 0 <= index < count:
        raise RefitError(
            f"SLURM_ARRAY_TASK_ID is {task} in an array of {count} from {first}, which says no part: give "
            "--shard I/N, or --shard 1/1 for all."
        )
    return Shard(index + 1, count)

"""How many workers there are, and what each of them is given."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

AUTO = "auto"
WORKER_BYTES = 1 << 30
"""Of memory that a worker takes: torch, the bodies and a fit of some thousands of frames."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
HEAP = "MALLOC_TRIM_THRESHOLD_"
"""With it set, every large array goes back to the system at once, and fits take twice as long."""


def job_count(text: str) -> int | str:
    """A whole number of workers, at least one, or ``'auto'``."""
    if text == AUTO:
        return text
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 4096):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of workers; use 1 or more, or auto")
    return int(text)


def count_of(asked: int | str, processors: int, memory: int, gpus: int) -> int:
    """How many workers to start.

    Args:
        asked: a number, which is what there will be, or ``'auto'``: one for each GPU; without one, one for
            each processor, as far as the memory goes.
        processors: that this process may use.
        memory: bytes that it may use.
        gpus: that fits can run on.
    """
    if isinstance(asked, int):
        return asked
    return gpus or max(1, min(processors, memory // WORKER_BYTES))


def gpu_names(environment: Mapping[str, str], count: int) -> tuple[str, ...]:
    """What CUDA calls the GPUs that this process sees, ``count`` of them.

    Args:
        environment: of this process; a job of a cluster may see but some of a machine's.
        count: as many as torch finds.
    """
    said = environment.get(VISIBLE)
    if said is None:
        return tuple(str(number) for number in range(count))
    return tuple(name.strip() for name in said.split(",") if name.strip())[:count]


def environments(workers: int, gpus: tuple[str, ...]) -> list[dict[str, str]]:
    """What the environment of each worker is given: where there are GPUs, the one that it sees, in turn."""
    return [{VISIBLE: gpus[number % len(gpus)]} if gpus else {} for number in range(workers)]

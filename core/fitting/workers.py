"""The threads that a run works with, on a device for as long as that does its part."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch

from core.errors import RefitError
from core.fitting.devices import available_processors, failure, pick_device


def one_thread() -> None:
    """What a worker does first."""
    # Small batched factorisations on several threads are many times slower on a busy machine.
    torch.set_num_threads(1)


class Workers:
    """Workers over chunks of frames: several on processors, one where a GPU does the work.

    Args:
        device: as `pick_device` takes it.
        threads: on processors; None for one each.

    Attributes:
        device: that they work on.
        note: what is told with the next step; empty for nothing.
        left: why they have left another device; empty where they have not.
    """

    def __init__(self, device: str, threads: int | None) -> None:
        self.device = pick_device(device)
        self.threads = threads or available_processors()
        self.note = self.left = ""
        self._pool: ThreadPoolExecutor | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return self.threads if self.device.type == "cpu" else 1

    @property
    def pool(self) -> ThreadPoolExecutor:
        """Begun when first asked for, and again after `end`."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count, "refit-fit", initializer=one_thread)
        return self._pool

    def end(self) -> None:
        """Waits for what has begun, and drops what has not."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def leave_device(self, error: RuntimeError) -> None:
        """Goes on on the processor after the device has failed.

        Args:
            error: how.

        Raises:
            RefitError: the processor's memory was too little.
            RuntimeError: ``error``, which is none of the device's.
        """
        note = failure(error, self.device)
        if note is None and isinstance(error, torch.OutOfMemoryError):
            raise RefitError("There is too little memory for this fit.") from None
        if note is None:
            raise error
        self.end()
        self.device, self.note, self.left = torch.device("cpu"), note, note

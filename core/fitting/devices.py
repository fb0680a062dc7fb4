"""Where a fit runs: the device, and how many processors there are."""

from __future__ import annotations

import os

import torch

from core.errors import RefitError


def pick_device(name: str) -> torch.device:
    """``'auto'``, ``'cpu'`` or ``'cuda'`` to a device.

    Raises:
        RefitError: CUDA was asked for and there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise RefitError("This machine has no CUDA device that torch can use; fit with --device cpu.")
    return torch.device(name)


def available_processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

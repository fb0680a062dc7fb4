"""Where a fit runs: the device, and how many processors there are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from core.errors import RefitError

OUT_OF_MEMORY = "The device ran out of memory: the fit goes on on the processor."
FAILED = "The device failed ({}): the fit goes on on the processor."
# What the words of torch's errors begin with, or have in them, when it is the device or its libraries that
# failed.
_LIBRARIES = ("cuda", "cublas", "cusolver", "cusparse", "cudnn", "nvrtc", "magma", "no kernel image")
_MOST_WORDS = 120


def pick_device(name: str) -> torch.device:
    """``'auto'``, ``'cpu'``, ``'cuda'`` or ``'cuda:1'`` to a device.

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


def failure(error: BaseException, device: torch.device) -> str | None:
    """One sentence on an error that a fit may go on from on the processor, or None for any other.

    Args:
        error: that ended the fit.
        device: that it was on.
    """
    if device.type == "cpu" or not isinstance(error, RuntimeError):
        return None
    if isinstance(error, torch.OutOfMemoryError):
        return OUT_OF_MEMORY
    words = str(error).strip().partition("\n")[0]
    if any(name in str(error).casefold() for name in _LIBRARIES):
        return FAILED.format(words[:_MOST_WORDS].rstrip(" ."))
    return None


def device_of_fit(provenance: Mapping[str, Any]) -> str:
    """``'cuda'`` for a fit that was made there, where there is one; else ``'cpu'``."""
    on_cuda = str(provenance.get("device", "")).startswith("cuda")
    return "cuda" if on_cuda and torch.cuda.is_available() else "cpu"


@dataclass(frozen=True)
class Gpu:
    """A CUDA device.

    Attributes:
        name: as `pick_device` takes it, ``'cuda:0'``.
        label: what its maker calls it.
        total_bytes: of its memory.
        free_bytes: of it now, with what torch keeps for later; None while this process has nothing on it, for
            to ask would take memory of it.
    """

    name: str
    label: str
    total_bytes: int
    free_bytes: int | None = None


def gpus() -> tuple[Gpu, ...]:
    """The CUDA devices that torch can use; one that does not answer is left out."""
    if not torch.cuda.is_available():
        return ()
    found = []
    for index in range(torch.cuda.device_count()):
        try:
            made = torch.cuda.get_device_properties(index)
            found.append(Gpu(f"cuda:{index}", made.name, made.total_memory, _free_bytes(index)))
        except RuntimeError:
            continue
    return tuple(found)


def _free_bytes(index: int) -> int | None:
    kept = torch.cuda.memory_reserved(index)
    if not kept:
        return None
    return torch.cuda.mem_get_info(index)[0] + kept - torch.cuda.memory_allocated(index)


def gpu_label(device: torch.device) -> str:
    """What its maker calls it; empty for a processor, or where that cannot be told."""
    if device.type != "cuda":
        return ""
    try:
        return str(torch.cuda.get_device_name(device))
    except (RuntimeError, AssertionError):
        return ""

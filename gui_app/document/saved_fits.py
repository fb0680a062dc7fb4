"""Which fits are in a file, so that coming back to one of them counts as saved."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.model.fit_result import FitResult

OPENED = Path()
"""Stands for a file that is not named."""


class FiledFits:
    """One fit a file; keeps none of them alive."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[weakref.ref[np.ndarray], float | None, np.ndarray | None]] = {}

    def clear(self) -> None:
        """Forgets all of them."""
        self._files.clear()

    def add(self, path: Path | None, result: FitResult, mask: np.ndarray | None = None) -> None:
        """``result``, its errors over ``mask``, is now what the file holds, and what it held before is
        gone."""
        # Another frame rate makes another object with the same poses: those tell which fit it is.
        self._files[path or OPENED] = (weakref.ref(result.poses), result.frame_rate, mask)

    def hold(self, result: FitResult, mask: np.ndarray | None = None) -> bool:
        """``result``, its errors over ``mask``, is in a file as it stands."""
        return any(
            poses() is result.poses and rate == result.frame_rate and _same(known, mask)
            for poses, rate, known in self._files.values()
        )


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))

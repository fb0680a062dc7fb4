"""Which fits are in a file, so that coming back to one of them counts as saved."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from gui_app.document.document_snapshot import DocumentSnapshot

OPENED = Path()
"""Stands for a file that is not named."""


class FiledFits:
    """One fit a file; keeps none of them alive.

    Attributes:
        accepted: the problems that the last file written says are accepted.
    """

    def __init__(self) -> None:
        self._files: dict[Path, tuple[weakref.ref[np.ndarray], float | None, np.ndarray | None]] = {}
        self.accepted: tuple[Accepted, ...] = ()

    def begin(self, accepted: tuple[Accepted, ...]) -> None:
        """Another motion is open, with problems that are accepted already; no fit of it is in a file."""
        self._files.clear()
        self.accepted = accepted

    def add(self, path: Path | None, result: FitResult, mask: np.ndarray | None = None) -> None:
        """``result``, its errors over ``mask``, is now what the file holds, and what it held before is
        gone."""
        # Another frame rate makes another object with the same poses: those tell which fit it is.
        self._files[path or OPENED] = (weakref.ref(result.poses), result.frame_rate, mask)

    def have(self, snapshot: DocumentSnapshot) -> bool:
        """A file has the fit, and what is accepted of it; nothing of what has no fit has to be in one."""
        if snapshot.result is None:
            return True
        return self.hold(snapshot.result, snapshot.valid) and snapshot.accepted == self.accepted

    def hold(self, result: FitResult, mask: np.ndarray | None = None) -> bool:
        """``result``, its errors over ``mask``, is in a file as it stands."""
        return any(
            poses() is result.poses and rate == result.frame_rate and _same(known, mask)
            for poses, rate, known in self._files.values()
        )


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))

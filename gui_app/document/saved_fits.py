"""Which fits are in a file, so that coming back to one of them counts as saved."""

from __future__ import annotations

import weakref
from dataclasses import replace
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
        weights: of the vertices, (V,) or None, at that time.
    """

    def __init__(self) -> None:
        self._files: dict[Path, tuple[weakref.ref[np.ndarray], float | None, np.ndarray | None]] = {}
        self.accepted: tuple[Accepted, ...] = ()
        self.weights: np.ndarray | None = None
        self._by_itself: tuple[weakref.ref[np.ndarray], DocumentSnapshot] | None = None

    def begin(self, accepted: tuple[Accepted, ...], weights: np.ndarray | None) -> None:
        """Another motion is open, with problems that are accepted and weights of the vertices already; no fit
        of it is in a file."""
        self._files.clear()
        self._by_itself = None
        self.accepted, self.weights = accepted, weights

    def add_by_itself(self, snapshot: DocumentSnapshot) -> None:
        """The fit of ``snapshot`` was made without the user's doing, as it would be made again."""
        if snapshot.result is not None:
            self._by_itself = (weakref.ref(snapshot.result.poses), replace(snapshot, result=None))

    def loses(self, snapshot: DocumentSnapshot) -> bool:
        """Nothing has all of ``snapshot``, and it is not what opening the motion again would give."""
        if self.have(snapshot):
            return False
        if self._by_itself is None or snapshot.result is None:
            return True
        poses, then = self._by_itself
        as_it_came = (
            poses() is snapshot.result.poses
            and snapshot.accepted == then.accepted
            and snapshot.given_rate == then.given_rate
            and _same(snapshot.valid, then.valid)
            and _same(snapshot.weights, then.weights)
        )
        return not as_it_came

    def add(self, path: Path | None, result: FitResult, mask: np.ndarray | None = None) -> None:
        """``result``, its errors over ``mask``, is now what the file holds, and what it held before is
        gone."""
        # Another frame rate makes another object with the same poses: those tell which fit it is.
        self._files[path or OPENED] = (weakref.ref(result.poses), result.frame_rate, mask)

    def have(self, snapshot: DocumentSnapshot) -> bool:
        """A file has the fit, what is accepted of it, and the weights; nothing of what has no fit has to be
        in one."""
        if snapshot.result is None:
            return True
        there = self.hold(snapshot.result, snapshot.valid)
        return there and snapshot.accepted == self.accepted and _same(snapshot.weights, self.weights)

    def hold(self, result: FitResult, mask: np.ndarray | None = None) -> bool:
        """``result``, its errors over ``mask``, is in a file as it stands."""
        return any(
            poses() is result.poses and rate == result.frame_rate and _same(known, mask)
            for poses, rate, known in self._files.values()
        )


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))

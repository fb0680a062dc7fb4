"""Which fits, masks and weights are in a file, so that coming back to one of them counts as saved."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from core.session.marker import Marker
    from gui_app.document.document_snapshot import DocumentSnapshot

OPENED = Path()
"""Stands for a file that is not named."""


class FiledFits:
    """One fit a file; keeps none of them alive. A file that somebody has deleted has nothing.

    Attributes:
        accepted: the problems that the last file written says are accepted.
        weights: of the vertices, (V,) or None, at that time.
        markers: those that the last session written has.
    """

    def __init__(self) -> None:
        self._files: dict[Path, tuple[weakref.ref[np.ndarray], float | None, np.ndarray | None]] = {}
        self._masks: dict[Path, np.ndarray | None] = {}
        self._weights: dict[Path, np.ndarray | None] = {}
        self.accepted: tuple[Accepted, ...] = ()
        self.weights: np.ndarray | None = None
        self.markers: tuple[Marker, ...] = ()
        self._by_itself: tuple[weakref.ref[np.ndarray], DocumentSnapshot] | None = None

    def begin(self, snapshot: DocumentSnapshot, *, in_a_file: bool) -> None:
        """Another motion is open, as ``snapshot`` says, and opened again would be; unless it is not
        ``in_a_file``. No fit of it is in one yet."""
        self._files.clear()
        self._by_itself = None
        self.accepted, self.weights = snapshot.accepted, snapshot.weights
        self.markers = snapshot.markers if in_a_file else ()
        self._masks = {OPENED: snapshot.valid} if in_a_file else {}
        self._weights = {OPENED: snapshot.weights} if in_a_file else {}

    def add_snapshot(self, path: Path, snapshot: DocumentSnapshot) -> None:
        """The file, a session, holds all of it now."""
        if snapshot.result is not None:
            self.add(path, snapshot.result, snapshot.valid)
        self.add_mask(path, snapshot.valid)
        self.add_weights(path, snapshot.weights)
        self.accepted, self.weights, self.markers = snapshot.accepted, snapshot.weights, snapshot.markers

    def add_mask(self, path: Path, valid: np.ndarray | None) -> None:
        """The file holds this mask (V,) now."""
        self._masks[path] = valid

    def add_weights(self, path: Path, weights: np.ndarray | None) -> None:
        """The file holds these weights (V,) of the vertices now."""
        self._weights[path] = weights

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
            and snapshot.markers == then.markers
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
        """A file has the fit, what is accepted of it, and the weights; where there is no fit, mask and
        weights, unless they are as they were when the motion was opened; and the markers."""
        if snapshot.markers != self.markers:
            return False
        if snapshot.result is None:
            return _any(self._masks, snapshot.valid) and _any(self._weights, snapshot.weights)
        there = self.hold(snapshot.result, snapshot.valid)
        return there and snapshot.accepted == self.accepted and _same(snapshot.weights, self.weights)

    def hold(self, result: FitResult, mask: np.ndarray | None = None) -> bool:
        """``result``, its errors over ``mask``, is in a file as it stands."""
        return any(
            poses() is result.poses and rate == result.frame_rate and _same(known, mask) and _is_there(path)
            for path, (poses, rate, known) in self._files.items()
        )


def _any(files: Mapping[Path, np.ndarray | None], wanted: np.ndarray | None) -> bool:
    return any(_same(known, wanted) and _is_there(path) for path, known in files.items())


def _is_there(path: Path) -> bool:
    return path == OPENED or os.path.exists(path)


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))

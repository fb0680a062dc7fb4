"""What undo brings back, as one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from core.session.marker import Marker


@dataclass(frozen=True, eq=False)
class DocumentSnapshot:
    """The document at one moment. Undo and redo put it back whole: a field that is added here is undone too,
    with no other edit.

    Attributes:
        result: the fit, None without one.
        given_rate: frames a second that the user gave, None where nothing was given.
        accepted: the problems that are accepted as they are.
        valid: (V,) bool, the vertices of the fit's body that count in fits and errors; None without a motion.
        weights: (V,) how much each of them counts in fits; None for all alike.
        markers: moments with names, by frame.
    """

    result: FitResult | None = None
    given_rate: float | None = None
    accepted: tuple[Accepted, ...] = ()
    valid: np.ndarray | None = None
    weights: np.ndarray | None = None
    markers: tuple[Marker, ...] = ()

    def at_its_rate(self) -> DocumentSnapshot:
        """With a fit that says the frame rate that was given."""
        if self.result is None or self.given_rate in (None, self.result.frame_rate):
            return self
        return replace(self, result=replace(self.result, frame_rate=self.given_rate))

    def arrays(self) -> Iterator[np.ndarray]:
        """Those that it keeps in memory, of the fit too; snapshots may share them."""
        for holder in (self, self.result):
            for item in () if holder is None else fields(holder):
                value = getattr(holder, item.name)
                if isinstance(value, np.ndarray):
                    yield value

"""Frames that may have ended badly are fitted once more, from other starts, and keep the better end.

What the frames around one say of it misleads where the motion jumps: that start may lead into a lesser
optimum, or where steps no longer get anywhere. Ordinary motion has no such frames, and pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from core.fitting.solver.gauss_newton import Stopped
from core.fitting.stage.initial_pose_from_meshes import outlying_frames
from core.fitting.stage.partial_result import FittedChunk
from core.model.vertex_errors import FrameErrors

# Few steps may well be used up.
FEW_STEPS = 6
# An end that is higher by less is the same one.
SAME = 1e-4
# Where more frames than these, and half of all, did not converge, it is not for their starts.
FEW = 8


@dataclass(frozen=True, eq=False)
class Judged:
    """Frames that were fitted before, to compare others with: a few by themselves do not show which of them
    stands out.

    Attributes:
        frames: (m,) ids, ascending.
        energy: (m,) objective.
    """

    frames: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    energy: np.ndarray = field(default_factory=lambda: np.empty(0))

    def with_more(self, frames: np.ndarray, energy: np.ndarray) -> Judged:
        """These and others (n,); of a frame that is in both, what is new."""
        ids, first = np.unique(np.concatenate((frames, self.frames)), return_index=True)
        return Judged(ids, np.concatenate((energy, self.energy))[first])

    def outlying(self, frames: np.ndarray, energy: np.ndarray) -> np.ndarray:
        """(n,) bool: which of other frames (ids) stand out by their objective (n,), among these and
        themselves."""
        all_of_them = self.with_more(frames, energy)
        return outlying_frames(all_of_them.energy)[np.searchsorted(all_of_them.frames, frames)]


def suspects(
    energy: np.ndarray, converged: np.ndarray, iterations: int, outlying: np.ndarray | None = None
) -> np.ndarray:
    """(n,) bool: frames, in order of time, that did not converge or stand out by their objective.

    Args:
        energy: (n,) objective.
        converged: (n,) bool.
        iterations: most steps that a frame takes.
        outlying: (n,) bool, which stand out; None where these frames are to tell.
    """
    late = ~converged
    if iterations <= FEW_STEPS or late.sum() > max(FEW, len(late) // 2):
        late = np.zeros_like(late)
    return late | (outlying_frames(energy) if outlying is None else outlying)


def mended(
    found: FittedChunk,
    frames: np.ndarray,
    iterations: int,
    stopped: Callable[[], bool],
    starts: Sequence[Callable[[np.ndarray], FittedChunk]],
    before: Judged = Judged(),
) -> FittedChunk:
    """The fit of n frames with those that may have ended badly at their best.

    Args:
        found: of the frames.
        frames: (n,) ascending ids.
        iterations: as in `suspects`.
        stopped: asked before each start; True leaves it at what there is.
        starts: each fits frames (ids) from a start of its own; those after the first are for frames that
            have not converged until then.
        before: frames that were fitted before.
    """
    outlying = before.outlying(frames, found.energy)
    bad = suspects(found.energy, found.converged, iterations, outlying)
    for start in starts:
        if not bad.any() or stopped():
            break
        places = np.flatnonzero(bad)
        try:
            again = start(frames[places])
        except Stopped:
            break
        found = with_better(found, places, again)
        bad &= ~found.converged
    return found


def with_better(found: FittedChunk, places: np.ndarray, again: FittedChunk) -> FittedChunk:
    """The fit with each of the frames at ``places`` from ``again`` where its objective is lower there."""
    better = again.energy < found.energy[places]
    # An end that both starts lead to is one, even if the first came there late.
    same = again.converged & (again.energy <= found.energy[places] * (1 + SAME))
    taken, source = places[better | same], np.flatnonzero(better | same)

    def put(mine: Any, theirs: Any) -> Any:
        if mine is None or theirs is None:
            return mine
        mine = mine.copy()
        mine[taken] = theirs[source]
        return mine

    # Steps of the start whose end is kept: each start takes as many as were asked for.
    arrays = ("poses", "transl", "coefficients", "converged", "energy", "steps")
    errors = {
        item.name: put(getattr(found.errors, item.name), getattr(again.errors, item.name))
        for item in fields(FrameErrors)
    }
    return replace(
        found,
        **{name: put(getattr(found, name), getattr(again, name)) for name in arrays},
        errors=FrameErrors(**errors),
    )

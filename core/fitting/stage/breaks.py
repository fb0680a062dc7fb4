"""Frames that may have ended in another optimum than those beside them, and those of the other side tried.

Where pose correctives are strong, a finger can turn about itself and the objective hardly notice: there are
optima far apart, and a frame ends in the one that its start led to. What it turned away from its source then
differs from what the next frame did, whatever the source does between them. Each side of such a break is
fitted once more, from where the other side is and from the source, and keeps the best: a converged end
that is higher by no more than `mending.SAME` counts as good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.stage.mending import with_better
from core.fitting.stage.partial_result import FittedChunk
from core.fitting.stage.stage_problem import StageProblem
from core.fitting.stage.warm_start import KnownFrames, smallest_traces, trace_of

BREAK_RADIANS = 1.0
"""So much further one frame has turned a joint away from its source than the next."""
SIDES = (-1, 1)


def at_breaks(frames: np.ndarray, turn: Tensor) -> np.ndarray:
    """Ids of the frames on either side of a break, ascending.

    Args:
        frames: (n,) ids, ascending.
        turn: (n, J, 3, 3) what they have turned away from their source's rotations.
    """
    broken = np.zeros(len(frames) + 1, dtype=bool)
    if len(frames) > 1:
        broken[1:-1] = (smallest_traces(turn[1:], turn[:-1]) < trace_of(BREAK_RADIANS)).cpu().numpy()
    return frames[broken[1:] | broken[:-1]]


def in_lots(problem: StageProblem, lots: list[np.ndarray]) -> Iterator[Breaks]:
    """The breaks of each lot of frames (ids) that has any, as the frames have ended until it is asked for."""
    for frames in lots:
        turn = problem.source_rotations(frames).transpose(-1, -2) @ problem.rotations(frames)
        if len(broken := at_breaks(frames, turn)):
            now, source = problem.current(broken, problem.table), problem.source_rotations(broken)
            yield Breaks(KnownFrames(problem.skin, broken, now, source, problem.targets.roots(broken)))


@dataclass(frozen=True, eq=False)
class Breaks:
    """The frames on either side of the breaks of a motion.

    Attributes:
        known: these frames, and where they have ended.
    """

    known: KnownFrames

    def mended(
        self,
        frames: np.ndarray,
        start: Pose,
        source: Tensor,
        found: FittedChunk,
        fit: Callable[[np.ndarray, Pose], FittedChunk],
    ) -> FittedChunk:
        """The fit of m of these frames, each at the best of its own end and those from other starts.

        Args:
            frames: (m,) ids, ascending.
            start: as the source has them.
            source: (m, J, 3, 3) its relative rotations.
            found: where they have ended.
            fit: fits the frames at some of the m places from a pose.
        """
        every, ids = np.arange(len(frames)), self.known.frames
        tried = [(every, start)]
        own = np.searchsorted(ids, frames)
        for side in SIDES:
            beside = own + side
            there = (beside >= 0) & (beside < len(ids))
            some = torch.as_tensor(every[there], device=source.device)
            tried.append((every[there], self._as(beside[there], start[some], source[some])))
        for places, pose in tried:
            if len(places):
                found = with_better(found, places, fit(places, pose))
        return found

    def _as(self, others: np.ndarray, start: Pose, source: Tensor) -> Pose:
        """Frames turned away from their source, and moved, as others are."""
        places = torch.as_tensor(others, device=source.device)
        world = self.known.skin.tree.world_rotations(source @ self.known.turn[places])
        moved = (source[:, 0] @ self.known.offset[places][..., None]).squeeze(-1)
        return Pose(world, start.root + moved, start.betas)

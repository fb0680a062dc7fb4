"""A long motion fitted in parts, by processes that know nothing of each other, and joined without a seam.

Frames are fitted in lots that start from the frames that the shape was solved from, and from nothing else
(`core.fitting.stage.levels`). A part is some of these lots, and solves the same shape from the same frames:
so it finds what a run over all frames finds there, and none has to wait for another. Where frames pull on
each other a part goes as far beyond its ends as such a pull reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fitting.combine_fits import SAME_SHAPE
from core.fitting.recipe.recipe import Recipe
from core.fitting.run import FitRun
from core.fitting.solver.temporal_solve import MOST_OVERLAP
from core.fitting.stage.far_off import LOOKED_AT, leave_out, shows_rows
from core.fitting.stage.frame_chunks import split, spread
from core.fitting.stage.levels import LEVELLED
from core.fitting.stage.partial_result import fill_gaps, lay_between
from core.fitting.stage.stage_problem import StageProblem
from core.measure.fit_failure import judged
from core.model.fit_result import FitResult

PART_FRAMES = LEVELLED
LEAST_FRAMES = 512
"""Of a lot at the end; a shorter one is of the part before."""


def can_be_parted(recipe: Recipe) -> bool:
    """Whether parts find what a run over all frames does: later stages start from all frames of earlier
    ones."""
    first = recipe.stages[0]
    alone = recipe.method == "gauss-newton" and len(recipe.stages) == 1 and recipe.start != "current"
    return alone and first.shape != "per-frame" and first.stage != "translation"


def part_count(frames: int) -> int:
    """Into how many parts a motion of so many frames is best cut; 1 for not at all."""
    lots, rest = divmod(frames, PART_FRAMES)
    return max(1, lots + (rest >= LEAST_FRAMES))


@dataclass(frozen=True)
class Part:
    """What was found of some frames.

    Attributes:
        frames: (n,) ids.
        fit: of these n frames.
        notes: sentences that people should know.
    """

    frames: np.ndarray
    fit: FitResult
    notes: tuple[str, ...] = ()


class PartOfRun(FitRun):
    """A run that solves the shape from all frames and fits the poses of a part of them.

    Args:
        arguments: as of `FitRun`, for all frames, without a fit to go on from.
        index: which part, from 0.
        count: how many parts there are.
        keywords: as of `FitRun`.

    Attributes:
        mine: ids of the frames of this part; may be none.
    """

    def __init__(self, *arguments: Any, index: int, count: int, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        lots = split(self.frames, PART_FRAMES)
        if len(lots) > 1 and len(lots[-1]) < LEAST_FRAMES:
            lots[-2:] = [np.concatenate(lots[-2:])]
        first, last = (len(lots) * end // count for end in (index, index + 1))
        self.mine = np.concatenate([self.frames[:0], *lots[first:last]])

    def part(self, notes: tuple[str, ...] = ()) -> Part:
        """What was found of its frames."""
        return Part(self.mine, self.result().take(self.mine), notes)

    def _ordered(self, size: int) -> list[np.ndarray]:
        before, after = self.frames[:0], self.frames[:0]
        if self.recipe.stages[0].coupled and len(self.mine):
            first, last = np.searchsorted(self.frames, self.mine[[0, -1]])
            before = self.frames[max(0, first - MOST_OVERLAP) : first]
            after = self.frames[last + 1 : last + 1 + MOST_OVERLAP]
        return [chunk for frames in (before, self.mine, after) for chunk in split(frames, size)]

    def _finds_far_rows(self, problem: StageProblem) -> bool:
        return False  # it takes all frames to say so: see `joined`


def joined(run: FitRun, parts: Sequence[Part]) -> FitResult | None:
    """The fit of all frames, as a run makes it.

    Args:
        run: over all frames, not begun.
        parts: of it, in any order.

    Returns:
        None where the parts do not make up one fit, or where rows of the correspondence are far off, which
        all frames are to be fitted without: then the run is to be made as a whole.
    """
    parts = [part for part in parts if len(part.frames)]
    found = np.concatenate([run.frames[:0], *(part.frames for part in parts)])
    if not np.array_equal(np.sort(found), run.frames) or not all(map(_joins(parts[0].fit), parts)):
        return None
    whole, first = run.result(), parts[0].fit
    rows = {name: values.copy() for name, values in whole.by_frame().items()}
    for part in parts:
        for name, values in part.fit.by_frame().items():
            rows[name][part.frames] = values
    gaps = np.setdiff1d(np.arange(len(whole)), run.frames)
    if len(gaps):
        fill_gaps(rows["poses"], rows["transl"], run.frames, gaps)
        lay_between(rows["expression"], run.frames, gaps)
    result = judged(
        whole,
        betas=first.betas,
        seconds=sum(part.fit.seconds for part in parts),
        partial=not bool(rows["fitted"][run.frames].all()),
        provenance=first.provenance,
        **rows,
    )
    return None if _Looking.of(run, result).finds_far_rows() else result


class _Looking(FitRun):
    """Looks at a fit as a run looks at its own."""

    @classmethod
    def of(cls, run: FitRun, result: FitResult) -> _Looking:
        return cls(run.motion, run.bodies, run.recipe, start=result, device=str(run.device), threads=1)

    def finds_far_rows(self) -> bool:
        """Whether rows of the correspondence are far off."""
        some = spread(self.frames, LOOKED_AT)
        problem = self._problem(self.recipe.stages[0], "current")
        return shows_rows(problem.settings, len(some)) and bool(leave_out(problem, some, self._table))


def _joins(first: FitResult) -> Any:
    def joins(part: Part) -> bool:
        fit = part.fit
        shared = fit.frame_betas is None and fit.betas.shape == first.betas.shape
        return shared and bool(np.allclose(fit.betas, first.betas, rtol=0, atol=SAME_SHAPE))

    return joins

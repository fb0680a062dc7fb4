"""Why a frame is off: the bodies differ there, or its fit failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.model.fit_result import FitResult


class Verdict(Enum):
    """What a better fit of the same frame says about it."""

    MODEL_GAP = "model gap"
    """A polished fit is no better: the bodies cannot be brought closer."""

    FAILED_FIT = "failed fit"
    """A polished fit is better: the first one stopped short of the optimum."""

    UNKNOWN = "unknown"
    """One of the two has no finite number."""


@dataclass(frozen=True)
class Margin:
    """What a polished fit must gain to count as better: both, so that neither noise nor trifles do.

    Attributes:
        share: of the value before.
        least: in the value's own unit.
    """

    share: float = 0.02
    least: float = 0.0


# Parts trade a little with each other from one optimum to the next.
PART_MARGIN = Margin(share=0.1, least=0.5)


@dataclass(frozen=True)
class Judgement:
    """One frame before and after a polished fit, in whatever unit both were given in."""

    frame: int
    before: float
    after: float
    verdict: Verdict

    @property
    def gain(self) -> float:
        """How much better the polished fit is, as a share of before; NaN where it cannot be said."""
        known = np.isfinite((self.before, self.after)).all() and self.before > 0
        return (self.before - self.after) / self.before if known else float("nan")


def judge(before: np.ndarray, after: np.ndarray, margin: Margin | None = None) -> tuple[Verdict, ...]:
    """One verdict a frame.

    Args:
        before: (n,) objective, or mean millimetres, of the fit as it is.
        after: (n,) the same of a polished fit of each frame.
        margin: what counts as better.

    Raises:
        ValueError: the two differ in length.
    """
    before, after = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if before.shape != after.shape or before.ndim != 1:
        raise ValueError(f"before has shape {before.shape}, after {after.shape}, expected (n,) twice")
    margin = margin or Margin()
    known = np.isfinite(before) & np.isfinite(after)
    with np.errstate(invalid="ignore"):
        better = before - after > np.maximum(margin.share * np.abs(before), margin.least)
    return tuple(
        Verdict.UNKNOWN if not said else Verdict.FAILED_FIT if gained else Verdict.MODEL_GAP
        for said, gained in zip(known, better, strict=True)
    )


def judge_frames(
    frames: Sequence[int] | np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    margin: Margin | None = None,
    parts: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[Judgement, ...]:
    """Says of each of n frames whether its fit had failed.

    A hand may be wrong without the whole body showing it: where a polished fit that is no worse on the whole
    is better in a body part, the first one had failed too.

    Args:
        frames: ids.
        before: (n,) objective, or mean millimetres, of the fit as it is.
        after: (n,) the same of a polished fit of each frame.
        margin: what counts as better on the whole.
        parts: (n, P) mean millimetres by body part before and after, or None.

    Raises:
        ValueError: the arrays differ in length.
    """
    verdicts = list(judge(before, after, margin))
    if len(verdicts) != len(frames):
        raise ValueError(f"before has {len(verdicts)} values for {len(frames)} frames")
    if parts is not None:
        for old, new in zip(*(np.asarray(values).T for values in parts), strict=True):
            for index, verdict in enumerate(judge(old, new, PART_MARGIN)):
                if verdict is Verdict.FAILED_FIT and after[index] <= before[index]:
                    verdicts[index] = verdict
    return tuple(
        Judgement(int(frame), float(a), float(b), verdict)
        for frame, a, b, verdict in zip(frames, before, after, verdicts, strict=True)
    )


# What fitting some frames of a fit a second time gave, frame by frame.


@dataclass(frozen=True)
class OpinionProgress:
    """One step of a second opinion.

    Attributes:
        start: where the frames start from, one of `core.problems.second_opinion.STARTS`.
        index: its place among those that are tried, from 0.
        total: how many are tried.
        frames_done: frames finished from this start.
        frames_total: frames to fit.
    """

    start: str
    index: int
    total: int
    frames_done: int
    frames_total: int


@dataclass(frozen=True, eq=False)
class Opinion:
    """The best fit that was found of each of n frames.

    Attributes:
        frames: (n,) ids, ascending: those asked for whose source is finite.
        before_mm: (n,) mean v2v of the fit as it is, measured anew; NaN where there is none.
        after_mm: (n,) of the best there is now, never more than before.
        before_part_mm: (n, len(PARTS)) mean by body part.
        after_part_mm: (n, len(PARTS)).
        by_start: mean v2v by start, (n,) each; NaN where a frame was not fitted from there.
        chosen: the start of each frame's best fit, or empty where it stays as it was.
        result: the fit with these frames at their best; all others untouched.
        partial: stopped before every start was tried.
    """

    frames: np.ndarray
    before_mm: np.ndarray
    after_mm: np.ndarray
    before_part_mm: np.ndarray
    after_part_mm: np.ndarray
    by_start: dict[str, np.ndarray]
    chosen: tuple[str, ...]
    result: FitResult
    partial: bool


def judgements(opinion: Opinion, margin: Margin | None = None) -> tuple[Judgement, ...]:
    """Of each frame whether its fit had failed: the polished one is better on the whole or in a body part.

    Args:
        opinion: a finished one, or what there is of it.
        margin: what counts as better on the whole.
    """
    return judge_frames(
        opinion.frames,
        opinion.before_mm,
        opinion.after_mm,
        margin,
        parts=(opinion.before_part_mm, opinion.after_part_mm),
    )

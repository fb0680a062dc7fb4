"""What fitting some frames of a fit a second time gave, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.fitting.result import FitResult
from core.verdict import Judgement, Margin, judge_frames


@dataclass(frozen=True)
class OpinionProgress:
    """One step of a second opinion.

    Attributes:
        start: where the frames start from, one of `core.second_opinion.STARTS`.
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

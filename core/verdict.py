"""Why a frame is off: the bodies differ there, or its fit failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np


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

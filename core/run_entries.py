"""What each step of a history was: the recipe, how many frames it changed, its time, and what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.fit_comparison import Change, changed_frames, compare_fits
from core.fitting.result import FitResult


@dataclass(frozen=True)
class RunEntry:
    """One step.

    Attributes:
        name: what it was, ``'fit of all frames'``; empty for how it began.
        recipe: name of the recipe that fitted, empty where the step was no fit.
        stages: what the recipe's stages are, ``('edge', 'vertex')``.
        frames: how many frames it changed.
        seconds: that the fit took, 0 where it was none.
        mean_mm: mean distance over these frames before and after, before NaN where there was no fit; None
            where no frame has changed.
        whole_mm: mean distance over all fitted frames afterwards, NaN without any.
        failure: why the fit that it led to has failed as a whole, empty where it has not.
    """

    name: str
    recipe: str
    stages: tuple[str, ...]
    frames: int
    seconds: float
    mean_mm: Change | None
    whole_mm: float
    failure: str = ""


def run_entry(name: str, before: FitResult | None, now: FitResult | None) -> RunEntry:
    """What a step was that led from one fit to another."""
    if now is None:
        return RunEntry(name, "", (), 0, 0.0, None, float("nan"))
    whole = now.summary()["mean"]
    # A step that changes no parameters, such as another frame rate, shares the poses.
    if before is not None and before.poses is now.poses:
        return RunEntry(name, "", (), 0, 0.0, None, whole, now.failure)
    fitted = before is None or before.seconds != now.seconds or before.provenance != now.provenance
    told = now.provenance.get("recipe") if fitted else None
    told = told if isinstance(told, dict) else {}
    stages = [stage for stage in told.get("stages", ()) if isinstance(stage, dict)]
    frames, change = _change(before, now)
    return RunEntry(
        name,
        str(told.get("name", "")),
        tuple(str(stage.get("stage", "")) for stage in stages),
        frames,
        now.seconds if fitted else 0.0,
        change,
        whole,
        now.failure,
    )


def run_entries(steps: Sequence[tuple[str, FitResult | None]]) -> tuple[RunEntry, ...]:
    """Of each step by its name and the fit that it led to, the oldest first."""
    fits = [None, *(fit for _, fit in steps)]
    return tuple(run_entry(name, before, now) for (name, now), before in zip(steps, fits, strict=False))


def _change(before: FitResult | None, now: FitResult) -> tuple[int, Change | None]:
    if before is None or not before.fitted.any():
        count = int(now.fitted.sum())
        return count, Change(float("nan"), now.summary()["mean"]) if count else None
    found, count = compare_fits(before, now), len(changed_frames(before, now))
    new = now.fitted & ~before.fitted
    if found is None:
        return count, Change(float("nan"), float(np.nanmean(now.mean_mm[new]))) if new.any() else None
    return count, found.mean_mm

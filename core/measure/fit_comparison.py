"""What one fit of a motion has over another: which frames differ, by how much, and how many are better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.measure.counted_vertices import same_skin
from core.measure.vertex_mask import same_masks
from core.model.fit_result import LEFT, FitResult

# Half of the last digit that people read: a frame that changes by less is neither better nor worse.
SAME_MM = 0.05


@dataclass(frozen=True)
class FigureChange:
    """A figure before and now, millimetres."""

    before: float
    now: float


@dataclass(frozen=True, eq=False)
class FitComparison:
    """Two fits over the frames that both hold and whose errors differ.

    Attributes:
        frames: ids of these frames, ascending.
        mean_mm: mean over them of the frame's mean.
        median_mm: mean of the frame's median.
        p95_mm: mean of the frame's 95th percentile.
        max_mm: the worst vertex of all.
        better: how many have a mean that is smaller by `SAME_MM` or more.
        worse: how many have one that is larger by as much.
    """

    frames: np.ndarray
    mean_mm: FigureChange
    median_mm: FigureChange
    p95_mm: FigureChange
    max_mm: FigureChange
    better: int
    worse: int

    def __len__(self) -> int:
        return len(self.frames)


def changed_frames(before: FitResult, now: FitResult) -> np.ndarray:
    """Ids of the frames that are not the same in two fits of a motion, ascending: parameters, figures, or
    whether there is a fit of them. What they may have left is none of it: earlier versions did not tell."""
    old, new = (
        {name: values for name, values in fit.by_frame().items() if name not in LEFT} for fit in (before, now)
    )
    fitted = before.fitted | now.fitted
    if old.keys() != new.keys() or not np.array_equal(before.betas, now.betas):
        return np.flatnonzero(fitted)
    differs = np.zeros(len(now), dtype=bool)
    for name, values in new.items():
        if values.shape != old[name].shape:
            return np.flatnonzero(fitted)
        same = (values == old[name]) | ((values != values) & (old[name] != old[name]))
        differs |= ~same.reshape(len(now), -1).all(1)
    return np.flatnonzero(differs & fitted)


def same_fit(before: FitResult, now: FitResult) -> bool:
    """Two fits of a motion do not differ in any frame, in the mask that they were made with, or in what makes
    them failed ones."""
    if len(before) != len(now) or before.partial != now.partial or before.failure != now.failure:
        return False
    return same_masks(before, now) and not len(changed_frames(before, now))


def compare_fits(before: FitResult, now: FitResult) -> FitComparison | None:
    """Compares a fit with the one that it has replaced.

    Args:
        before: the earlier fit.
        now: the later one, of the same motion.

    Returns:
        None where no frame that both hold has changed, or their figures are over other vertices.
    """
    if len(before) != len(now) or not same_skin(before, now):
        return None
    differs = np.zeros(len(now), dtype=bool)
    both = before.fitted & now.fitted
    for name in ("mean_mm", "median_mm", "p95_mm", "max_mm"):
        earlier, later = getattr(before, name), getattr(now, name)
        differs |= earlier != later
        both &= np.isfinite(earlier) & np.isfinite(later)
    frames = np.flatnonzero(differs & both)
    if not len(frames):
        return None
    gained = before.mean_mm[frames].astype(np.float64) - now.mean_mm[frames]

    def over_frames(name: str) -> FigureChange:
        return FigureChange(
            *(float(getattr(fit, name)[frames].mean(dtype=np.float64)) for fit in (before, now))
        )

    return FitComparison(
        frames,
        over_frames("mean_mm"),
        over_frames("median_mm"),
        over_frames("p95_mm"),
        FigureChange(float(before.max_mm[frames].max()), float(now.max_mm[frames].max())),
        better=int((gained >= SAME_MM).sum()),
        worse=int((gained <= -SAME_MM).sum()),
    )


# What each step of a history was: the recipe, how many frames it changed, its time, and what it brought.


@dataclass(frozen=True)
class RunEntry:
    """One step.

    Attributes:
        name: what it was, ``'fit of all frames'``; empty for how it began.
        recipe: name of the recipe that fitted, empty where the step was no fit.
        stages: what the recipe's stages are, ``('edge', 'vertex')``.
        frames: how many frames it changed.
        seconds: that the fit took, 0 where it was none.
        mean_mm: mean distance over these frames before and after, before NaN where there was no fit, or one
            whose figures are over other vertices; None where no frame has changed.
        whole_mm: mean distance over all fitted frames afterwards, NaN without any.
        failure: why the fit that it led to has failed as a whole, empty where it has not.
        device: where it was fitted: ``'CPU'``, or what the GPU is called; empty where the step was no fit.
    """

    name: str
    recipe: str
    stages: tuple[str, ...]
    frames: int
    seconds: float
    mean_mm: FigureChange | None
    whole_mm: float
    failure: str = ""
    device: str = ""


def run_entry(name: str, before: FitResult | None, now: FitResult | None) -> RunEntry:
    """What a step was that led from one fit to another."""
    if now is None:
        return RunEntry(name, "", (), 0, 0.0, None, float("nan"))
    whole = now.summary()["mean"]
    # A step that changes no parameters, such as another frame rate, shares the poses.
    if before is not None and before.poses is now.poses:
        return RunEntry(name, "", (), 0, 0.0, None, whole, now.failure)
    fitted = before is None or before.seconds != now.seconds or before.provenance != now.provenance
    recipe = now.provenance.get("recipe") if fitted else None
    recipe = recipe if isinstance(recipe, dict) else {}
    stages = [stage for stage in recipe.get("stages", ()) if isinstance(stage, dict)]
    frames, change = _change(before, now)
    return RunEntry(
        name,
        str(recipe.get("name", "")),
        tuple(str(stage.get("stage", "")) for stage in stages),
        frames,
        now.seconds if fitted else 0.0,
        change,
        whole,
        now.failure,
        _device(now.provenance) if fitted else "",
    )


def _device(provenance: Mapping[str, Any]) -> str:
    where = str(provenance.get("device", ""))
    if where.startswith("cuda"):
        return str(provenance.get("device_name") or "GPU")
    return where.upper()


def run_entries(steps: Sequence[tuple[str, FitResult | None]]) -> tuple[RunEntry, ...]:
    """Of each step by its name and the fit that it led to, the oldest first."""
    fits = [None, *(fit for _, fit in steps)]
    return tuple(run_entry(name, before, now) for (name, now), before in zip(steps, fits, strict=False))


def _change(before: FitResult | None, now: FitResult) -> tuple[int, FigureChange | None]:
    if before is None or not before.fitted.any():
        count = int(now.fitted.sum())
        return count, FigureChange(float("nan"), now.summary()["mean"]) if count else None
    found, changed = compare_fits(before, now), changed_frames(before, now)
    count, new = len(changed), now.fitted & ~before.fitted
    if not same_skin(before, now):
        new[changed] = now.fitted[changed]
    if found is None:
        return count, FigureChange(float("nan"), float(np.nanmean(now.mean_mm[new]))) if new.any() else None
    return count, found.mean_mm

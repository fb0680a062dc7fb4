"""Several ways to put some frames of a fit right, each tried, measured and joined to its surroundings.

    trial = FixTrial(motion, bodies, result, frames)
    for progress in trial:
        print(progress.strategy.label, progress.frames_done)
    for fix in trial.fixes:
        print(fix.strategy.label, fix.mean_mm, fix.seam_mm)
    better = trial.fixes[best(trial.fixes)].result

To cancel, call `FixTrial.cancel` from any thread, or stop iterating; `FixTrial.fixes` then has what was
tried.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.errors import RefitError
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.partial_result import fill_gaps
from core.measure.fit_failure import judged
from core.measure.frame_errors import measured, swapped
from core.model.body_pair import BodyPair
from core.model.fit_result import LEFT, FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.problems.blend_frames import joined, margin, seam_jump
from core.problems.limb_transfer import borrowed
from core.problems.neighbour_start import from_neighbours
from core.problems.second_opinion import LOOSE_PRIOR, polished, settings_of

HANDS = 3.0
SMOOTHNESS = 0.02
ROBUST_MM = 5.0
# A seam is smooth where no joint accelerates more than this beyond the source's, mm/frame².
SEAM_SLACK_MM = 2.0
# A simpler strategy is as good as one that is better by less than this share, or by less than so much.
AS_GOOD, AS_GOOD_MM = 0.05, 0.05


@dataclass(frozen=True)
class Strategy:
    """A way to put frames right.

    Attributes:
        name: of the strategy.
        label: for people.
        help: what it does, in a sentence.
        start: where the frames start: ``'source'``, ``'parts'``, ``'neighbours'``, or ``'best'`` of what was
            tried before; empty where nothing is fitted.
        changes: of the settings.
    """

    name: str
    label: str
    help: str
    start: str = "best"
    changes: dict[str, Any] = field(default_factory=dict, hash=False)


STRATEGIES = (
    Strategy("source", "From the source", "Starts from the source's rotations, joint by joint.", "source"),
    Strategy(
        "neighbours",
        "From neighbours",
        "Starts from what the good frames around turn away from the source.",
        "neighbours",
    ),
    Strategy("parts", "From the parts", "Starts from body parts laid onto their targets.", "parts"),
    Strategy(
        "hands",
        f"Hands ×{HANDS:g}",
        f"The skin of the hands counts {HANDS:g} times.",
        changes={"part_weights": tuple(HANDS if part == "hands" else 1.0 for part in PARTS)},
    ),
    Strategy(
        "robust",
        "Robust",
        "Body parts that cannot be met pull less.",
        changes={"robust": "geman-mcclure", "robust_scale": ROBUST_MM},
    ),
    Strategy(
        "smoother",
        "Smoother",
        "What the fit turns away from the source changes little from frame to frame.",
        changes={"smoothness": SMOOTHNESS},
    ),
    Strategy("jaw", "Jaw freed", "The jaw may turn.", changes={"free_jaw": True}),
    Strategy(
        "limb",
        "Borrowed limb",
        "The hand or limb that is off is taken from the good frames before and after, whatever the source "
        "does; nothing else changes.",
        "",
    ),
    Strategy(
        "across",
        "Interpolated",
        "Nothing is fitted: the frames lie between the good ones before and after, whatever the source does.",
        "",
    ),
)


@dataclass(frozen=True)
class FixProgress:
    """One step of a trial.

    Attributes:
        strategy: that is tried.
        index: its place, from 0.
        total: how many are tried.
        frames_done: frames finished with it.
        frames_total: frames to fit with it.
    """

    strategy: Strategy
    index: int
    total: int
    frames_done: int
    frames_total: int


@dataclass(frozen=True, eq=False)
class Fix:
    """What a strategy gives, over the frames that are to be put right.

    Attributes:
        strategy: None for the fit as it is.
        result: the whole fit with these frames, joined to those around them.
        mean_mm: mean distance.
        max_mm: worst vertex of all frames.
        worst_part: body part with the largest mean.
        part_mm: and that mean.
        seam_mm: largest acceleration of a joint beyond the source's where the frames meet the others,
            mm/frame²; NaN where there are no others.
        smooth: the seam is hardly rougher than the source.
        limbs: names of the limbs that were taken from other frames.
    """

    strategy: Strategy | None
    result: FitResult
    mean_mm: float
    max_mm: float
    worst_part: str
    part_mm: float
    seam_mm: float
    smooth: bool
    limbs: tuple[str, ...] = ()


class FixTrial:
    """Tries strategies on some frames; the caller owns the loop.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        frames: ids of the frames; those whose source is not finite are left out.
        settings: what to minimise; None for the last vertex stage that made the fit, by its provenance.
        strategies: in the order to try them.
        suspects: ids of more frames that are not good, from which none is to start.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        threads: workers; None for one a processor.
        stop: cancels when set; None for one of its own.

    Attributes:
        left_device: why a run left the device that was asked for, a sentence; empty where none has.

    Raises:
        RefitError: none of the frames is finite, or the result belongs to another motion or another body.
    """

    def __init__(
        self,
        motion: Motion,
        bodies: BodyPair,
        result: FitResult,
        frames: Sequence[int] | np.ndarray,
        *,
        settings: FitSettings | None = None,
        strategies: Sequence[Strategy] = STRATEGIES,
        suspects: Sequence[int] | np.ndarray = (),
        device: str = "auto",
        threads: int | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.motion, self.bodies, self.result = motion, bodies, result
        finite = np.flatnonzero(motion.finite_frames())
        self.frames = np.intersect1d(finite, np.asarray(frames, dtype=int))
        if not len(self.frames):
            raise RefitError("None of these frames has finite numbers, so there is nothing to put right.")
        self.settings = polished(settings or settings_of(result))
        # Meshes have no rotations to start from.
        self.strategies = tuple(s for s in strategies if motion.has_poses or s.start != "source")
        self._suspects = np.union1d(self.frames, np.asarray(suspects, dtype=int))
        self._device, self._threads = device, threads
        self.left_device = ""
        self._stop = stop or threading.Event()
        self._wide = np.union1d(self.frames, margin(motion, result, self.frames, self._suspects))
        self._best = (result, measured(motion, bodies, result, self._wide).mean)
        self.before = self._measured(None, result)
        self.fixes: list[Fix] = []

    def cancel(self) -> None:
        """Ends after the step it is in; safe from any thread."""
        self._stop.set()

    def __iter__(self) -> Iterator[FixProgress]:
        total = len(self.strategies)
        for index, strategy in enumerate(self.strategies):
            yield FixProgress(strategy, index, total, 0, len(self._wide))
            found: FitResult | None = None
            limbs: tuple[str, ...] = ()
            if strategy.name == "limb":
                found, limbs = self._borrowed()
            elif not strategy.start:
                found = self._across()
            for run in self._runs(strategy):
                with closing(iter(run)) as steps:  # type: ignore[type-var]
                    for step in steps:
                        yield FixProgress(strategy, index, total, step.frames_done, len(self._wide))
                self.left_device = self.left_device or run.left_device
                if self._stop.is_set():
                    return
                found = run.result()
            if found is None:
                continue
            if not strategy.changes and strategy.start:
                self._consider(found)
            whole = joined(self.motion, self.bodies, self.result, found, self.frames, self._suspects)
            record: dict[str, Any] = {"strategy": strategy.name, "frames": self.frames.tolist()}
            record |= {"limbs": list(limbs)} if limbs else {}
            whole = judged(whole, provenance=self.result.provenance | {"fixed": record})
            self.fixes.append(replace(self._measured(strategy, whole), limbs=limbs))

    def _runs(self, strategy: Strategy) -> Iterator[FitRun]:
        """The runs of a strategy, one after another; the last one's result counts."""
        settings = replace(self.settings, **strategy.changes)
        if strategy.start == "source":
            yield self._run(self.result, settings, "source")
        elif strategy.start == "neighbours":
            begin = from_neighbours(self.motion, self.bodies, self.result, self._wide, self._suspects)
            if begin is not None:
                yield self._run(begin, settings, "current")
        elif strategy.start == "parts":
            # What the source says would lead a frame where it was: it finds its own way first.
            loose = replace(settings, pose_prior=min(LOOSE_PRIOR, settings.pose_prior))
            first = self._run(self.result, loose, "parts")
            yield first
            yield self._run(first.result(), settings, "current")
        elif strategy.start:
            yield self._run(self._best[0], settings, "current")

    def _run(self, begin: FitResult, settings: FitSettings, origin: str) -> FitRun:
        return FitRun(
            self.motion,
            self.bodies,
            Recipe((settings,), origin, "fix"),
            frames=self._wide,
            start=begin,
            device=self._device,
            threads=self._threads,
            stop=self._stop,
            replaces=True,
        )

    def _consider(self, found: FitResult) -> None:
        """Of each frame the best fit so far is where others start."""
        best, mean = self._best
        new = found.mean_mm[self._wide]
        better = np.isfinite(new) & ~(new >= mean)
        self._best = swapped(best, found, self._wide[better]), np.where(better, new, mean)

    def _across(self) -> FitResult | None:
        """The frames laid between the good ones around them, with their errors."""
        usable = self.result.fitted & self.result.as_motion().finite_frames()
        good = np.setdiff1d(np.flatnonzero(usable), self._suspects)
        if not len(good):
            return None
        poses, transl = self.result.poses.copy(), self.result.transl.copy()
        fill_gaps(poses, transl, good, self.frames)
        return self._laid(poses, transl)

    def _borrowed(self) -> tuple[FitResult | None, tuple[str, ...]]:
        """The frames with limbs of good ones, with their errors; and which limbs."""
        if not self.result.fitted[self.frames].all():
            return None, ()
        found = borrowed(self.motion, self.bodies, self.result, self.frames, self._suspects)
        if found is None or not found.limbs:
            return None, ()
        return self._laid(found.result.poses, self.result.transl.copy()), found.limbs

    def _laid(self, poses: np.ndarray, transl: np.ndarray) -> FitResult:
        """The fit with these poses, measured in the frames that they change."""
        values: dict[str, Any] = {"poses": poses, "transl": transl}
        for name, value in {"fitted": True, "converged": False, "edited": False, **LEFT}.items():
            values[name] = getattr(self.result, name).copy()
            values[name][self.frames] = value
        laid = replace(self.result, **values)
        errors = measured(self.motion, self.bodies, laid, self.frames)
        for name in ("mean", "median", "p95", "max", "part"):
            values[f"{name}_mm"] = getattr(laid, f"{name}_mm").copy()
            values[f"{name}_mm"][self.frames] = getattr(errors, name)
        return judged(laid, **values)

    def _measured(self, strategy: Strategy | None, result: FitResult) -> Fix:
        errors = measured(self.motion, self.bodies, result, self.frames)
        seam = seam_jump(self.motion, self.bodies, result, self.frames)
        parts = np.nan_to_num(errors.part, nan=-1.0).mean(0)
        worst = int(parts.argmax())
        return Fix(
            strategy,
            result,
            _mean(errors.mean),
            _most(errors.max),
            PARTS[worst],
            float(parts[worst]),
            seam,
            not seam > SEAM_SLACK_MM,
        )


def best(fixes: Sequence[Fix], before: Fix | None = None) -> int | None:
    """Index of the fix to take: the first that is as good as the one with the smallest mean, among those with
    a smooth seam, or among all where none has one; None without any.

    Args:
        fixes: what was tried.
        before: the fit as it is: where nothing is better there is none to take.
    """
    known = [index for index, fix in enumerate(fixes) if np.isfinite(fix.mean_mm)]
    some = [index for index in known if fixes[index].smooth] or known
    if not some:
        return None
    least = min(fixes[index].mean_mm for index in some)
    enough = max(least * (1 + AS_GOOD), least + AS_GOOD_MM)
    found = next(index for index in some if fixes[index].mean_mm <= enough)
    return None if before is not None and not gains(fixes[found], before) else found


def gains(fix: Fix, before: Fix) -> bool:
    """It has a smaller mean than the fit had before, or an even seam where that had none."""
    if not np.isfinite(before.mean_mm):
        return bool(np.isfinite(fix.mean_mm))
    slack = max(before.mean_mm * AS_GOOD, AS_GOOD_MM)
    smoother = fix.smooth and not before.smooth
    return fix.mean_mm < before.mean_mm + (slack if smoother else -slack)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else float("nan")


def _most(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else float("nan")

"""A second opinion on some frames of a fit: each is fitted again, to the end and from several starts.

    run = SecondOpinion(motion, bodies, result, frames)
    for progress in run:
        print(progress.start, progress.frames_done)
    opinion = run.opinion()
    for judgement in judgements(opinion):
        print(judgement.frame, judgement.verdict.value)
    better = opinion.result

Where nothing else is wanted than what it finds, `SecondOpinion.verdicts` does all of this.

The objective stays that of the fit and what frames share is held, so that a better fit means that the first
one had failed, and not that something else was asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.measure.fit_failure import judged
from core.measure.frame_errors import measured, swapped
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.neighbour_start import from_neighbours
from core.problems.verdict import Judgement, Margin, Opinion, OpinionProgress, judgements

STARTS = ("current", "source", "neighbours", "parts")

# A polished frame ends when its next step promises less than this share of its objective.
TOLERANCE = 1e-5
ITERATIONS = 60
# Pull towards the relaxed pose in the first fit from the parts.
LOOSE_PRIOR = 1e-5
# Less is noise: the frame stays as it is.
LEAST_GAIN_MM = 0.005


class SecondOpinion:
    """Fits some frames of a fit again, from several starts, and keeps the best of each by mean v2v.

    The caller owns the loop; to cancel, call `cancel` from any thread, or stop iterating. `opinion` then
    gives the best so far.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        frames: ids of the frames.
        settings: what to minimise; None for the last vertex stage that made the fit, by its provenance.
        vertex_weights: (V,) that the fit was made with, or None.
        starts: some of `STARTS`, in the order to try them.
        suspects: ids of more frames that no other is to start from.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        threads: workers; None for one a processor.
        stop: cancels when set; None for one of its own.

    Attributes:
        left_device: why a run left the device that was asked for, a sentence; empty where none has.

    Raises:
        RefitError: the result belongs to another motion or another body.
        ValueError: an unknown start.
    """

    def __init__(
        self,
        motion: Motion,
        bodies: BodyPair,
        result: FitResult,
        frames: Sequence[int] | np.ndarray,
        *,
        settings: FitSettings | None = None,
        vertex_weights: np.ndarray | None = None,
        starts: Sequence[str] = STARTS,
        suspects: Sequence[int] | np.ndarray = (),
        device: str = "auto",
        threads: int | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        unknown = [start for start in starts if start not in STARTS]
        if unknown:
            raise ValueError(f"start is {unknown[0]!r}, expected one of {', '.join(STARTS)}")
        self.motion, self.bodies, self.result = motion, bodies, result
        wanted = np.asarray(frames, dtype=int)
        self.frames = np.intersect1d(wanted, np.flatnonzero(motion.finite_frames()))
        self.settings = polished(settings or settings_of(result))
        self._suspects = np.asarray(suspects, dtype=int)
        self.vertex_weights, self.device, self.threads = vertex_weights, device, threads
        self._stop = stop or threading.Event()
        self._ended = False
        self.left_device = ""
        self._starts = tuple(start for start in starts if self._makes_sense(start))
        before = measured(motion, bodies, result, self.frames)
        self._best, self._mean, self._part = result, before.mean, before.part
        self._before = (before.mean, before.part)
        self._by_start: dict[str, np.ndarray] = {}
        self._chosen = np.full(len(self.frames), "", dtype=object)

    def cancel(self) -> None:
        """Ends after the step it is in; safe from any thread."""
        self._stop.set()

    def _makes_sense(self, start: str) -> bool:
        if start == "source" and not self.motion.has_poses:
            return False
        # Coefficients of a frame's own that are held are not taken along to the parts.
        own = self.result.frame_betas is not None or bool(np.ptp(self.result.expression, axis=0).any())
        return start != "parts" or not own or "per-frame" in (self.settings.shape, self.settings.expression)

    def __iter__(self) -> Iterator[OpinionProgress]:
        for index, start in enumerate(self._starts):
            for run, counts in self._runs(start):
                done: set[int] = set()
                try:
                    with closing(iter(run)) as steps:  # type: ignore[type-var]
                        for step in steps:
                            done.update(step.frames.tolist())
                            yield OpinionProgress(
                                start, index, len(self._starts), step.frames_done, len(self.frames)
                            )
                finally:
                    self.left_device = self.left_device or run.left_device
                    if counts:
                        self._consider(start, run.result(), done)
                if self._stop.is_set():
                    return
        self._ended = True

    def _runs(self, start: str) -> Iterator[tuple[FitRun, bool]]:
        """The runs from a start, one after another, and whether they minimise what the fit did."""
        origin, frames, begin = "current", self.frames, self.result
        if start == "current":
            frames = frames[self.result.as_motion().finite_frames()[frames]]
        if not len(frames):
            return
        if start == "neighbours":
            suspect = np.union1d(frames, self._suspects)
            found = from_neighbours(self.motion, self.bodies, self.result, frames, suspect)
            if found is None:
                return
            begin = found
        elif start == "source":
            origin = "source"
        if start == "parts":
            # What the source says would lead a frame where it was: it finds its own way first.
            loose = replace(self.settings, pose_prior=min(LOOSE_PRIOR, self.settings.pose_prior))
            first = self._run(begin, frames, loose, "parts")
            yield first, False
            begin = first.result()
        yield self._run(begin, frames, self.settings, origin), True

    def _run(self, begin: FitResult, frames: np.ndarray, settings: FitSettings, origin: str) -> FitRun:
        return FitRun(
            self.motion,
            self.bodies,
            Recipe((settings,), origin, "second opinion"),
            frames=frames,
            start=begin,
            vertex_weights=self.vertex_weights,
            device=self.device,
            threads=self.threads,
            stop=self._stop,
            replaces=True,
        )

    def _consider(self, start: str, found: FitResult, done: set[int]) -> None:
        fitted = np.isin(self.frames, list(done))
        mean = np.where(fitted, found.mean_mm[self.frames], np.nan)
        self._by_start[start] = mean
        better = np.isfinite(mean) & ~(mean > self._mean - LEAST_GAIN_MM)
        self._chosen[better] = start
        self._mean = np.where(better, mean, self._mean)
        self._part = np.where(better[:, None], found.part_mm[self.frames], self._part)
        self._best = swapped(self._best, found, self.frames[better])

    def opinion(self) -> Opinion:
        """What has been found so far."""
        best, taken = self._best, self.frames[self._chosen != ""]
        if len(taken):
            best = judged(best, provenance=best.provenance | {"second_opinion": {"frames": taken.tolist()}})
        return Opinion(
            self.frames,
            self._before[0],
            self._mean,
            self._before[1],
            self._part,
            dict(self._by_start),
            tuple(self._chosen.tolist()),
            best,
            not self._ended,
        )

    def verdicts(
        self, margin: Margin | None = None, check: Callable[[], object] | None = None
    ) -> tuple[Judgement, ...]:
        """Goes through to the end: one judgement for each of the frames whose source is finite, ascending;
        where it was cancelled, on what was tried until then.

        Args:
            margin: what counts as better on the whole.
            check: called after each step; what it raises ends the run.
        """
        for _ in self:
            if check is not None:
                check()
        return judgements(self.opinion(), margin)


def settings_of(result: FitResult) -> FitSettings:
    """The last vertex stage of the recipe that made a fit; the default where its provenance has none."""
    try:
        stages = Recipe.from_dict(result.provenance["recipe"]).stages
    except (KeyError, TypeError, ValueError, AttributeError):
        return FitSettings()
    return next((stage for stage in reversed(stages) if stage.stage == "vertex"), FitSettings())


def polished(settings: FitSettings) -> FitSettings:
    """The same objective with what frames share held, to be minimised to the end."""
    return replace(
        settings,
        shape="fixed" if settings.shape == "shared" else settings.shape,
        expression="off" if settings.expression == "shared" else settings.expression,
        order="together",
        iterations=max(settings.iterations, ITERATIONS),
        tolerance=min(settings.tolerance, TOLERANCE),
    )

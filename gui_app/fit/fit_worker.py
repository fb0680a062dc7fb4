"""The fitting thread: runs what a recipe says, and tells how it goes and how long it will still take."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.fitting.no_progress import ProgressClock
from core.model.fit_result import covers_more
from gui_app.document.run_status import RunStatus, went_on
from gui_app.tasks.background_job import PROGRESS_SECONDS

if TYPE_CHECKING:
    from core.fitting.recipe.recipe import Recipe
    from core.fitting.run import FitRun
    from core.fitting.stage.progress import Progress
    from core.fitting.stage_reports import StageReport
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

# Tells how long a run will still take, in numbers that do not jump about.

# Seconds over which a new estimate takes the place of an old one.
CALM_SECONDS = 2.0
MOST_POINTS = 160


class Pace:
    """Sees every step of a run; ``what`` is fitted, in words."""

    def __init__(self, what: str, now: float) -> None:
        self._what = what
        self._stage = (0, "")
        self._stage_began = self._seen = now
        self._end: float | None = None
        self._trace: list[float] = []

    def see(self, progress: Progress, now: float) -> None:
        """Takes note of a step that has ended at ``now``, seconds."""
        stage = (progress.index, progress.stage)
        if stage != self._stage:
            self._stage, self._stage_began, self._end = stage, self._seen, None
        if math.isfinite(progress.mean_mm):
            self._trace.append(progress.mean_mm)
            if len(self._trace) > MOST_POINTS:
                del self._trace[1::2]
        if progress.frames_done:
            rate = progress.frames_done / max(now - self._stage_began, 1e-6)
            end = now + (progress.frames_total - progress.frames_done) / rate
            if self._end is None:
                self._end = end
            else:
                self._end += (end - self._end) * (1 - math.exp((self._seen - now) / CALM_SECONDS))
        self._seen = now

    def status(self, progress: Progress, now: float) -> RunStatus:
        """The progress in the window's words."""
        return RunStatus(
            "running",
            progress.stage,
            progress.frames_done,
            progress.frames_total,
            progress.mean_mm,
            None if self._end is None else max(self._end - now, 0.0),
            progress.iteration,
            self._what,
            tuple(self._trace),
        )


UNEXPECTED = "The fit stopped because of an unexpected error; details are in the log"
PREVIEW_SECONDS = 0.2


@dataclass(frozen=True, eq=False)
class RunRequest:
    """Everything a run needs, frozen when it is asked for.

    ``what`` names the ``frames``, None for all; ``earlier`` is the fit that there is, or None. A run that
    ``joins`` fades into the earlier fit over the frames around its own, but not into these.
    """

    motion: Motion
    bodies: BodyPair
    recipe: Recipe
    what: str
    frames: np.ndarray | None
    earlier: FitResult | None
    first_frame: int
    device: str
    threads: int | None
    cancel: threading.Event
    joins: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Preparation:
    """What the first run of a motion will need."""

    motion: Motion
    bodies: BodyPair
    recipe: Recipe
    device: str


@dataclass(frozen=True, eq=False)
class RunReply:
    """The fit to show.

    Attributes:
        result: what the run reached, on top of the earlier fit where both share a shape; or the earlier fit
            itself. None where there is nothing.
        changed: ids of the frames that are new since the reply before, None for all.
        reached: ids of the frames that the run has fitted.
        asked: how many it was to fit.
        around: ids of those among them that only fade into the earlier fit.
        complete: it came to its end.
        apart: the new fit has another shape than the earlier one, or figures over other skin, so that only
            one of them can be shown.
        keeps_earlier: and the earlier one is.
        other_skin: it is the figures.
        partial: what there is leaves frames out that were to be fitted, should the run end here.
        stages: what each stage did.
        fell_back: why it went on on the processor, as `went_on` has it; empty where it stayed where it began.
    """

    result: FitResult | None
    changed: np.ndarray | None
    reached: np.ndarray
    asked: int
    complete: bool = False
    apart: bool = False
    keeps_earlier: bool = False
    other_skin: bool = False
    partial: bool = True
    stages: tuple[StageReport, ...] = ()
    around: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    fell_back: str = ""


def prepare(request: Preparation) -> None:
    """Prepares bodies before their motion is on the screen."""
    from core.fitting.run import FitRun

    FitRun(request.motion, request.bodies, request.recipe, device=request.device).prepare()


def run_fit(
    request: RunRequest,
    silence: ProgressClock,
    tell_progress: Callable[[RunStatus], None],
    tell_preview: Callable[[RunReply], None],
) -> RunReply:
    """Fits until done or cancelled; gives what is left then. ``silence`` hears of every step."""
    from core.fitting.stage_reports import StageReports

    run = begin(request)
    replies = Replies(request, run)
    around = f" and {len(replies.around):,} around" if len(replies.around) else ""
    pace = Pace(request.what + around, time.monotonic())
    stages = StageReports(time.monotonic())
    last_progress = last_preview = 0.0
    silence.follow(run)
    began_on, fell_back = run.device, run.left_device
    for progress in run:
        if progress.note and run.device != began_on:
            fell_back = fell_back or progress.note
        silence.hear(progress.stage)
        if len(progress.frames):
            replies.see(progress.frames)
        now = time.monotonic()
        stages.see(progress, now)
        if progress.stage == "start":
            continue
        pace.see(progress, now)
        if now - last_progress >= PROGRESS_SECONDS:
            last_progress = now
            tell_progress(replace(pace.status(progress, now), stages=stages.reports()))
        if replies.news and not request.cancel.is_set() and now - last_preview >= PREVIEW_SECONDS:
            tell_preview(replies.preview())
            # A long motion takes long to copy: then there are fewer previews.
            last_preview = time.monotonic() + 4 * (time.monotonic() - now)
    return replace(replies.last(), stages=stages.reports(), fell_back=went_on(fell_back))


def begin(request: RunRequest) -> FitRun:
    """The run of a request. Some frames go on from the earlier fit, and its shape is held; all frames find a
    shape of their own."""
    from core.fitting.run import FitRun

    frames, start = request.frames, request.earlier
    if frames is None or np.isin(np.flatnonzero(request.motion.finite_frames()), frames).all():
        frames = None
        start = start if goes_on(request) else None
    elif request.joins is not None and start is not None:
        from core.problems.blend_frames import margin

        # What cannot be fitted is not there to be joined to.
        frames = frames[request.motion.finite_frames()[frames]]
        around = margin(request.motion, start, frames, request.joins)
        frames = np.union1d(frames, around) if len(around) else frames
    return FitRun(
        request.motion,
        request.bodies,
        request.recipe,
        frames=frames,
        start=start,
        first_frame=request.first_frame,
        device=request.device,
        threads=request.threads,
        stop=request.cancel,
        measure_start=True,
    )


def goes_on(request: RunRequest) -> bool:
    """The run starts from the fit that there is."""
    return request.recipe.start == "current"


class Replies:
    """Lays what a run has reached on top of the earlier fit."""

    def __init__(self, request: RunRequest, run: FitRun) -> None:
        self._request, self._run = request, run
        self._reached = np.zeros(len(request.motion), dtype=bool)
        self._new: list[np.ndarray] = []
        self._apart = self._other_skin = False
        # Beside the frames that were asked for there are those over which they fade into the others.
        asked, joins = request.frames, request.joins is not None and run.keeps_others
        self.around = np.setdiff1d(run.frames, asked) if joins and asked is not None else np.empty(0, int)

    @property
    def news(self) -> bool:
        """Frames have been fitted since the last reply."""
        return bool(self._new)

    def see(self, frames: np.ndarray) -> None:
        """These frames have been fitted."""
        self._new.append(np.array(frames))
        self._reached[frames] = True

    def preview(self) -> RunReply:
        """What there is in the middle of the run."""
        was_apart = self._apart
        result = self._on_top(self._run.result())
        # The first frames of another shape take the place of the whole earlier fit.
        changed = None if self._apart and not was_apart else np.concatenate(self._new)
        self._new = []
        return RunReply(
            result,
            changed,
            np.flatnonzero(self._reached),
            len(self._run.frames),
            apart=self._apart,
            other_skin=self._other_skin,
            partial=result.partial if self._apart else self._partial(result),
            around=self.around,
        )

    def last(self) -> RunReply:
        """What is left when the run is over: of two shapes, that of the fit with more frames."""
        from core.measure.fit_failure import judged

        reached, asked = np.flatnonzero(self._reached), self._run.frames
        found, earlier = self._run.result(), self._request.earlier
        complete = not found.partial
        result: FitResult | None = found if complete else self._on_top(found)
        joins = self._request.joins if complete and self._run.keeps_others else None
        if joins is not None and earlier is not None and self._request.frames is not None:
            from core.problems.blend_frames import joined

            chosen = np.intersect1d(asked, self._request.frames)
            result = joined(self._request.motion, self._run.bodies, earlier, found, chosen, joins)
            result = judged(result, provenance=found.provenance, seconds=found.seconds)
        keeps_earlier = earlier is not None and (
            not len(reached)
            or (not complete and self._apart and (goes_on(self._request) or covers_more(earlier, found)))
        )
        if keeps_earlier or not len(reached):
            result = earlier
        elif result is not None and earlier is not None and (complete or not self._apart):
            result = judged(result, partial=self._partial(result))
        return RunReply(
            result,
            None,
            reached,
            len(asked),
            complete,
            self._apart,
            keeps_earlier,
            self._other_skin,
            bool(result is not None and result.partial),
            around=self.around,
        )

    def _partial(self, result: FitResult) -> bool:
        """A fit on top of the earlier one leaves frames out that were to be fitted."""
        from core.fitting.combine_fits import is_partial

        earlier = self._request.earlier
        if earlier is None:
            return result.partial
        before = np.flatnonzero(self._request.motion.finite_frames()) if earlier.partial else np.empty(0, int)
        return is_partial(result.fitted, self._run.frames, before)

    def _on_top(self, found: FitResult) -> FitResult:
        from core.fitting.combine_fits import merged
        from core.measure.counted_vertices import same_skin

        earlier = self._request.earlier
        if earlier is None or self._run.keeps_others:
            return found
        both = merged(earlier, found, np.flatnonzero(self._reached))
        self._apart = both is None
        self._other_skin = self._apart and not same_skin(earlier, found)
        if both is None and goes_on(self._request):
            # Frames that it has not reached yet have the earlier poses with another shape.
            return earlier
        return both or found

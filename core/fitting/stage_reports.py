"""What each stage of a run does and has done: before and after, steps, objective, time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.fitting.stage.progress import Progress

MOST_POINTS = 120


@dataclass(frozen=True)
class StageReport:
    """One stage of a run, so far.

    Attributes:
        index: its place in the recipe of the run, from 0.
        kind: ``'edge'``, ``'translation'`` or ``'vertex'``.
        before_mm: mean v2v where it started, NaN where that is not known.
        now_mm: mean v2v of what it works on, then of all frames that it has fitted.
        steps: most steps that a frame took, those of the shape included.
        shape_steps: of these, steps of the shape.
        seconds: time it took.
        frames_done: frames that it has fitted.
        frames_total: frames that it has to fit.
        objective: mean objective a frame where it started and after each step, square metres: of the frames
            that the shape is solved from, else of all frames fitted so far; thinned out where there are many.
        over: it has come to its end.
    """

    index: int
    kind: str
    before_mm: float
    now_mm: float
    steps: int
    shape_steps: int
    seconds: float
    frames_done: int
    frames_total: int
    objective: tuple[float, ...]
    over: bool


class StageReports:
    """Sees every step of a run; ``now`` is a time in seconds, from any clock."""

    def __init__(self, now: float) -> None:
        self._stages: dict[int, _Stage] = {}
        self._seen = now
        self._start = math.nan
        self._last = -1

    def see(self, progress: Progress, now: float) -> None:
        """Takes note of a step that ended at ``now``."""
        if progress.stage == "start":
            self._start = progress.mean_mm
            return
        stage = self._stages.setdefault(progress.index, _Stage(progress.kind))
        if progress.index != self._last and self._last in self._stages:
            self._stages[self._last].leave()
        self._last = progress.index
        stage.see(progress, now - self._seen)
        self._seen = now

    def reports(self) -> tuple[StageReport, ...]:
        """Of the stages that have begun, in order."""
        found: list[StageReport] = []
        before = self._start
        for index in sorted(self._stages):
            stage = self._stages[index]
            found.append(
                StageReport(
                    index,
                    stage.kind,
                    before,
                    stage.now_mm,
                    stage.shape_steps + stage.pose_steps,
                    stage.shape_steps,
                    stage.seconds,
                    stage.done,
                    stage.total,
                    tuple(stage.objective),
                    stage.done >= stage.total or index < self._last,
                )
            )
            before = stage.now_mm
        return tuple(found)


class _Stage:
    """One stage while it goes on."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.seconds = 0.0
        self.shape_steps = self.pose_steps = self.done = self.total = 0
        self.objective: list[float] = []
        self._running = self._settled = math.nan
        self._mixed = 0
        self._ended = False
        # The published method takes one frame after another through all stages.
        self._left: list[float] = []

    @property
    def now_mm(self) -> float:
        """Of all frames fitted, else of those it works on."""
        if not math.isnan(self._settled):
            return self._settled
        known = [*self._left, self._running]
        known = [value for value in known if not math.isnan(value)]
        return sum(known) / len(known) if known else math.nan

    def see(self, progress: Progress, seconds: float) -> None:
        """A step of this stage."""
        if self._ended:
            self._ended = False
            self.objective.clear()
        self.seconds += seconds
        self.total = progress.frames_total
        self.done = progress.frames_done
        if progress.stage == "shape":
            self.shape_steps = max(self.shape_steps, progress.steps)
            self._running = progress.mean_mm
            for objective in progress.trace[bool(self.objective) :] or (progress.objective,):
                self._add(objective)
            return
        self.pose_steps = max(self.pose_steps, progress.steps)
        if not len(progress.frames):
            self._running = progress.mean_mm
            if progress.stage == "pose":
                self._add(progress.objective)
            return
        self._settled = progress.mean_mm
        if progress.trace and not self.shape_steps:
            self._mix_in(progress.trace, len(progress.frames))

    def _add(self, objective: float) -> None:
        """One step more of the same frames."""
        self.objective.append(objective)
        if len(self.objective) > MOST_POINTS:
            del self.objective[1::2]

    def _mix_in(self, trace: tuple[float, ...], frames: int) -> None:
        """Other frames: what has converged stays where it is while others go on."""
        length = max(len(self.objective), len(trace))
        before, new = ([*values, *values[-1:] * (length - len(values))] for values in (self.objective, trace))
        share = frames / (self._mixed + frames)
        old = before or new
        self.objective = [(1 - share) * a + share * b for a, b in zip(old, new, strict=True)]
        self._mixed += frames

    def leave(self) -> None:
        """Another stage has its turn."""
        if not math.isnan(self._running):
            self._left.append(self._running)
            self._running = math.nan
            # The next time it has its turn it is with another frame.
            self._ended = True

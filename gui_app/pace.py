"""Tells how long a run will still take, in numbers that do not jump about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gui_app.state import RunStatus

if TYPE_CHECKING:
    from core.fitting.progress import Progress

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

"""How long a fit has told nothing, and when that is worth a sentence. Cheap to import."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.fitting.run import FitRun

NO_PROGRESS_SECONDS = 30.0
"""A fit that tells nothing for so long is said to do so."""


class ProgressClock:
    """Heard from a fit's thread, asked from any other.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard, self._stage = clock(), ""
        self._run: Callable[[], FitRun | None] = lambda: None

    def hear(self, stage: str = "") -> None:
        """The fit has told something in this stage, or, without one, begins."""
        self._heard, self._stage = self._clock(), stage
        if not stage:
            self._run = lambda: None

    def follow(self, run: FitRun) -> None:
        """The run knows which stage it is in before it tells anything of it. It is not kept for that."""
        self._run = weakref.ref(run)

    def seconds(self) -> float:
        """How long nothing has been heard."""
        return self._clock() - self._heard

    def sentence(self, way_out: str) -> str:
        """What people should know, ``way_out`` included; empty while all is well."""
        seconds = self.seconds()
        if seconds < NO_PROGRESS_SECONDS:
            return ""
        run = self._run()
        stage = (run.doing if run is not None else "") or self._stage
        doing = f"still in '{stage}'" if stage else "still starting"
        return f"No progress for {seconds:.0f} s: the fit is {doing}. {way_out}"

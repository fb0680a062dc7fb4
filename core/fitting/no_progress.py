"""How long a fit has told nothing, and when that is worth a sentence. Cheap to import."""

from __future__ import annotations

import time
from collections.abc import Callable

NO_PROGRESS_SECONDS = 30.0
"""A fit that tells nothing for so long is said to do so."""


class Silence:
    """Heard from a fit's thread, asked from any other.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard, self._stage = clock(), ""

    def hear(self, stage: str = "") -> None:
        """The fit has told something in this stage, or begins."""
        self._heard, self._stage = self._clock(), stage

    def seconds(self) -> float:
        """How long nothing has been heard."""
        return self._clock() - self._heard

    def sentence(self, way_out: str) -> str:
        """What people should know, ``way_out`` included; empty while all is well."""
        seconds = self.seconds()
        if seconds < NO_PROGRESS_SECONDS:
            return ""
        doing = f"still in '{self._stage}'" if self._stage else "still starting"
        return f"No progress for {seconds:.0f} s: the fit is {doing}. {way_out}"

"""How far a conversion of many clips is, in one line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

UNTOLD_SECONDS = 60.0
"""Where there is no terminal, it is said so often."""


class RunFigures:
    """Figures of all clips; any thread may tell.

    Args:
        clips: how many there are.
        clock: seconds that never go back.
    """

    def __init__(self, clips: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.clips, self._clock = clips, clock
        self.done = self.made = self.failed = self.frames = 0
        self._summed_mm = 0.0
        self._under_way: dict[str, int] = {}
        self._lock = threading.Lock()
        self._began = self._told = clock()

    def under_way(self, clip: str, frames: int) -> None:
        """A clip that is being fitted has so many frames done."""
        with self._lock:
            self._under_way[clip] = frames

    def ended(self, clip: str, frames: int = 0, mean_mm: float = 0.0, *, failed: bool = False) -> None:
        """What became of a clip is known.

        Args:
            clip: as in `under_way`.
            frames: that were fitted now.
            mean_mm: over these; NaN counts for nothing.
            failed: there is no fit, or one that has failed.
        """
        with self._lock:
            self._under_way.pop(clip, None)
            self.done += 1
            self.failed += failed
            self.made += frames > 0
            if frames and mean_mm == mean_mm:
                self.frames += frames
                self._summed_mm += frames * mean_mm

    def words(self) -> str:
        """``120 of 1,000 clips · 36,210 frames · 310 frames/s · 1.92 mm · 2 failed · 12 min left``."""
        with self._lock:
            frames = self.frames + sum(self._under_way.values())
            seconds = max(1e-3, self._clock() - self._began)
            parts = [f"{self.done:,} of {self.clips:,} clips", f"{frames:,} frames"]
            if frames:
                parts.append(f"{frames / seconds:.0f} frames/s")
            if self.frames:
                parts.append(f"{self._summed_mm / self.frames:.2f} mm")
            if self.failed:
                parts.append(f"{self.failed:,} failed")
            if self.made and self.done < self.clips:
                parts.append(f"{_span(seconds / self.made * (self.clips - self.done))} left")
        return " · ".join(parts)

    def is_due(self) -> bool:
        """Nothing was said for `UNTOLD_SECONDS`, which is the case once every so often."""
        now = self._clock()
        if now - self._told < UNTOLD_SECONDS:
            return False
        self._told = now
        return True


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"

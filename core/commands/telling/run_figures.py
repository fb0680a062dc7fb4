"""How far a conversion of many clips is: figures, and a line of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

UNTOLD_SECONDS = 60.0
"""Where there is no terminal, it is said so often."""


@dataclass(frozen=True)
class HowFar:
    """Figures of a conversion at one moment.

    Attributes:
        clips: how many there are.
        done: of which it is known what became.
        failed: of these.
        frames: that were fitted, those of clips under way too.
        rate: frames a second since it began.
        mean_mm: over the frames of clips that are done; None before the first.
        seconds_left: about; None where nothing tells.
    """

    clips: int
    done: int
    failed: int
    frames: int
    rate: float
    mean_mm: float | None
    seconds_left: float | None

    def __str__(self) -> str:
        """``120 of 1,000 clips · 36,210 frames · 310 frames/s · 1.92 mm · 2 failed · 12 min left``."""
        parts = [f"{self.done:,} of {self.clips:,} clips", f"{self.frames:,} frames"]
        if self.frames:
            parts.append(f"{self.rate:.0f} frames/s")
        if self.mean_mm is not None:
            parts.append(f"{self.mean_mm:.2f} mm")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.seconds_left is not None:
            parts.append(f"{_span(self.seconds_left)} left")
        return " · ".join(parts)


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

    def now(self) -> HowFar:
        """How far it is."""
        with self._lock:
            frames = self.frames + sum(self._under_way.values())
            seconds = max(1e-3, self._clock() - self._began)
            mean = self._summed_mm / self.frames if self.frames else None
            going = self.made and self.done < self.clips
            left = seconds / self.made * (self.clips - self.done) if going else None
            return HowFar(self.clips, self.done, self.failed, frames, frames / seconds, mean, left)

    def words(self) -> str:
        """The same in a line."""
        return str(self.now())

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

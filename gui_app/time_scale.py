"""Which frame is where along the time axis, in pixels of a widget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A peak is this much higher than what the pointer is on.
PROMINENT = 1.1


@dataclass(frozen=True)
class TimeScale:
    """The piece of the motion on show and the pixels that it takes.

    Attributes:
        first: frame at ``left``, with fractions.
        last: frame at ``right``.
        left: pixel.
        right: pixel.
    """

    first: float = 0.0
    last: float = 1.0
    left: float = 0.0
    right: float = 1.0

    @property
    def pixels_a_frame(self) -> float:
        """Width of one frame."""
        return (self.right - self.left) / max(self.last - self.first, 1e-9)

    def x_of(self, frame: float | np.ndarray) -> float | np.ndarray:
        """The pixel of a frame."""
        return self.left + (frame - self.first) * self.pixels_a_frame

    def frame_at(self, x: float) -> float:
        """The frame at a pixel, with fractions."""
        return self.first + (x - self.left) / self.pixels_a_frame


def peak_near(values: np.ndarray, at: float, reach: float) -> int:
    """The frame that a pointer at ``at`` means.

    That is the worst frame within ``reach`` frames if it is a peak: well above the nearest frame, and not
    merely higher on the slope of one further off. Otherwise it is the nearest frame.
    """
    last = len(values) - 1
    at = min(max(at, 0), last)
    nearest = round(at)
    start, stop = max(int(np.ceil(at - reach)), 0), min(int(np.floor(at + reach)), last) + 1
    here = values[start:stop]
    if not np.isfinite(here).any():
        return nearest
    worst = start + int(np.nanargmax(here))
    beside = values[max(worst - 1, 0) : worst + 2]
    low = values[worst] < PROMINENT * values[nearest]
    return nearest if low or (beside > values[worst]).any() else worst


def most_by_column(values: np.ndarray, scale: TimeScale) -> tuple[np.ndarray, float, float]:
    """What one image of (T, K) ``values`` shows: the largest value of the frames under each pixel.

    Returns:
        (n, K) values, a column of the image each, NaN where no frame has one; and the pixels where the first
        column begins and the last one ends.
    """
    first = max(int(np.floor(scale.first + 0.5)), 0)
    stop = min(int(np.ceil(scale.last + 0.5)), len(values))
    if stop <= first:
        return values[:0], scale.left, scale.left
    left, right = float(scale.x_of(first - 0.5)), float(scale.x_of(stop - 0.5))
    columns = max(round(right - left), 1)
    if stop - first <= columns:
        return values[first:stop], left, right
    edges = first + (np.arange(columns) * (stop - first)) // columns
    with np.errstate(invalid="ignore"):
        return np.fmax.reduceat(values[:stop], edges, axis=0), left, right

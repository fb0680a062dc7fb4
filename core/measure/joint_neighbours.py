"""How a series differs from what its neighbours in time promise: accelerations and breaks."""

from __future__ import annotations

import numpy as np

EXPLAINS = 0.25
"""Share of a break by which one frame must be odder than its neighbour to be what explains it."""

HALO = 4
"""Frames on either side of a frame that `breaks` looks at."""


def second_differences(series: np.ndarray) -> np.ndarray:
    """(T, ...) x[t-1] - 2 x[t] + x[t+1]; NaN at both ends and beside gaps (NaN)."""
    out = np.full_like(series, np.nan)
    out[1:-1] = series[:-2] - 2 * series[1:-1] + series[2:]
    return out


def breaks(positions: np.ndarray, blame: np.ndarray | None = None) -> np.ndarray:
    """How far each point jumps out of its own path, in the unit of ``positions``.

    A step from one frame to the next breaks by what it differs from the median of five steps around it, so
    that an even movement, however fast, does not break. The break is booked to the later frame of the step,
    or to the earlier one where that is the odd one of the two: a single odd frame is found once, and the good
    frame after a bad stretch is not called bad.

    Args:
        positions: (T, K, D).
        blame: (T, K) how odd each frame is, in the same unit; None where nothing says so: then a step that
            takes back the one before is booked to the frame between them.

    Returns:
        (T, K); NaN within a few frames of a gap, and everywhere where there are fewer than three frames.
    """
    if len(positions) < 3:
        return np.full(positions.shape[:2], np.nan)
    steps = np.diff(positions, axis=0)
    broken = steps - median_of_five(steps)
    size = np.linalg.norm(broken, axis=2)
    if blame is not None:
        return booked(size, blame[:-1] - blame[1:] > EXPLAINS * size)
    back = np.zeros(size.shape, dtype=bool)
    back[1:] = -(broken[:-1] * broken[1:]).sum(2) > 0.5 * np.square(size[1:])
    return booked(size, back)


def turning_breaks(steps: np.ndarray, blame: np.ndarray | None = None) -> np.ndarray:
    """As `breaks`, of steps that are known by their size alone: how much each exceeds those around it.

    Args:
        steps: (T - 1, K) size of the step from frame t to t + 1.
        blame: (T, K) how odd each frame is, in the same unit; None where nothing says so: then a step about
            as large as the one before is booked to the frame between them.
    """
    if len(steps) < 2:
        return np.full((len(steps) + 1, steps.shape[1]), np.nan)
    size = np.maximum(steps - median_of_five(steps), 0)
    if blame is not None:
        return booked(size, blame[:-1] - blame[1:] > EXPLAINS * size)
    back = np.zeros(size.shape, dtype=bool)
    back[1:] = size[:-1] > 0.5 * size[1:]
    return booked(size, back)


def booked(steps: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Breaks of steps, booked to frames.

    Args:
        steps: (T - 1, K) break of the step from frame t to t + 1.
        earlier: (T - 1, K) bool: booked to t, not to t + 1.

    Returns:
        (T, K) the largest break booked to each frame.
    """
    out = np.zeros((len(steps) + 1, *steps.shape[1:]))
    out[1:] = np.where(earlier, 0, steps)
    # Maximum, not fmax: what is not known on one side is not known.
    out[:-1] = np.maximum(out[:-1], np.where(earlier, steps, 0))
    return out


def median_of_five(series: np.ndarray) -> np.ndarray:
    """(T, ...) running median of five frames, mirrored at the ends; NaN where one of the five is NaN."""
    reach = min(2, len(series) - 1)
    if reach == 2:
        padded = np.pad(series, [(2, 2)] + [(0, 0)] * (series.ndim - 1), mode="reflect")
        a, b, c, d, middle = (padded[shift : shift + len(series)] for shift in (0, 1, 3, 4, 2))
        # Of five numbers: what lies between the larger of two pairs' smaller ones, and the reverse.
        low = np.maximum(np.minimum(a, b), np.minimum(c, d))
        high = np.minimum(np.maximum(a, b), np.maximum(c, d))
        return np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), middle))
    padded = np.pad(series, [(reach, reach)] + [(0, 0)] * (series.ndim - 1), mode="reflect")
    windows = np.stack([padded[shift : shift + len(series)] for shift in range(2 * reach + 1)])
    return np.median(windows, axis=0)

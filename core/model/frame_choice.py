"""Which frames somebody means: ids, flags, a slice, or the frames of problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from core.errors import RefitError


def frame_ids(frames: Any, count: int) -> np.ndarray:
    """Ids of the frames that are meant, ascending, each once.

    Args:
        frames: one id or several, with Python's rules for those below zero; (T,) booleans; a slice or range;
            problems of `core.problems.detect`; None for all.
        count: T.

    Raises:
        RefitError: it is none of these, or there is no such frame.
    """
    if frames is None:
        return np.arange(count)
    if isinstance(frames, slice):
        return np.unique(np.arange(count)[frames])
    if isinstance(frames, Iterable) and not isinstance(frames, (str, bytes, np.ndarray)):
        frames = list(frames)
        if frames and all(hasattr(item, "frames") and hasattr(item, "kind") for item in frames):
            from core.problems.detect import problem_frames

            frames = problem_frames(frames)
    try:
        found = np.atleast_1d(np.asarray(frames))
    except ValueError:
        found = np.empty(0, object)
    if not found.size and found.dtype.kind != "O":
        return np.empty(0, dtype=int)
    if found.dtype.kind == "b":
        if found.shape != (count,):
            raise RefitError(f"frames has {found.size} booleans, expected {count}, one for each frame.")
        return np.flatnonzero(found)
    if found.dtype.kind not in "iu" or found.ndim != 1:
        raise RefitError("frames must be ids, booleans, a slice or problems; this is none of them.")
    # In a small type of integers there may be no room for the count.
    least, most = int(found.min()), int(found.max())
    if least < -count or most >= count:
        worst = most if most >= count else least
        raise RefitError(f"frames has {worst}, expected ids from 0 to {count - 1}.")
    found = found.astype(np.int64)
    return np.unique(np.where(found < 0, found + count, found))

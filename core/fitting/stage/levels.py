"""The order in which many frames are fitted: a few far from each other first, then those between them.

A frame between two fitted ones starts near its optimum, the nearer the closer they are: in the end most have
next to nothing left to do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from core.fitting.stage.warm_start import KnownFrames

# From so many frames on; and so many have all their levels fitted before the next come: chunks enough for
# many workers, and few enough to know them all at once, at some KB each.
LEAST_LEVELLED, LEVELLED = 64, 4096
# Every so many frames and which of them, level by level, where no known ones are as near: each level leaves
# the next one in the middle between those before, and none begins at the ends. That of the first where too
# few are near at all.
FAR_LEVEL, LEVELS = (16, 10), ((8, 2), (4, 2), (2, 0))
# Some are near enough when so large a share of the frames has one.
MOST_NEAR = 0.75


def in_levels(frames: np.ndarray, known: KnownFrames | None, source: Tensor) -> Iterator[np.ndarray]:
    """All of the frames, those of one level after those of another.

    Args:
        frames: (n,) ascending ids.
        known: fitted frames, or None.
        source: (n, J, 3, 3) the frames' relative rotations in the source.
    """
    left = np.ones(len(frames), dtype=bool)
    near = known is not None and known.near(frames, source).mean() >= MOST_NEAR
    away = len(frames) if known is None else int(known.distance(frames).max())
    for every, which in [*([] if near else [FAR_LEVEL]), *LEVELS, (1, 0)]:
        if every > 1 and 2 * away <= every:
            continue
        some = left & (np.arange(len(frames)) % every == which)
        if some.any():
            left &= ~some
            yield frames[some]

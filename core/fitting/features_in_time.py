"""Pose features of frames in a row, written with few columns: bodies move smoothly.

Dense pose correctives are a product with hundreds of features a frame. Those of a few hundred frames in a row
lie, to within what matters, in a space of fifty or so dimensions: the correctives of these are enough.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

# Fewer frames than this gain nothing, and more need more columns than are tried.
LEAST_FRAMES, MOST_FRAMES = 128, 512
# Columns tried, one after the other.
RANKS = (48, 72, 96)
# Of a feature, an entry of a rotation matrix: with dense correctives two micrometres of skin at the
# most, and a tenth of one in the mean.
TOLERANCE = 3e-4


def in_time(features: Tensor) -> tuple[Tensor, Tensor | None]:
    """Features of n frames as a product, where that is cheaper.

    Args:
        features: (P, n).

    Returns:
        (P, k) columns and (k, n) how they are mixed in each frame, right to 3e-4 in every entry; or the
        features themselves and None.
    """
    frames = features.shape[1]
    if not LEAST_FRAMES <= frames <= MOST_FRAMES or len(features) < 2 * RANKS[-1]:
        return features, None
    # Any mixtures of them span the space (Halko, Martinsson and Tropp 2011).
    axes, _ = torch.linalg.qr(features @ _start(frames, features.dtype, features.device))
    for rank in RANKS:
        columns = axes[:, :rank]
        mixed = columns.T @ features
        if float((features - columns @ mixed).abs().max()) <= TOLERANCE:
            return columns, mixed
    return features, None


@lru_cache(maxsize=4)
def _start(frames: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(frames, RANKS[-1], generator=generator, dtype=dtype).to(device)

"""How far a fit is off: distances by vertex, body part and frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.model.joints import PARTS

# Vertices at once, while they are in a processor's caches.
ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class FrameErrors:
    """Errors of n frames over the vertices that count, millimetres.

    Attributes:
        mean, median, p95, max: (n,) each; median and p95 by nearest rank.
        part: (n, len(PARTS)) mean by body part, NaN for a part without vertices.
    """

    mean: np.ndarray
    median: np.ndarray
    p95: np.ndarray
    max: np.ndarray
    part: np.ndarray


def frame_errors(residual: Tensor, vertex_part: np.ndarray) -> FrameErrors:
    """Errors of n frames.

    Args:
        residual: (V, 3, n) fit minus target of the vertices that count, metres.
        vertex_part: (V,) index into PARTS of each of them.
    """
    distance = _by_frame(residual)
    members = vertex_part[:, None] == np.arange(len(PARTS))
    sizes = members.sum(0)
    weights = torch.from_numpy(members / np.where(sizes, sizes, np.nan)).to(distance)
    count = distance.shape[1]
    ranks = ((count + 1) // 2 - 1, max(0, int(np.ceil(0.95 * count)) - 1))
    if distance.device.type != "cpu":
        return _on_device(distance, weights, ranks)
    # By torch: numpy's product has threads of its own, which spin for a while and hold up other workers.
    part = (distance @ weights).numpy()
    lengths = distance.numpy()
    mean, most = lengths.mean(1), lengths.max(1)
    # One after the other: the second need not look at what lies below the first.
    lengths.partition(ranks[0], axis=1)
    median = lengths[:, ranks[0]].copy()  # its place is not kept: how the rest is ordered is up to numpy
    lengths[:, ranks[0] :].partition(ranks[1] - ranks[0], axis=1)
    return FrameErrors(mean, median, lengths[:, ranks[1]].copy(), most, part)


def _by_frame(residual: Tensor) -> Tensor:
    """(n, V) millimetres of (V, 3, n) metres, frame after frame on a processor."""
    if residual.device.type != "cpu":
        return lengths_mm(residual, 1).T
    count, _, frames = residual.shape
    out = residual.new_empty(frames, count)
    for start in range(0, count, ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        out[:, some] = lengths_mm(residual[some], 1).T.contiguous()
    return out


def _on_device(distance: Tensor, weights: Tensor, ranks: tuple[int, int]) -> FrameErrors:
    """The same where a copy of all distances (n, V) would take longer than the fit."""
    low, high = (distance.kthvalue(rank + 1, dim=1).values for rank in ranks)
    found = (distance.mean(1), low, high, distance.amax(1), distance @ weights)
    return FrameErrors(*(each.cpu().numpy() for each in found))


def vertex_error_mm(fit: Tensor, target: Tensor, valid: np.ndarray) -> np.ndarray:
    """Distance of each vertex from its target.

    Args:
        fit: (N, V, 3) vertices of the fit, metres.
        target: (N, V, 3) points that they should meet, metres.
        valid: (V,) bool.

    Returns:
        (N, V) float32 millimetres, NaN where the vertex does not count.
    """
    distance = lengths_mm(fit - target, -1).cpu().numpy()
    distance[:, ~valid] = np.nan
    return distance


def lengths_mm(vectors: Tensor, dim: int) -> Tensor:
    """Lengths along ``dim`` of vectors in metres, in millimetres."""
    # Many times faster than `norm`, which does not vectorise over a short dimension.
    if dim in (-1, vectors.ndim - 1):
        return vectors.square().sum(dim).sqrt_().mul_(1000)
    # Nor is there anything of the size of the vectors to write.
    first, *others = vectors.unbind(dim)
    square = first.square()
    for component in others:
        square.addcmul_(component, component)
    return square.sqrt_().mul_(1000)

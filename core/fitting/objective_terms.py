"""Pieces of the objective that `FitSettings` defines: robust losses, rotation angles, edges that count."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def squared_angle(rotation: Tensor) -> Tensor:
    """(..., 3, 3) to squared rotation angle, smooth at the identity."""
    axis = 0.5 * torch.stack(
        (
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ),
        -1,
    )
    square = axis.square().sum(-1)
    sine = square.clamp_min(1e-16).sqrt()
    trace = rotation.diagonal(dim1=-2, dim2=-1).sum(-1)
    angle = torch.atan2(sine, (trace - 1) / 2)
    # The series close to the identity only: half a turn has no sine either.
    return torch.where((square < 1e-8) & (trace > 1), square * (1 + square / 3), angle.square())


def robust_loss(mean_square: Tensor, kind: str, scale: float) -> Tensor:
    """rho of a mean square distance.

    ``none``: m. ``huber``: m up to c², then 2 c sqrt(m) - c². ``geman-mcclure``: m c² / (m + c²).

    Args:
        mean_square: (...) square metres, not negative.
        kind: as `FitSettings.robust`.
        scale: c, metres.

    Returns:
        (...) square metres.
    """
    square = scale * scale
    if kind == "huber":
        far = mean_square > square
        # Away from 0, where the root has no slope, also on the side that is not taken.
        root = torch.where(far, mean_square, torch.full_like(mean_square, square)).sqrt()
        return torch.where(far, 2 * scale * root - square, mean_square)
    if kind == "geman-mcclure":
        return mean_square * square / (mean_square + square)
    return mean_square


def valid_edges(faces: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(n, 2) unique edges of (F, 3) faces with both ends valid, the lower vertex id first."""
    pairs = np.concatenate((faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]])).astype(np.int64)
    pairs = np.unique(np.sort(pairs, 1), axis=0)
    return pairs[valid[pairs].all(1) & (pairs[:, 0] != pairs[:, 1])]


def counted_targets(targets: Tensor, valid: np.ndarray) -> Tensor:
    """(V or valid V, ...) targets to those of the valid vertices.

    Raises:
        ValueError: there are neither as many as vertices nor as many as valid ones.
    """
    count = int(valid.sum())
    if len(targets) == count:
        return targets
    if len(targets) != len(valid):
        raise ValueError(f"{len(targets)} targets for {len(valid)} vertices, {count} of them valid")
    return targets[torch.as_tensor(np.flatnonzero(valid), device=targets.device)]

"""A body's rest shape laid onto points that its vertices correspond to, whatever pose these are in."""

from __future__ import annotations

import numpy as np
import torch

from core.geometry.rigid_alignment import best_rotations
from core.model.body import BodyModel

# Skin between two joints moves like neither of them: it counts little.
_PURITY = 3
_LEAST_SKIN = 1e-3


def laid_by_skin(body: BodyModel, points: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, float]:
    """Each joint's skin is turned and moved rigidly to where it fits best (Kabsch 1976), all in one size.

    Args:
        body: whose rest shape is laid.
        points: (V, 3) metres, where its vertices should lie.
        valid: (V,) bool: vertices that count.

    Returns:
        (V, 3) float64 metres, and the size of what the points are of over that of the body.
    """
    rest, goal = body.v_template.astype(np.float64), np.where(valid[:, None], points, 0.0)
    shares = (body.weights.astype(np.float64) ** _PURITY) * valid[:, None]
    shares = np.column_stack((shares, valid.astype(np.float64)))
    totals = shares.sum(0)
    means, goals = (shares.T @ cloud / np.maximum(totals, 1e-30)[:, None] for cloud in (rest, goal))
    # Not by numpy, whose products leave a thread spinning for a while.
    moments = torch.einsum(
        "vj,va,vb->jab", torch.as_tensor(shares), torch.as_tensor(goal), torch.as_tensor(rest)
    ) - torch.as_tensor(totals[:, None, None] * goals[:, :, None] * means[:, None])
    turns = best_rotations(moments).numpy()
    spreads = [
        float((shares.T @ np.square(cloud).sum(1) - totals * np.square(middle).sum(1))[:-1].sum())
        for cloud, middle in ((goal, goals), (rest, means))
    ]
    size = float(np.sqrt(max(spreads[0], 0.0) / max(spreads[1], 1e-30)))
    shifts = goals - size * np.einsum("jab,jb->ja", turns, means)
    bare = totals < _LEAST_SKIN * totals[-1]
    for joint, parent in enumerate(body.parents):
        if bare[joint]:
            above = parent if parent >= 0 else -1
            turns[joint], shifts[joint] = turns[above], shifts[above]
    rigid = np.concatenate((size * turns, shifts[..., None]), 2)[:-1]
    weights = torch.as_tensor(body.weights, dtype=torch.float64)
    mixed = (weights @ torch.as_tensor(rigid).flatten(1)).unflatten(1, (3, 4)).numpy()
    return np.einsum("vab,vb->va", mixed[:, :, :3], rest) + mixed[:, :, 3], size

"""How far the shape of a hand is off, wherever the arm has put it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.model.body import BodyModel
from core.model.joints import FINGERS
from core.model.vertex_errors import lengths_mm

SIDES = ("left hand", "right hand")


class HandShape:
    """The hands of a target body: skin of the wrist joint (palm and back), and of wrist and fingers.

    The wrist's rigid frame of fit and target is the one in which their palms meet best (Kabsch 1976), so that
    skeletons whose wrists rest differently do not count as different hands.

    Args:
        body: the target body.
        vertices: (V,) ids of those that count, in the order of the points to come.
    """

    def __init__(self, body: BodyModel, vertices: np.ndarray) -> None:
        main, names = body.held_by[vertices], body.joint_names
        self.hands: list[tuple[list[slice | Tensor], list[slice | Tensor]]] = []
        for side in ("left", "right"):
            palm = np.array([name == f"{side}_wrist" for name in names])[main]
            words = tuple(f"{side}_{finger}" for finger in (*FINGERS, "hand"))
            hand = palm | np.array([name.startswith(words) for name in names])[main]
            self.hands.append((_runs(palm), _runs(hand)))

    def error_mm(self, fit: Tensor, target: Tensor) -> np.ndarray:
        """Mean distance over the vertices of each hand once the palms are laid on each other.

        Args:
            fit: (3, V, n) metres, vertices that count.
            target: (3, V, n) points that they should meet.

        Returns:
            (n, 2) float32 left and right; NaN for a hand whose palm has fewer than three vertices.
        """
        out = np.full((fit.shape[2], 2), np.nan, dtype=np.float32)
        for side, (palm, hand) in enumerate(self.hands):
            moved, fixed = (_taken(points, palm) for points in (fit, target))
            if moved.shape[1] < 3:
                continue
            # Frames last, as the points are: a product of small matrices for each would be slower.
            centre, goal = moved.mean(1), fixed.mean(1)
            moved, fixed = moved - centre[:, None], fixed - goal[:, None]
            covariance = torch.stack([(along * moved).sum(1) for along in fixed])
            rotation = best_rotations(covariance.permute(2, 0, 1)).permute(1, 2, 0).contiguous()
            shift = goal - (rotation * centre).sum(1)
            total, count = fit.new_zeros(fit.shape[2]), 0
            for rows in hand:
                ours = fit[:, rows]
                apart = shift[:, None] - target[:, rows]
                for axis in range(3):
                    apart.addcmul_(rotation[:, axis, None], ours[axis])
                total += lengths_mm(apart, 0).sum(0)
                count += ours.shape[1]
            out[:, side] = (total / count).cpu().numpy()
        return out


MOST_RUNS = 16
"""Of rows that follow each other; more are gathered instead."""


def _runs(chosen: np.ndarray) -> list[slice | Tensor]:
    """Where a (V,) bool holds: taking rows that follow each other copies nothing."""
    rows = np.flatnonzero(chosen)
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    if len(runs) > MOST_RUNS:
        return [torch.as_tensor(rows)]
    return [slice(int(run[0]), int(run[-1]) + 1) for run in runs if len(run)]


def _taken(points: Tensor, runs: list[slice | Tensor]) -> Tensor:
    return torch.cat([points[:, rows] for rows in runs], 1) if runs else points[:, :0]


def rigid_motions(moved: Tensor, fixed: Tensor) -> tuple[Tensor, Tensor]:
    """The rotation and shift that lay one cloud of points on another best, for each of n frames.

    Args:
        moved: (n, m, 3).
        fixed: (n, m, 3), point by point.

    Returns:
        (n, 3, 3) and (n, 3): ``moved @ rotation.T + shift`` is near ``fixed``.
    """
    centre, goal = moved.mean(1), fixed.mean(1)
    covariance = (fixed - goal[:, None]).mT @ (moved - centre[:, None])
    rotation = best_rotations(covariance)
    return rotation, goal - (rotation @ centre[..., None]).squeeze(-1)


def best_rotations(covariance: Tensor) -> Tensor:
    """(n, 3, 3) sums of ``fixed movedᵀ`` about their centres to the rotations that lay them on each other."""
    left, _, right = torch.linalg.svd(covariance)
    flip = torch.ones_like(covariance[..., 0])
    flip[:, 2] = torch.sign(torch.det(left @ right))
    return (left * flip[:, None]) @ right

"""How far the shape of a hand is off, wherever the arm has put it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.model.body import BodyModel
from core.model.joints import FINGERS

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
        self.hands: list[tuple[Tensor, Tensor]] = []
        for side in ("left", "right"):
            palm = np.array([name == f"{side}_wrist" for name in names])[main]
            words = tuple(f"{side}_{finger}" for finger in (*FINGERS, "hand"))
            hand = palm | np.array([name.startswith(words) for name in names])[main]
            members = torch.as_tensor(np.flatnonzero(palm)), torch.as_tensor(np.flatnonzero(hand))
            self.hands.append(members)

    def error_mm(self, fit: Tensor, target: Tensor) -> np.ndarray:
        """Mean distance over the vertices of each hand once the palms are laid on each other.

        Args:
            fit: (V, 3, n) metres, vertices that count.
            target: (V, 3, n) points that they should meet.

        Returns:
            (n, 2) float32 left and right; NaN for a hand whose palm has fewer than three vertices.
        """
        out = np.full((fit.shape[2], 2), np.nan, dtype=np.float32)
        for side, (palm, hand) in enumerate(self.hands):
            if len(palm) >= 3:
                ours, theirs = fit[hand], target[hand]
                rotation, shift = rigid_motions(*(points[palm].permute(2, 0, 1) for points in (fit, target)))
                apart = shift.T - theirs
                # Frames last, as the points are: a product of small matrices for each would be slower.
                for axis in range(3):
                    apart.addcmul_(rotation[..., axis].T, ours[:, axis, None])
                out[:, side] = 1000 * apart.square().sum(1).sqrt_().mean(0).cpu().numpy()
        return out


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
    left, _, right = torch.linalg.svd(covariance)
    flip = torch.ones_like(centre)
    flip[:, 2] = torch.sign(torch.det(left @ right))
    rotation = (left * flip[:, None]) @ right
    return rotation, goal - (rotation @ centre[..., None]).squeeze(-1)

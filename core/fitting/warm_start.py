"""Later frames start from what was learnt on earlier ones."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.fitting.result_table import nearest
from core.fitting.skin import FitSkin, Pose
from core.skinning import rotation_matrices, rotation_vectors

# Between fitted frames this near little is left to do: mostly one step.
NEAR_FRAMES = 30


class KnownFrames:
    """Fitted frames that new ones start from.

    What the frames around one turned away from their source rotations, joint by joint, and moved away from
    its root, followed smoothly in time, is likely what it needs.

    Args:
        skin: of the target.
        frames: (n,) ids, ascending.
        pose: their fitted poses.
        source: (n, J, 3, 3) their source's relative rotations.
    """

    def __init__(self, skin: FitSkin, frames: np.ndarray, pose: Pose, source: Tensor) -> None:
        self.skin, self.frames, self.root, self.betas = skin, frames, pose.root, pose.betas
        self.turn = source.transpose(-1, -2) @ skin.tree.relative_rotations(pose.world)
        self.facing = source[:, 0]

    def are_near(self, frames: np.ndarray) -> bool:
        """Whether each of the frames has a known one close by."""
        return bool(np.abs(self.frames[nearest(self.frames, frames)] - frames).max() <= NEAR_FRAMES)

    def start(self, frames: np.ndarray, source: Tensor, roots: Tensor, moves: bool) -> Pose:
        """Poses to start from.

        Args:
            frames: (m,) ids.
            source: (m, J, 3, 3) their source's relative rotations.
            roots: (m, 3) their source's root positions, metres.
            moves: the body moves as a whole; else its root keeps the place that the shape gives it.
        """
        device, last = self.root.device, len(self.frames) - 1
        first = np.clip(np.searchsorted(self.frames, frames, side="right") - 1, 0, last)
        # The one before each frame, the one after it, and one more on either side.
        around = np.clip(first + np.array([[-1], [0], [1], [2]]), 0, last)
        shares = torch.as_tensor(_hermite(self.frames[around], frames), dtype=roots.dtype, device=device)
        known = torch.as_tensor(around, device=device)

        away = self.turn[known[1]].transpose(-1, -2) @ self.turn[known]
        turn = self.turn[known[1]] @ rotation_matrices(_mixed(shares, rotation_vectors(away)))
        world = self.skin.tree.world_rotations(source @ turn)
        if moves:
            # The root's offset turns with the body.
            offset = (self.facing[known].transpose(-1, -2) @ (self.root[known] - roots)[..., None]).squeeze(
                -1
            )
            root = roots + (source[:, 0] @ _mixed(shares, offset)[..., None]).squeeze(-1)
        else:
            root = _mixed(shares, self.root[known])
        return Pose(world, root, None if self.betas is None else _mixed(shares, self.betas[known]))


def _mixed(shares: Tensor, values: Tensor) -> Tensor:
    """(m, ...) of (4, m, ...) values, each with its share (4, m)."""
    return (shares.view(*shares.shape, *[1] * (values.dim() - 2)) * values).sum(0)


def _hermite(times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(4, m) shares of four values in the cubic between the middle two.

    Its slopes there are those from the neighbour on one side to that on the other, whatever the distances;
    before the first value and after the last it is constant.

    Args:
        times: (4, m) of the values, ascending; repeated where there are no more.
        at: (m,) in between.
    """
    before, first, second, after = times.astype(np.float64)
    gap = np.maximum(second - first, 1)
    s = np.clip((at - first) / gap, 0, 1)
    start, end = s * (1 - s) ** 2 * gap, s * s * (s - 1) * gap  # shares of the two slopes
    start, end = start / np.maximum(second - before, 1), end / np.maximum(after - first, 1)
    second_share = s * s * (3 - 2 * s)
    return np.stack((-start, 1 - second_share - end, second_share + start, end))

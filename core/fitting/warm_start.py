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

    What the two of them around a frame turned away from their source rotations, joint by joint, and moved
    away from its root, blended by their distance in time, is likely what the frame needs.

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
        device = self.root.device
        after = np.clip(np.searchsorted(self.frames, frames), 0, len(self.frames) - 1)
        before = np.where(self.frames[after] > frames, np.clip(after - 1, 0, None), after)
        gap = np.maximum(self.frames[after] - self.frames[before], 1)
        share = np.clip((frames - self.frames[before]) / gap, 0, 1).astype(np.float32)
        first, last = torch.as_tensor(before, device=device), torch.as_tensor(after, device=device)
        weight = torch.as_tensor(share, device=device)[:, None]

        change = rotation_vectors(self.turn[first].transpose(-1, -2) @ self.turn[last])
        turn = self.turn[first] @ rotation_matrices(change * weight[..., None])
        world = self.skin.tree.world_rotations(source @ turn)
        if moves:
            # The root's offset turns with the body.
            offset = self._offset(first, roots) * (1 - weight) + self._offset(last, roots) * weight
            root = roots + (source[:, 0] @ offset[..., None]).squeeze(-1)
        else:
            root = self.root[first] * (1 - weight) + self.root[last] * weight
        betas = self.betas
        if betas is not None:
            betas = betas[first] * (1 - weight) + betas[last] * weight
        return Pose(world, root, betas)

    def _offset(self, known: Tensor, roots: Tensor) -> Tensor:
        """(m, 3) root positions of known frames beyond the source's, as seen from the body."""
        return (self.facing[known].transpose(-1, -2) @ (self.root[known] - roots)[..., None]).squeeze(-1)

"""Later frames start from what was learnt on earlier ones."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.fitting.result_table import nearest
from core.fitting.skin import FitSkin, Pose

# Fitted frames this near leave so little to do that one step is enough.
NEAR_FRAMES = 12


class KnownFrames:
    """Fitted frames that new ones start from.

    What the nearest of them turned away from its source rotation, joint by joint, is likely what its
    neighbours need.

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

    def start(self, frames: np.ndarray, source: Tensor, roots: Tensor) -> Pose:
        """Poses to start from.

        Args:
            frames: (m,) ids.
            source: (m, J, 3, 3) their source's relative rotations.
            roots: (m, 3) their source's root positions, metres.
        """
        near = torch.as_tensor(nearest(self.frames, frames), device=self.root.device)
        world = self.skin.tree.world_rotations(source @ self.turn[near])
        # The root's offset turns with the body.
        turned = source[:, 0] @ self.facing[near].transpose(-1, -2)
        root = roots + (turned @ (self.root[near] - roots)[..., None]).squeeze(-1)
        return Pose(world, root, None if self.betas is None else self.betas[near])

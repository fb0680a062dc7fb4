"""Later frames start from what was learnt on earlier ones."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.fitting.result_table import nearest
from core.fitting.shape import ShapeChunk
from core.fitting.skin import FitSkin, Pose, Prior


class KnownFrames:
    """Starts new frames from what was learnt on the frames that the shape was solved from.

    What the nearest of them turned away from its source rotation, joint by joint, is likely what its
    neighbours need.
    """

    def __init__(self, frames: np.ndarray, chunks: list[ShapeChunk], skin: FitSkin) -> None:
        self.frames, self.skin = frames, skin
        world = torch.cat([chunk.pose.world for chunk in chunks])
        source = torch.cat([chunk.prior.rotations for chunk in chunks])
        self.turn = source.transpose(-1, -2) @ skin.tree.relative_rotations(world)
        self.root = torch.cat([chunk.pose.root for chunk in chunks])
        self.source = source[:, 0]

    def start(self, frames: np.ndarray, prior: Prior, roots: Tensor) -> Pose:
        """Poses to start from, for frames with the given source rotations."""
        near = torch.as_tensor(nearest(self.frames, frames), device=self.root.device)
        world = self.skin.tree.world_rotations(prior.rotations @ self.turn[near])
        # The root's offset turns with the body.
        offset = prior.rotations[:, 0] @ self.source[near].transpose(-1, -2)
        moved = (offset @ (self.root[near] - roots)[..., None]).squeeze(-1)
        return Pose(world, roots + moved)

"""A few vertices of a body posed over many frames, without posing the rest of the skin."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.model.body import CHUNK_FRAMES, BodyModel, blend, corrective_offsets
from core.model.motion import Motion
from core.model.posing import arguments_of, meshes_about_middle, regressed
from core.model.skinning import rotation_matrices

CHUNK = 512


class PosedPoints:
    """Some vertices of a body, ready to be posed.

    Args:
        body: of the motions.
        ids: of the n vertices; there may be none.
    """

    def __init__(self, body: BodyModel, ids: np.ndarray) -> None:
        self.body, self.count = body, len(ids)
        self.ids = torch.as_tensor(np.asarray(ids, dtype=np.int64), device=body.device)
        self.template, self.basis = body.template[ids], body.shape_basis[ids]
        self.weights = body.skin_weights[ids]
        self.correctives = body.tensor(body.posedirs[ids]).flatten(0, 1)

    def posed(self, motion: Motion, frames: np.ndarray, transl: np.ndarray) -> Tensor:
        """The vertices in k frames whose numbers are finite.

        Args:
            motion: in the body's family.
            frames: (k,) ids.
            transl: (k, 3) metres, in place of the motion's own.

        Returns:
            (n, 3, k) metres.
        """
        return self.posed_with_joints(motion, frames, transl)[0]

    def posed_with_joints(
        self, motion: Motion, frames: np.ndarray, transl: np.ndarray
    ) -> tuple[Tensor, Tensor]:
        """As `posed`, with the (J, 3, k) joints of the chain, metres."""
        body = self.body
        if motion.vertices is not None:
            return self._of_meshes(motion, frames, body.tensor(transl).T)
        poses, betas, expression = arguments_of(motion, body, frames)
        coefficients = body.coefficients(betas, expression)
        rest = body.rest_joints(coefficients)
        relative = rotation_matrices(poses.to(body.device))
        world = body.tree.world_rotations(relative)
        joints = body.tree.joint_positions(world, rest, rest[..., 0, :].expand(len(world), 3))
        aside = body.tensor(transl).T
        places = joints.permute(1, 2, 0) + aside
        if not self.count:
            return torch.empty(0, 3, len(world), device=body.device), places
        shape = self.template[..., None] + self.basis @ coefficients.reshape(-1, coefficients.shape[-1]).T
        bent = shape + corrective_offsets(self.correctives, relative)
        return blend(self.weights, world, joints, rest, bent) + aside, places

    def _of_meshes(self, motion: Motion, frames: np.ndarray, aside: Tensor) -> tuple[Tensor, Tensor]:
        """Those that a motion of meshes has, and the joints that the body's regressor finds on them."""
        skin, joints = [], []
        for start in range(0, len(frames), CHUNK_FRAMES):
            mesh = meshes_about_middle(motion, self.body, frames[start : start + CHUNK_FRAMES])
            skin.append(mesh[self.ids])
            joints.append(regressed(self.body, mesh))
        return torch.cat(skin, 2) + aside, torch.cat(joints).permute(1, 2, 0) + aside

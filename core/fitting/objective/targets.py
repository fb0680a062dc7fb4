"""The points that the skin should meet, and where the source's body stands."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.target_rows import target_rows
from core.fitting.objective.whole_skin import shared_coefficients, whole_skin
from core.model.body_pair import BodyPair
from core.model.motion import Motion
from core.model.posing import meshes_about_middle, root_path


class MotionTargets:
    """The points of the source's surface that the counted target vertices correspond to.

    Args:
        motion: the source motion.
        bodies: on the device to fit on.
        vertices: ids of the target vertices that count, in the skin's order.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, vertices: np.ndarray) -> None:
        self.motion, self.source = motion, bodies.source
        betas = torch.as_tensor(motion.betas[: self.source.num_betas])
        self.betas = self.source.coefficients(betas, None)[: self.source.num_betas]
        self.expression: Tensor | None = None
        if motion.expression is not None:
            self.expression = torch.as_tensor(motion.expression[:, : self.source.num_expression])
        order = None
        shared = shared_coefficients(motion, self.source)
        if shared is not None:
            self.skin = whole_skin(self.source)
            self.shape, order = self.skin.shape(shared), self.skin.vertices
        self._one_shape = shared is not None
        self.rows = target_rows(bodies.correspondence, vertices, order)

    def at(self, frames: np.ndarray) -> Tensor:
        """(V, 3, n) metres, the source's trans taken off."""
        if self.motion.vertices is not None:
            mesh = meshes_about_middle(self.motion, self.source, np.asarray(frames))
            return self.rows.of(mesh.flatten(1)).view(-1, 3, len(frames))
        poses = torch.as_tensor(self.motion.poses[frames])
        if not self._one_shape:
            return self._one_by_one(poses, frames)
        skin = self.skin.posed(self.shape, poses.to(self.source.device), in_a_row=True)
        return self.rows.of(skin.flatten(1)).view(-1, 3, len(frames))

    def _one_by_one(self, poses: Tensor, frames: np.ndarray) -> Tensor:
        """Where every frame's rest shape is its own."""
        transl = torch.zeros(len(poses), 3)
        expression = None if self.expression is None else self.expression[torch.as_tensor(frames)]
        chunks = self.source.vertex_chunks(poses, self._betas(frames), transl, expression)
        parts = [self.rows.of(skin.reshape(len(skin), -1)).view(-1, 3, skin.shape[2]) for _, skin in chunks]
        return torch.cat(parts, 2)

    def roots(self, frames: np.ndarray) -> Tensor:
        """(n, 3) the source's root joint, its trans taken off."""
        if self.motion.vertices is not None:
            place = root_path(self.motion.some(np.asarray(frames)), self.source)
            return self.source.tensor(place.astype(np.float64) - self.motion.trans[frames])
        face = None if self.expression is None else self.expression[torch.as_tensor(frames)]
        rest = self.source.rest_joints(self.source.coefficients(self._betas(frames), face))
        # Not one row for all: the solver writes frame by frame.
        return rest[..., 0, :].expand(len(frames), 3).clone()

    def _betas(self, frames: np.ndarray) -> Tensor:
        """(B,) of all frames, or (n, B) of these where each has its own."""
        if self.motion.frame_betas is None:
            return self.betas
        return torch.as_tensor(self.motion.frame_betas[frames, : self.source.num_betas]).to(self.betas)

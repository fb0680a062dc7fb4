"""The objective of a fit on the skin: its value and its true gradient, correctives included.

The gradient is written out by hand instead of by autograd: one forward and one backward pass share the
blended rotations, so that value and gradient together cost little more than half a forward pass of the
`smplx` package.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.body import BodyModel, blended_transforms, corrective_matrix, corrective_offsets
from core.skinning import KinematicTree, axial, rotation_vectors


@dataclass(frozen=True, eq=False)
class Shape:
    """One shape of the target.

    Attributes:
        betas: (B,).
        shaped: (V, 3, 1) rest vertices, metres.
        rest: (J, 3) rest joints, metres.
    """

    betas: Tensor
    shaped: Tensor
    rest: Tensor


@dataclass(eq=False)
class Pose:
    """Poses of n frames in world terms, as the solver moves them.

    Attributes:
        world: (n, J, 3, 3) world rotations.
        root: (n, 3) world position of the root joint, metres.
    """

    world: Tensor
    root: Tensor

    def __getitem__(self, index: Tensor) -> Pose:
        return Pose(self.world[index], self.root[index])


@dataclass(frozen=True, eq=False)
class Prior:
    """Pull of the relative rotations of n frames towards given ones.

    Attributes:
        rotations: (n, J, 3, 3) relative rotations.
        weights: (J,) square metres per square radian.
    """

    rotations: Tensor
    weights: Tensor

    def __getitem__(self, index: Tensor) -> Prior:
        return Prior(self.rotations[index], self.weights)


@dataclass(eq=False)
class Evaluation:
    """Objective of n frames and its derivatives.

    Attributes:
        energy: (n,) square metres.
        torque: (n, J, 3) derivative by a world rotation increment of each joint, exp([w]x) G.
        force: (n, 3) derivative by the root position.
        betas: (B,) derivative of the summed energy by betas, or None where not asked for.
        residual: (V, 3, n) fit minus target on the vertices that count, metres.
    """

    energy: Tensor
    torque: Tensor
    force: Tensor
    betas: Tensor | None
    residual: Tensor


class FitSkin:
    """The target body's skin where it counts: vertices with a positive weight, and nothing else.

    Args:
        body: target, on the device to fit on.
        vertex_weights: (V,) non-negative; vertices with weight 0 take no part.
        num_betas: how many of the body's shape coefficients are solved.
        dtype: float32, or float64 for checks.
    """

    def __init__(
        self,
        body: BodyModel,
        vertex_weights: np.ndarray,
        num_betas: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.body = body
        self.tree: KinematicTree = body.tree
        self.vertices = np.flatnonzero(vertex_weights > 0)
        keep = torch.as_tensor(self.vertices, device=body.device)
        weights = torch.as_tensor(vertex_weights[self.vertices], device=body.device)
        self.vertex_weights = weights.to(dtype)[:, None, None]
        self.unit_weights = bool((self.vertex_weights == 1).all())
        self.skin_weights = body.skin_weights[keep].to(dtype)
        self.skin_weights_t = self.skin_weights.T.contiguous()
        self.template = body.template[keep].to(dtype)
        betas = min(num_betas, body.num_betas)
        self.shape_basis = body.shape_basis[keep, :, :betas].to(dtype)
        self.joint_template = body.joint_template.to(dtype)
        self.joint_basis = body.joint_basis[..., :betas].to(dtype)
        self.correctives = corrective_matrix(self.posedirs)
        back = self.posedirs.flatten(0, 1).T
        self.correctives_t = back.to_sparse_csr() if self.correctives.is_sparse_csr else back
        self.subtree = torch.as_tensor(self.tree.subtree, device=body.device).to(dtype)
        self.parents = torch.as_tensor(self.tree.parents[1:], device=body.device)

    @property
    def posedirs(self) -> Tensor:
        """(V, 3, P) of the vertices that count."""
        return self.body.tensor(self.body.posedirs[self.vertices]).to(self.template)

    @cached_property
    def corrective_squares(self) -> Tensor:
        """(P, P) posedirs^T diag(w) posedirs."""
        flat = (self.posedirs * self.vertex_weights.sqrt()).flatten(0, 1)
        return flat.T @ flat

    def shape(self, betas: Tensor) -> Shape:
        """The shape of (B,) betas."""
        shaped = self.template + self.shape_basis @ betas
        return Shape(betas, shaped[..., None], self.joint_template + self.joint_basis @ betas)

    def evaluate(
        self,
        pose: Pose,
        shape: Shape,
        targets: Tensor,
        prior: Prior,
        *,
        by_betas: bool = False,
        frozen: bool = False,
    ) -> Evaluation:
        """Objective and gradient of n frames.

        Args:
            pose: n poses.
            shape: shared by the frames.
            targets: (V, 3, n) metres, for the vertices of this skin.
            prior: of the same n frames.
            by_betas: also differentiate by betas (the shape prior is not part of it).
            frozen: leave the correctives' own derivative out of the gradient. Far from the solution it
                misleads: a
                finger's correctives, however small, meet the residual of the whole body.
        """
        world, rest = pose.world, shape.rest
        relative = self.tree.relative_rotations(world)
        joints = self.tree.joint_positions(world, rest, pose.root)
        bent = shape.shaped + corrective_offsets(self.correctives, relative)
        rotation, offset = blended_transforms(self.skin_weights, world, joints, rest)
        residual = (rotation * bent[:, None]).sum(2).add_(offset).sub_(targets)
        pulled = residual if self.unit_weights else residual * self.vertex_weights
        energy = 0.5 * (pulled * residual).sum((0, 1))

        # Back through the skin: one product gives, for each joint, sum W wr (x 1)^T.
        if by_betas or not frozen:
            by_bent = (rotation * pulled[:, :, None]).sum(1)
        frames = len(world)
        moments = torch.empty(len(pulled), 3, 4, frames, dtype=pulled.dtype, device=pulled.device)
        torch.mul(pulled[:, :, None], bent[:, None], out=moments[:, :, :3])
        moments[:, :, 3] = pulled
        by_joint = (self.skin_weights_t @ moments.view(len(pulled), -1)).view(-1, 3, 4, frames)
        by_joint = by_joint.permute(3, 0, 1, 2)
        by_world, forces = by_joint[..., :3], by_joint[..., 3]

        # Back through the chain: a joint carries the forces of everything below it.
        carried = self.subtree @ forces
        bones = rest[1:] - rest[self.parents]
        by_world = by_world - forces[..., None] * rest[:, None, :]
        by_world = by_world.index_add(1, self.parents, carried[:, 1:, :, None] * bones[:, None, :])
        torque = axial(by_world @ world.transpose(-1, -2))

        error = rotation_vectors(relative @ prior.rotations.transpose(-1, -2))
        weighted = error * prior.weights[:, None]
        energy = energy + 0.5 * (weighted * error).sum((1, 2))
        torque[:, 0] += weighted[:, 0]
        twist = weighted[:, 1:]
        if not frozen:
            # Back through the correctives, which see relative rotations.
            by_features = (self.correctives_t @ by_bent.reshape(-1, frames)).T.unflatten(1, (-1, 3, 3))
            twist = twist + axial(by_features @ relative[:, 1:].transpose(-1, -2))
        twist = (world[:, self.parents] @ twist[..., None]).squeeze(-1)
        torque[:, 1:] += twist
        torque.index_add_(1, self.parents, twist, alpha=-1)

        by_shape = None
        if by_betas:
            on_joints = -(world.transpose(-1, -2) @ forces[..., None]).squeeze(-1)
            on_bones = (world[:, self.parents].transpose(-1, -2) @ carried[:, 1:, :, None]).squeeze(-1)
            on_joints[:, 1:] += on_bones
            on_joints.index_add_(1, self.parents, on_bones, alpha=-1)
            by_shape = torch.tensordot(by_bent.sum(2), self.shape_basis, 2)
            by_shape = by_shape + torch.tensordot(on_joints.sum(0), self.joint_basis, 2)
        return Evaluation(energy, torque, carried[:, 0], by_shape, residual)

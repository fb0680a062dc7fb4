"""Gauss-Newton matrices without vertices.

Skinning is linear in the world rotations: with u_ia = W_ia (x_i - j_a) + sum over children c of a of A_ic
(j_c - j_a), where A_ic sums W over the subtree of c, every vertex is v_i = s + sum_a G_a u_ia plus its pose
corrective. Stacked, v = U X, with U (V, 3J + 1) a function of the shape alone. So the normal matrix of all
frames comes from one H = U^T diag(w) U, and, as U is linear in betas, H(betas) is a short sum of products
that are computed once for a body and its weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.skin import FitSkin, Pose
from core.skinning import axial, cross_matrices


@dataclass(frozen=True, eq=False)
class FreeJoints:
    """Which joints turn on their own; the others keep their relative rotation and follow the nearest free
    ancestor.

    Attributes:
        free: (F,) joint ids.
        owner: (J,) for each joint, the position in ``free`` of the joint it turns with.
    """

    free: np.ndarray
    owner: np.ndarray

    @classmethod
    def without(cls, parents: np.ndarray, held: set[int]) -> FreeJoints:
        """All joints but ``held``; the root is always free."""
        free = [j for j in range(len(parents)) if j == 0 or j not in held]
        owner = np.zeros(len(parents), dtype=int)
        for joint in range(1, len(parents)):
            owner[joint] = free.index(joint) if joint in free else owner[parents[joint]]
        return cls(np.array(free), owner)

    def gather(self, values: Tensor, dim: int) -> Tensor:
        """Sums over the joints that turn together: J entries along ``dim`` become F."""
        if len(self.free) == len(self.owner):
            return values
        shape = list(values.shape)
        shape[dim] = len(self.free)
        out = torch.zeros(shape, dtype=values.dtype, device=values.device)
        return out.index_add_(dim, torch.as_tensor(self.owner, device=values.device), values)

    def spread(self, values: Tensor) -> Tensor:
        """(n, F, 3) increments of the free joints to (n, J, 3)."""
        return values[:, torch.as_tensor(self.owner, device=values.device)]


class NormalMatrix:
    """H(betas) = U^T diag(w) U and its derivatives by betas, for one skin.

    Attributes:
        blocks: (B + 1, B + 1, K, K) float32, K = 3J + 1: U_y^T diag(w) U_z, the mean shape first.
    """

    def __init__(self, skin: FitSkin) -> None:
        basis = linear_basis(skin)
        count, _, width = basis.shape
        self.blocks = torch.zeros(count, count, width, width, dtype=basis.dtype, device=basis.device)
        # A vertex depends on few joints. Vertices that one joint holds most share them, so that each group
        # needs only a small part of the columns: a tenth of the work of the dense product.
        holder = skin.skin_weights.argmax(1)
        for joint in holder.unique():
            rows = torch.nonzero(holder == joint).squeeze(1)
            part = basis[:, rows]
            columns = torch.nonzero((part != 0).any(0).any(0)).squeeze(1)
            part = part[..., columns].permute(1, 0, 2).flatten(1)
            product = (part * skin.vertex_weights[rows, :, 0]).T @ part
            product = product.view(count, len(columns), count, len(columns)).transpose(1, 2)
            self.blocks[:, :, columns[:, None], columns] += product

    def at(self, betas: Tensor) -> Tensor:
        """(K, K) H of (B,) betas."""
        coefficients = torch.cat((torch.ones_like(betas[:1]), betas)).double()
        return torch.einsum("y,z,yzkl->kl", coefficients, coefficients, self.blocks.double()).to(betas)

    def derivatives(self, betas: Tensor) -> Tensor:
        """(B, K, K): U(betas)^T diag(w) U_z for each beta z."""
        coefficients = torch.cat((torch.ones_like(betas[:1]), betas))
        return torch.tensordot(coefficients, self.blocks[:, 1:], 1)

    def shape_matrix(self, spread: Tensor) -> Tensor:
        """(B, B) normal matrix of betas from the (K, K) sum of X X^T over frames, float64."""
        return torch.einsum("yzkl,kl->yz", self.blocks[1:, 1:].double(), spread.double())


def linear_basis(skin: FitSkin) -> Tensor:
    """(B + 1, V, 3J + 1): U of the mean shape, then its derivative by each beta."""
    weights, below = skin.skin_weights, skin.skin_weights @ skin.subtree.T
    joints = weights.shape[1]
    vertices = torch.cat((skin.template[None], skin.shape_basis.permute(2, 0, 1)))
    rest = torch.cat((skin.joint_template[None], skin.joint_basis.permute(2, 0, 1)))
    basis = torch.empty(
        len(vertices), len(weights), 3 * joints + 1, dtype=weights.dtype, device=weights.device
    )
    for z in range(len(vertices)):
        block = weights[:, :, None] * (vertices[z][:, None] - rest[z])
        bones = rest[z][1:] - rest[z][skin.parents]
        block.index_add_(1, skin.parents, below[:, 1:, None] * bones)
        basis[z, :, :-1] = block.flatten(1)
        # The root position is an unknown of its own and does not move with the shape.
        basis[z, :, -1] = 1.0 if z == 0 else 0.0
    return basis


def pose_matrix(
    pose: Pose, normal: Tensor, free: FreeJoints, parents: Tensor, prior_weights: Tensor
) -> Tensor:
    """Gauss-Newton matrix of each frame for rotation increments of the free joints and the root position.

    Args:
        pose: n poses.
        normal: (K, K) H of the shape.
        free: F free joints.
        parents: (J-1,) parents of the joints below the root.
        prior_weights: (J,) of the pull on relative rotations.

    Returns:
        (n, 3F + 3, 3F + 3), symmetric.
    """
    world = pose.world
    frames, joints = world.shape[:2]
    count = len(free.free)
    blocks = normal[:-1, :-1].reshape(joints, 3, 3 * joints)
    # M_ab = G_a H_ab G_b^T, left factor first, as one small product a joint over all frames.
    left = world.permute(1, 0, 2, 3).reshape(joints, frames * 3, 3) @ blocks
    left = free.gather(left, 0).view(count, frames, 3, joints, 3).permute(1, 3, 0, 2, 4)
    right = left.reshape(frames * joints, count * 3, 3) @ world.transpose(-1, -2).reshape(-1, 3, 3)
    turned = free.gather(right.view(frames, joints, count, 3, 3), 1)  # (n, b, a, i, l)

    size = 3 * count + 3
    matrix = torch.empty(frames, size, size, dtype=world.dtype, device=world.device)
    rotations = matrix[:, :-3, :-3].unflatten(2, (count, 3)).unflatten(1, (count, 3))  # (n, a, i, b, j)
    torch.neg(turned.permute(0, 2, 4, 1, 3), out=rotations)
    traces = turned.diagonal(dim1=3, dim2=4).sum(-1).transpose(1, 2)
    rotations.diagonal(dim1=2, dim2=4).add_(traces[..., None])

    levers = (world @ normal[:-1, -1].view(joints, 3, 1)).squeeze(-1)
    coupling = cross_matrices(free.gather(levers, 1)).flatten(1, 2)
    matrix[:, :-3, -3:] = coupling
    matrix[:, -3:, :-3] = coupling.transpose(1, 2)
    identity = torch.eye(3, dtype=world.dtype, device=world.device)
    matrix[:, -3:, -3:] = normal[-1, -1] * identity

    pull = free.gather(free.gather(_prior_graph(parents, prior_weights), 0), 1)
    rotations.diagonal(dim1=2, dim2=4).add_(pull[:, :, None])
    return matrix


def _prior_graph(parents: Tensor, weights: Tensor) -> Tensor:
    """(J, J) graph Laplacian of the pull on relative rotations; the root is tied to the world."""
    joints = len(weights)
    children = torch.arange(1, joints, device=weights.device)
    graph = torch.diag(weights)
    graph.index_put_((parents, parents), weights[1:], accumulate=True)
    graph[children, parents] -= weights[1:]
    graph[parents, children] -= weights[1:]
    return graph


def shape_coupling(pose: Pose, derivatives: Tensor, free: FreeJoints) -> tuple[Tensor, Tensor]:
    """How the unknowns of each frame couple to betas.

    Args:
        pose: n poses.
        derivatives: (B, K, K) of `NormalMatrix.derivatives`.
        free: F free joints.

    Returns:
        (n, 3F + 3, B) coupling, and (K, K) the sum of X X^T over the frames.
    """
    world = pose.world
    frames, joints = world.shape[:2]
    stacked = torch.cat((world.transpose(-1, -2).flatten(1, 2), pose.root[:, None]), 1)  # X, (n, K, 3)
    columns = stacked.permute(1, 0, 2).reshape(3 * joints + 1, -1)
    products = (derivatives @ columns).view(len(derivatives), -1, frames, 3)
    turned = world @ products[:, :-1].view(-1, joints, 3, frames, 3).permute(0, 3, 1, 2, 4)
    torques = axial(turned.transpose(-1, -2))  # (B, n, J, 3)
    rotations = free.gather(torques, 2).permute(1, 2, 3, 0).flatten(1, 2)
    roots = products[:, -1].permute(1, 2, 0)
    return torch.cat((rotations, roots), 1), columns @ columns.T

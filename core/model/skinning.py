"""Rotations and the kinematic chain, batched over frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from core.model.on_device import few_launches
from core.model.on_device.device_index import DeviceIndex

T = TypeVar("T")


def _few(values: Tensor) -> bool:
    """Operations are to be few, and autograd does not look."""
    return values.device.type != "cpu" and not values.requires_grad


def rotation_matrices(rotvec: Tensor) -> Tensor:
    """Rodrigues' formula: (..., 3) axis-angle in radians to (..., 3, 3) rotation matrices."""
    if _few(rotvec):
        return few_launches.rotation_matrices(rotvec)
    square = (rotvec * rotvec).sum(-1)
    small = square < 1e-6
    angle = torch.where(small, torch.ones_like(square), square).sqrt()
    # Series below 1e-3 rad, where sin(x)/x and (1 - cos x)/x² lose their digits.
    sine = torch.where(small, 1 - square / 6, torch.sin(angle) / angle)
    versine = torch.where(small, 0.5 - square / 24, (1 - torch.cos(angle)) / (angle * angle))
    cross = cross_matrices(rotvec)
    outer = rotvec[..., :, None] * rotvec[..., None, :]
    identity = torch.eye(3, dtype=rotvec.dtype, device=rotvec.device)
    cosine = (1 - versine * square)[..., None, None]
    return cosine * identity + sine[..., None, None] * cross + versine[..., None, None] * outer


def quaternions(matrices: Tensor) -> Tensor:
    """(..., 3, 3) rotation matrices to (..., 4) unit quaternions w, x, y, z with w >= 0.

    The largest of the four components is computed first, so that no angle loses digits (Shepperd 1978).
    """
    m00, m01, m02, m10, m11, m12, m20, m21, m22 = matrices.flatten(-2).unbind(-1)
    squares = torch.stack(
        (1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22), -1
    )
    rows = torch.stack(
        (
            torch.stack((squares[..., 0], m21 - m12, m02 - m20, m10 - m01), -1),
            torch.stack((m21 - m12, squares[..., 1], m10 + m01, m02 + m20), -1),
            torch.stack((m02 - m20, m10 + m01, squares[..., 2], m12 + m21), -1),
            torch.stack((m10 - m01, m20 + m02, m21 + m12, squares[..., 3]), -1),
        ),
        -2,
    )
    best = squares.argmax(-1)[..., None, None].expand(*squares.shape[:-1], 1, 4)
    row = rows.gather(-2, best).squeeze(-2)
    row = row / row.norm(dim=-1, keepdim=True)
    return torch.where(row[..., :1] < 0, -row, row)


def rotation_vectors(matrices: Tensor) -> Tensor:
    """(..., 3, 3) rotation matrices to (..., 3) axis-angle in radians, angles in [0, pi]."""
    if _few(matrices):
        return few_launches.rotation_vectors(matrices)
    q = quaternions(matrices)
    square = q[..., 1:].square().sum(-1, keepdim=True)
    small = square < 1e-14
    # Of small ones no root is taken: it has no derivative, which autograd would ask for all the same.
    sine = torch.where(small, torch.ones_like(square), square).sqrt()
    scale = torch.where(small, torch.full_like(sine, 2.0), 2 * torch.atan2(sine, q[..., :1]) / sine)
    return q[..., 1:] * scale


def axial(matrices: Tensor) -> Tensor:
    """Axial vector of (..., 3, 3): a with <[w]x, M> = w . a for every w."""
    if _few(matrices):
        return few_launches.axial(matrices)
    m = matrices
    return torch.stack(
        (m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]), -1
    )


def cross_matrices(vectors: Tensor) -> Tensor:
    """(..., 3) to the (..., 3, 3) matrices [v]x of the cross product."""
    if _few(vectors):
        return few_launches.cross_matrices(vectors)
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), -1).unflatten(-1, (3, 3))


class constant(cached_property[T]):
    """A cached property of tensors that autograd can use, even if first asked for in inference mode."""

    def __get__(self, instance: object, owner: type | None = None) -> T:  # type: ignore[override]
        with torch.inference_mode(False):
            return super().__get__(instance, owner)


@dataclass(frozen=True, eq=False)
class KinematicTree:
    """The joint tree of a body.

    Attributes:
        parents: (J,) parent of each joint, -1 for the root, which comes first; parents precede children.
    """

    parents: np.ndarray

    def __post_init__(self) -> None:
        parents = self.parents
        if parents[0] != -1 or any(not 0 <= parents[j] < j for j in range(1, len(parents))):
            raise ValueError("the joint tree must start at its root, with every parent before its children")

    @cached_property
    def _above(self) -> DeviceIndex:
        return DeviceIndex(self.parents[1:])

    @cached_property
    def _subtree(self) -> DeviceIndex:
        return DeviceIndex(self.subtree)

    @cached_property
    def _way(self) -> DeviceIndex:
        return DeviceIndex(self.subtree[1:].T)

    def way(self, device: torch.device) -> Tensor:
        """(J, J - 1) float32 on a device: [j, a] is 1 where a + 1 is j or above it."""
        return self._way.on(device)

    def above(self, device: torch.device) -> Tensor:
        """(J - 1,) parents of the joints below the root, on a device."""
        return self._above.on(device)

    @cached_property
    def levels(self) -> list[tuple[DeviceIndex, DeviceIndex]]:
        """Joints below the root level by level, each with its parents: a chain needs one step a level."""
        depth = np.zeros(len(self.parents), dtype=int)
        for joint in range(1, len(self.parents)):
            depth[joint] = depth[self.parents[joint]] + 1
        joints = (np.flatnonzero(depth == level) for level in range(1, depth.max() + 1))
        return [(DeviceIndex(j), DeviceIndex(self.parents[j])) for j in joints]

    @cached_property
    def subtree(self) -> np.ndarray:
        """(J, J) float32: [a, j] is 1 where j is a or hangs below a."""
        below = np.eye(len(self.parents), dtype=np.float32)
        for joint in range(len(self.parents) - 1, 0, -1):
            below[self.parents[joint]] += below[joint]
        return below

    def world_rotations(self, relative: Tensor) -> Tensor:
        """(N, J, 3, 3) rotations relative to the parent to (N, J, 3, 3) world rotations."""
        if _few(relative):
            return self._by_doubling(relative)
        world = relative.clone()
        for joints, parents in self.levels:
            here = joints.on(relative.device)
            world[:, here] = world[:, parents.on(relative.device)] @ relative[:, here]
        return world

    @cached_property
    def _ancestors(self) -> list[DeviceIndex]:
        """For each joint the one 1, 2, 4... above it, one that does not turn beyond the root."""
        still = len(self.parents)
        above, found = np.append(np.where(self.parents < 0, still, self.parents), still), []
        while (above[:-1] != still).any():
            found.append(DeviceIndex(above[:-1]))
            above = above[above]
        return found

    def _by_doubling(self, relative: Tensor) -> Tensor:
        """As `world_rotations`, in twice as large steps up the chain each time."""
        still = torch.eye(3, dtype=relative.dtype, device=relative.device).expand(len(relative), 1, 3, 3)
        world = relative
        for above in self._ancestors:
            world = torch.cat((world, still), 1)[:, above.on(relative.device)] @ world
        return world

    def relative_rotations(self, world: Tensor) -> Tensor:
        """Inverse of `world_rotations`."""
        parents = self.above(world.device)
        below = world[:, parents].transpose(-1, -2) @ world[:, 1:]
        return torch.cat((world[:, :1], below), 1)

    def joint_positions(self, world: Tensor, rest: Tensor, root: Tensor) -> Tensor:
        """World positions of the joints.

        Args:
            world: (N, J, 3, 3) world rotations.
            rest: (J, 3) or (N, J, 3) rest joints, metres.
            root: (N, 3) world position of the root joint.

        Returns:
            (N, J, 3) metres.
        """
        if len(self.parents) == 1:
            return root[:, None]
        rest = rest.expand(world.shape[0], -1, -1)
        parents = self.above(world.device)
        bones = rest[:, 1:] - rest[:, parents]
        steps = (world[:, parents] @ bones[..., None]).squeeze(-1)
        subtree = self._subtree.on(world.device).to(world.dtype)
        # Position of j = root + the steps of every joint on the way to j (root's own column left out).
        return root[:, None] + torch.einsum("aj,nac->njc", subtree[1:], steps)

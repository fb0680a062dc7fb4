"""Rotations and the kinematic chain with frames last: on a processor every step is then one loop over frames
that lie side by side, which is several times as fast as a product of small matrices for each joint.

Nothing here is for autograd, which meets roots of zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.model.skinning import KinematicTree, rotation_vectors

# Twice the cosine of an angle beyond which the axial vector of a rotation has few digits.
FAR_TURNED = -1.8


def serves(values: Tensor) -> bool:
    """On a processor, and autograd does not look."""
    return values.device.type == "cpu" and not values.requires_grad


def last(matrices: Tensor) -> Tensor:
    """(n, J, 3, 3) matrices as (3, 3, J, n), frames side by side; those that `first` has given stay as they
    are."""
    if matrices.stride(0) == 1:
        return matrices.permute(2, 3, 1, 0)
    # Only as two dimensions is a transpose copied block by block.
    return matrices.flatten(1).t().contiguous().view(*matrices.shape[1:], -1).permute(1, 2, 0, 3)


def first(matrices: Tensor) -> Tensor:
    """(3, 3, J, n) matrices seen as (n, J, 3, 3)."""
    return matrices.permute(3, 2, 0, 1)


def by_frame(matrices: Tensor) -> Tensor:
    """(3, 3, J, n) matrices as (n, J, 3, 3), frame after frame."""
    return matrices.permute(2, 0, 1, 3).flatten(0, 2).t().contiguous().view(-1, matrices.shape[2], 3, 3)


def some(values: Tensor, frames: Tensor | slice) -> Tensor:
    """(..., m) of the frames ``frames`` (m,), ids or (n,) bool, of (..., n) values."""
    if isinstance(frames, slice) or frames.dtype == torch.bool or values.device.type != "cpu":
        return values[..., frames]
    # Half the time of indexing.
    return values.gather(-1, frames.expand(*values.shape[:-1], -1))


def rotations(poses: Tensor) -> Tensor:
    """Rodrigues' formula: (n, J, 3) axis-angle in radians to (3, 3, J, n) rotation matrices."""
    vector = poses.permute(2, 1, 0).contiguous()
    x, y, z = vector
    square = x * x
    square.addcmul_(y, y).addcmul_(z, z)
    small = square < 1e-6
    safe = square.masked_fill(small, 1.0)
    angle = safe.sqrt()
    # Series below 1e-3 rad, where sin(x)/x and (1 - cos x)/x² lose their digits.
    sine = torch.where(small, 1 - square / 6, angle.sin().div_(angle))
    versine = torch.where(small, 0.5 - square / 24, (1 - angle.cos()).div_(safe))
    out = versine * vector[:, None] * vector
    cosine = torch.addcmul(torch.ones_like(square), versine, square, value=-1)
    x, y, z = vector * sine
    for axis in range(3):
        out[axis, axis] += cosine
    for row, column, turn in ((2, 1, x), (0, 2, y), (1, 0, z)):
        out[row, column] += turn
        out[column, row] -= turn
    return out


def product(left: Tensor, right: Tensor) -> Tensor:
    """(3, 3, ...) matrices times (3, 3, ...) or vectors (3, ...), one by one."""
    if right.ndim < left.ndim:
        out = left[:, 0] * right[0]
        return out.addcmul_(left[:, 1], right[1]).addcmul_(left[:, 2], right[2])
    out = left[:, 0, None] * right[0]
    return out.addcmul_(left[:, 1, None], right[1]).addcmul_(left[:, 2, None], right[2])


def axial(matrices: Tensor) -> Tensor:
    """As `core.model.skinning.axial`: (3, ...) of (3, 3, ...) matrices."""
    m = matrices
    return torch.stack((m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]))


def vectors(matrices: Tensor) -> Tensor:
    """(3, 3, ...) rotations to (3, ...) axis-angle in radians, angles in [0, pi]."""
    # Twice the sine of the angle along the axis, and twice the cosine.
    vector = axial(matrices)
    cosine = (matrices[0, 0] + matrices[1, 1]).add_(matrices[2, 2]).sub_(1)
    square = vector[0] * vector[0]
    square.addcmul_(vector[1], vector[1]).addcmul_(vector[2], vector[2])
    sine = square.sqrt()
    vector *= torch.where(square < 1e-12, 0.5, torch.atan2(sine, cosine).div_(sine))
    far = cosine < FAR_TURNED
    if bool(far.any()):
        vector[:, far] = rotation_vectors(matrices[:, :, far].permute(2, 0, 1)).T
    return vector


def world_rotations(tree: KinematicTree, relative: Tensor) -> Tensor:
    """(3, 3, J, n) rotations relative to the parent to world rotations."""
    world = relative.clone()
    for joints, parents in tree.levels:
        here = joints.on(world.device)
        above = world.index_select(2, parents.on(world.device))
        world.index_copy_(2, here, product(above, relative.index_select(2, here)))
    return world


def relative_rotations(tree: KinematicTree, world: Tensor) -> Tensor:
    """Inverse of `world_rotations`."""
    above = world.index_select(2, tree.above(world.device)).transpose(0, 1)
    return torch.cat((world[:, :, :1], product(above, world[:, :, 1:])), 2)


def features(relative: Tensor) -> Tensor:
    """(9(J-1), n) features R - I of the pose blend shapes, of (3, 3, J, n) rotations."""
    out = relative[:, :, 1:].permute(2, 0, 1, 3).clone(memory_format=torch.contiguous_format)
    for axis in range(3):
        out[:, axis, axis] -= 1
    return out.flatten(0, 2)


@dataclass(frozen=True, eq=False)
class Chain:
    """The joints of a body in n frames.

    Attributes:
        relative: (3, 3, J, n) rotations relative to the parent.
        world: (3, 3, J, n) rotations.
        places: (3, J, n) metres.
    """

    relative: Tensor
    world: Tensor
    places: Tensor

    @classmethod
    def of(cls, tree: KinematicTree, poses: Tensor, rest: Tensor, root: Tensor) -> Chain:
        """That of some frames.

        Args:
            tree: of the body.
            poses: (n, J, 3) axis-angle, radians.
            rest: (J, 3) or (n, J, 3) rest joints, metres.
            root: (n, 3) places of the root joint, metres.
        """
        relative = rotations(poses)
        world = world_rotations(tree, relative)
        above = tree.above(world.device)
        bones = _frames_last(rest)
        steps = product(world.index_select(2, above), bones[:, 1:] - bones.index_select(1, above))
        # Place of j = root + the steps of every joint on the way to j.
        return cls(relative, world, (tree.way(world.device) @ steps).add_(root.T[:, None]))

    def motions(self, rest: Tensor) -> Tensor:
        """(4, 3, J, n) where each joint takes the three axes and the origin of the rest pose, of rest joints
        as in `of`."""
        out = torch.empty(4, *self.places.shape, dtype=self.places.dtype, device=self.places.device)
        out[:3] = self.world.transpose(0, 1)
        torch.sub(self.places, product(self.world, _frames_last(rest)), out=out[3])
        return out

    def features(self) -> Tensor:
        """(9(J-1), n) features R - I of the pose blend shapes."""
        return features(self.relative)


def _frames_last(rest: Tensor) -> Tensor:
    """(J, 3) or (n, J, 3) to (3, J, 1) or (3, J, n)."""
    return rest.T[..., None] if rest.ndim == 2 else rest.permute(2, 1, 0)

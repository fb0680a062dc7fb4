"""Rotations and the kinematic chain with frames last: on a processor every step is then one loop over frames
that lie side by side, which is several times as fast as a product of small matrices for each joint.

Nothing here is for autograd, which meets roots of zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.model.skinning import KinematicTree


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
    vector *= sine
    x, y, z = vector
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
        world = relative.clone()
        for joints, parents in tree.levels:
            here = joints.on(world.device)
            above = world.index_select(2, parents.on(world.device))
            world.index_copy_(2, here, product(above, relative.index_select(2, here)))
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
        out = self.relative[:, :, 1:].permute(2, 0, 1, 3).contiguous()
        for axis in range(3):
            out[:, axis, axis] -= 1
        return out.flatten(0, 2)


def _frames_last(rest: Tensor) -> Tensor:
    """(J, 3) or (n, J, 3) to (3, J, 1) or (3, J, n)."""
    return rest.T[..., None] if rest.ndim == 2 else rest.permute(2, 1, 0)

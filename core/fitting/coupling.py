"""The pull of neighbouring frames on each other: value, gradient and matrix blocks.

For each pair of frames in a row, with O = R S^T the rotation of a joint beyond its reference S,

    1/2 sum_a w_a |log(O_{n+1,a} O_{n,a}^T)|^2  +  1/2 m |o_{n+1} - o_n|^2,

where o is the root position less the source's. With the source's rotations as S what the fit adds to the
source changes little from frame to frame; with none, the pose itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.frame_unknowns import Unknowns
from core.fitting.pose_matrix import prior_graph
from core.fitting.skin import FitSkin, Pose
from core.skinning import rotation_vectors

# A root that moves a decimetre counts as much as a joint that turns by a radian.
ROOT_PER_ROTATION = 100.0


@dataclass(frozen=True, eq=False)
class Coupling:
    """One such pull over n frames in a row.

    Attributes:
        reference: (n, J, 3, 3) S, relative rotations.
        roots: (n, 3) the source's root positions, metres.
        weights: (J,) w, square metres per square radian.
        root_weight: m.
        joined: (n - 1,) 1 where a frame is followed by the next one of the motion, else 0.
    """

    reference: Tensor
    roots: Tensor
    weights: Tensor
    root_weight: float
    joined: Tensor

    def energy(self, pose: Pose, skin: FitSkin) -> Tensor:
        """Sum over the frames, square metres."""
        turns, shifts = self._changes(skin.tree.relative_rotations(pose.world), pose.root)
        turned = (self.weights[:, None] * turns.square()).sum((1, 2))
        return 0.5 * (self.joined * (turned + self.root_weight * shifts.square().sum(1))).sum()

    def _changes(self, relative: Tensor, root: Tensor) -> tuple[Tensor, Tensor]:
        beyond = relative @ self.reference.transpose(-1, -2)
        turns = rotation_vectors(beyond[1:] @ beyond[:-1].transpose(-1, -2))
        offset = root - self.roots
        return turns, offset[1:] - offset[:-1]

    def add_gradient(self, torque: Tensor, force: Tensor, pose: Pose, skin: FitSkin) -> None:
        """Adds the derivative by world rotations (n, J, 3) and root positions (n, 3), in place."""
        turns, shifts = self._changes(skin.tree.relative_rotations(pose.world), pose.root)
        pulled = turns * (self.weights[:, None] * self.joined[:, None, None])
        twist = torch.zeros_like(torque)
        # Turning about its own axis is the derivative of a rotation's length from either side.
        twist[1:] += pulled
        twist[:-1] -= pulled
        torque[:, 0] += twist[:, 0]
        skin.add_twist(torque, twist[:, 1:], pose.world)
        shifted = shifts * (self.root_weight * self.joined[:, None])
        force[1:] += shifted
        force[:-1] -= shifted

    def add_matrix(
        self, matrix: Tensor, below: Tensor, pose: Pose, unknowns: Unknowns, skin: FitSkin
    ) -> None:
        """Adds the Gauss-Newton blocks, in place.

        Args:
            matrix: (n, D, D) blocks of the frames.
            below: (n - 1, D, D) blocks of each next frame (rows) with the frame itself (columns).
            pose: n poses.
            unknowns: of each frame.
            skin: of the target.
        """
        parents, count = skin.parents, len(unknowns.free)
        neighbours = torch.zeros_like(pose.root[:, 0])
        neighbours[1:] += self.joined
        neighbours[:-1] += self.joined
        if count:
            turns = slice(0, 3 * count)
            graph = unknowns.gather(unknowns.gather(prior_graph(parents, self.weights), 0), 1)
            blocks = matrix[:, turns, turns].unflatten(2, (count, 3)).unflatten(1, (count, 3))
            blocks.diagonal(dim1=2, dim2=4).add_(neighbours[:, None, None, None] * graph[:, :, None])
            below[:, turns, turns] += self._turned_blocks(pose, unknowns, parents)
        if unknowns.moves:
            place = slice(3 * count, 3 * count + 3)
            matrix[:, place, place].diagonal(dim1=1, dim2=2).add_(self.root_weight * neighbours[:, None])
            below[:, place, place].diagonal(dim1=1, dim2=2).sub_(self.root_weight * self.joined[:, None])

    def _turned_blocks(self, pose: Pose, unknowns: Unknowns, parents: Tensor) -> Tensor:
        """(n - 1, 3F, 3F): increments of relative rotations are seen from each frame's own parents."""
        world, joints = pose.world, len(self.weights)
        frames, count = len(world) - 1, len(unknowns.free)
        from_parent = (
            torch.eye(3, dtype=world.dtype, device=world.device).expand(frames, joints, 3, 3).clone()
        )
        from_parent[:, 1:] = world[1:, parents] @ world[:-1, parents].transpose(-1, -2)
        block = from_parent * (self.weights[:, None, None] * self.joined[:, None, None, None])
        pairs = world.new_zeros(frames, joints, joints, 3, 3)
        each, children = (
            torch.arange(joints, device=world.device),
            torch.arange(1, joints, device=world.device),
        )
        pairs[:, each, each] -= block
        pairs[:, children, parents] += block[:, 1:]
        pairs[:, parents, children] += block[:, 1:]
        lower = block[:, 1:]
        pairs.view(frames, joints * joints, 3, 3).index_add_(1, parents * joints + parents, lower, alpha=-1)
        pairs = unknowns.gather(unknowns.gather(pairs, 1), 2)
        return pairs.permute(0, 1, 3, 2, 4).reshape(frames, 3 * count, 3 * count)

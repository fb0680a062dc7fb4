"""What the pose correctives add to the Gauss-Newton matrix.

The offset of a vertex, R_i P_i f, changes with the pose through the features f = R - I of every joint. With
R_i taken as the rotation of the joint that holds the vertex most, its derivative is J_d = G_d(i) P_i F, F the
derivative of the features, and (J_0 + J_d)^T (J_0 + J_d) needs two contractions over the vertices that do not
depend on the pose: of U with P, joint by joint, and of P with itself. The result stays positive semi-definite
whichever joint is taken for a vertex.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.fitting.frame_unknowns import Unknowns
from core.fitting.skin import FitSkin, Pose, Shape
from core.skinning import cross_matrices


@dataclass(frozen=True, eq=False)
class _Lever:
    """The contraction of one joint's levers with the correctives.

    Attributes:
        features: (q,) ids of the features that matter.
        holders: (d,) joints that hold the vertices.
        tensor: (3 q, 3 d): lever axis and feature by holder and offset axis.
    """

    features: Tensor
    holders: Tensor
    tensor: Tensor


class CorrectiveCurvature:
    """Adds the correctives' part to Gauss-Newton matrices of one shape.

    Args:
        skin: of the target.
        shape: held.
    """

    def __init__(self, skin: FitSkin, shape: Shape) -> None:
        self.skin, self.shape, self.parents = skin, shape, skin.parents
        self._lock = threading.Lock()

    @cached_property
    def contractions(self) -> tuple[list[_Lever], _Lever]:
        """The levers of each joint, and of the root position; made when first needed."""
        skin, patches = self.skin, self.skin.patches.patches
        joints, features = skin.body.num_joints, 9 * (skin.body.num_joints - 1)
        held = torch.tensor([patch.joint for patch in patches], device=skin.parents.device)
        # The last lever is that of the root position: a column of ones.
        tensor = skin.joint_template.new_zeros(joints + 1, 3, features, len(held), 3)
        for index, (patch, basis) in enumerate(zip(patches, self.shape.bases, strict=True)):
            count = len(patch.weights)
            if not count:
                continue
            weighted = basis[:count] * skin.metric.vertex_weights[patch.bent, :, 0]
            product = (weighted.T @ patch.directions.view(count, -1)).view(len(patch.columns), 3, -1)
            turning = product[:-1].view(-1, 3, 3, len(patch.features))  # (joints, lever axis, offset axis, q)
            owners = (patch.columns[:-1:3] // 3)[:, None]
            tensor[owners, :, patch.features, index] = turning.permute(0, 3, 1, 2)
            tensor[-1, 0, patch.features, index] = product[-1].T
        return [self._compact(lever, held) for lever in tensor[:-1]], self._compact(tensor[-1, :1], held)

    @staticmethod
    def _compact(lever: Tensor, held: Tensor) -> _Lever:
        used = (lever != 0).any(-1).any(0)  # (P, d)
        features = torch.nonzero(used.any(1)).squeeze(1)
        holders = torch.nonzero(used.any(0)).squeeze(1)
        tensor = lever[:, features][:, :, holders]
        return _Lever(features, held[holders], tensor.flatten(2).flatten(0, 1).contiguous())

    def add_to(self, matrix: Tensor, pose: Pose, unknowns: Unknowns, share: int = 1) -> None:
        """Adds to (n, 3F + 3, 3F + 3) matrices of `pose_matrix`, in place.

        Args:
            matrix: of the same poses and unknowns.
            pose: n poses.
            unknowns: F free joints.
            share: so many frames in a row share what is added. Seen from the joints it changes slowly, and it
                is costly where the correctives are dense.
        """
        frames = len(pose.world)
        if share == 1 or frames <= share:
            matrix += self._part(pose, unknowns)
            return
        of = torch.arange(frames, device=matrix.device) // share
        middle = torch.arange(int(of[-1]) + 1, device=of.device) * share + share // 2
        owners = pose[middle.clamp_max(frames - 1)]
        # From the joints of the frame that it was made for to those of each frame.
        turn = _axes(pose, unknowns) @ _axes(owners, unknowns)[of].transpose(-1, -2)
        part = self._part(owners, unknowns)[of]
        for _ in range(2):
            part = (turn @ part.unflatten(1, (-1, 3))).flatten(1, 2).transpose(1, 2)
        matrix += part

    def _part(self, pose: Pose, unknowns: Unknowns) -> Tensor:
        """(n, 3F + 3, 3F + 3) what is added to the matrices of n poses."""
        size = 3 * len(unknowns.free) + 3
        matrix = pose.world.new_zeros(len(pose.world), size, size)
        with self._lock:
            joint_levers, root_lever = self.contractions
            squares = self.skin.corrective_squares
        world = pose.world
        frames, joints = world.shape[:2]
        axes = torch.eye(3, dtype=world.dtype, device=world.device)
        turning = cross_matrices(axes)
        above = world[:, self.parents].transpose(-1, -2)[:, :, None]
        # F of each joint: how its nine features turn with its own rotation, less its parent's.
        turned = (above @ turning @ world[:, 1:, None]).flatten(3).transpose(2, 3)  # (n, J-1, 9, 3)

        levers = world.new_zeros(frames, joints + 1, 3, len(squares))
        for joint, lever in enumerate(joint_levers):
            if len(lever.features):
                levers[:, joint][:, :, lever.features] = self._cross(lever, pose, joint).permute(1, 2, 0)
        if len(root_lever.features):
            root = self._through(root_lever, world, 1)[:, 0]
            levers[:, -1][:, :, root_lever.features] = root.permute(1, 2, 0)
        cross = levers.flatten(1, 2).unflatten(2, (-1, 9)).transpose(1, 2) @ turned  # (n, J-1, 3J+3, 3)
        cross = self._differences(cross.permute(0, 2, 1, 3), 2)  # (n, 3J+3, J, 3)

        half = turned.permute(1, 0, 3, 2).reshape(joints - 1, -1, 9) @ squares.view(joints - 1, 9, -1)
        half = half.view(joints - 1, frames, 3, joints - 1, 9).permute(1, 3, 0, 2, 4).flatten(2, 3)
        square = (half @ turned).unflatten(2, (joints - 1, 3))  # (n, k, j, 3, 3)
        square = self._differences(self._differences(square, 1), 2).permute(0, 2, 3, 1, 4)  # (n, j, 3, k, 3)

        rotations = cross[:, :-3].unflatten(1, (joints, 3))
        square = square + rotations + rotations.permute(0, 3, 4, 1, 2)
        square = unknowns.gather(unknowns.gather(square, 1), 3)
        matrix[:, :-3, :-3] += square.flatten(3, 4).flatten(1, 2)
        roots = unknowns.gather(cross[:, -3:], 2).flatten(2)
        matrix[:, -3:, :-3] += roots
        matrix[:, :-3, -3:] += roots.transpose(1, 2)
        return matrix

    def _through(self, lever: _Lever, world: Tensor, axes: int) -> Tensor:
        """(q, axes, n, 3) contraction with the holders' rotations: offset axes turned to the world's."""
        frames = len(world)
        right = world[:, lever.holders].permute(1, 3, 0, 2).reshape(-1, 3 * frames)
        return (lever.tensor @ right).view(axes, len(lever.features), frames, 3).transpose(0, 1)

    def _cross(self, lever: _Lever, pose: Pose, joint: int) -> Tensor:
        """Rows (q, n, 3) of J_0^T J_d of one joint by feature."""
        moments = self._through(lever, pose.world, 3).permute(0, 2, 1, 3)  # (q, n, lever axis, offset axis)
        m = pose.world[:, joint] @ moments
        return torch.stack(
            (m[..., 1, 2] - m[..., 2, 1], m[..., 2, 0] - m[..., 0, 2], m[..., 0, 1] - m[..., 1, 0]), -1
        )

    def _differences(self, values: Tensor, dim: int) -> Tensor:
        """From what turns with a joint's rotation less its parent's to what turns with each: J-1 become J."""
        shape = list(values.shape)
        shape[dim] += 1
        out = values.new_zeros(shape)
        out.narrow(dim, 1, shape[dim] - 1).copy_(values)
        return out.index_add_(dim, self.parents, values, alpha=-1)


def _axes(pose: Pose, unknowns: Unknowns) -> Tensor:
    """(n, F + 1, 3, 3) world rotations of the free joints, and of the root for its position."""
    free = torch.as_tensor(unknowns.free, device=pose.world.device)
    return torch.cat((pose.world[:, free], pose.world[:, :1]), 1)

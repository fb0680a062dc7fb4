"""What the pose correctives add to the Gauss-Newton matrix.

The offset of a vertex, R_i P_i f, changes with the pose through the features f = R - I of every joint. With
R_i taken as the rotation of the joint that holds the vertex most, its derivative is J_d = G_d(i) P_i F, F the
derivative of the features, and (J_0 + J_d)^T (J_0 + J_d) needs two contractions over the vertices that do not
depend on the pose: of U with P, joint by joint, and of P with itself. The result stays positive semi-definite
whichever joint is taken for a vertex. What follows the contractions is small and done for a few frames at
once, frames last, so that it runs over long rows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_jacobian import seen_by_core
from core.fitting.solver.curvature_at_once import WholeLevers
from core.fitting.solver.pose_matrix import frames_first
from core.model.skinning import cross_matrices

# So many frames stay in a processor's caches; a GPU waits for Python at each turn of the loop.
FRAMES_AT_ONCE, FRAMES_AT_ONCE_ON_GPU = 128, 1024


@dataclass(frozen=True, eq=False)
class _Lever:
    """The contraction of one joint's levers with the correctives.

    Attributes:
        joints: (g,) joints whose features matter, less one: the root has none.
        holders: (d,) joints that hold the vertices.
        tensor: joint, feature and torque axis by offset axis, holder and its own axis, (27 g, 9 d), all seen
            from the joint; for the root position, joint and feature by holder and its own axis, (9 g, 3 d).
    """

    joints: Tensor
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

    @property
    def by_core(self) -> bool:
        """Where correctives are dense and strong, a core set has it with all that it couples to."""
        return self.skin.patches.strong and seen_by_core(self.skin)

    @cached_property
    def contractions(self) -> tuple[list[_Lever], _Lever]:
        """The levers of each joint, and of the root position; made when first needed."""
        held, tensor = self._levers()
        # Of the lever's axis: from the offset's to the torque's.
        across = cross_matrices(torch.eye(3, dtype=tensor.dtype, device=tensor.device))
        levers = [self._compact(lever, held, across) for lever in tensor[:-1]]
        return levers, self._compact(tensor[-1, :1], held, across.new_ones(1, 1, 1))

    @cached_property
    def whole(self) -> WholeLevers:
        """All of them together, for devices; made when first needed."""
        return WholeLevers.of(*self._levers(), self.skin.corrective_squares, self.parents)

    def _levers(self) -> tuple[Tensor, Tensor]:
        """(d,) joints that hold the vertices, and contractions (J + 1, 3, P, d, 3) by joint, lever axis,
        feature, holder and its axis."""
        skin, patches = self.skin, self.skin.patches.patches
        joints, features = skin.body.num_joints, 9 * (skin.body.num_joints - 1)
        held = torch.tensor([patch.joint for patch in patches], device=skin.parents.device)
        # The last lever is that of the root position: a column of ones.
        tensor = skin.joint_template.new_zeros(joints + 1, 3, features, len(held), 3)
        bases = skin.patches.cut(self.shape.bases)
        for index, (patch, basis) in enumerate(zip(patches, bases, strict=True)):
            count = len(patch.weights)
            if not count:
                continue
            weighted = basis[:count] * skin.metric.vertex_weights[patch.bent, :, 0]
            product = (weighted.T @ patch.directions.view(count, -1)).view(len(patch.columns), 3, -1)
            arms = product[:-1].view(-1, 3, 3, len(patch.features))  # (joints, lever axis, offset axis, q)
            owners = (patch.columns[:-1:3] // 3)[:, None]
            tensor[owners, :, patch.features, index] = arms.permute(0, 3, 1, 2)
            tensor[-1, 0, patch.features, index] = product[-1].T
        return held, tensor

    @staticmethod
    def _compact(lever: Tensor, held: Tensor, across: Tensor) -> _Lever:
        """Without what is zero, from (k, P, d, 3) by lever axis, feature, holder and its axis, with (k, c, m)
        by lever, torque and offset axes."""
        used = (lever != 0).any(-1).any(0)  # (P, d)
        joints = torch.nonzero(used.any(1).view(-1, 9).any(1)).squeeze(1)
        holders = torch.nonzero(used.any(0)).squeeze(1)
        chosen = lever.unflatten(1, (-1, 9))[:, joints][:, :, :, holders].flatten(1, 2)
        tensor = torch.einsum("kcm,kqdl->qcmdl", across, chosen)
        return _Lever(joints, held[holders], tensor.flatten(2).flatten(0, 1).contiguous())

    def add_to(self, matrix: Tensor, pose: Pose, unknowns: Unknowns, share: int = 1) -> None:
        """Adds to (n, 3F + 3, 3F + 3) matrices of `pose_matrix`, in place.

        Args:
            matrix: of the same poses and unknowns.
            pose: n poses.
            unknowns: F free joints.
            share: so many frames in a row share what is added. Seen from the joints it changes slowly, and it
                is costly where the correctives are dense.
        """
        frames, at_once = len(pose.world), FRAMES_AT_ONCE
        if matrix.device.type != "cpu":
            with self._lock:
                levers = self.whole
            for start in range(0, frames, FRAMES_AT_ONCE_ON_GPU):
                some = slice(start, start + FRAMES_AT_ONCE_ON_GPU)
                levers.add_to(matrix[some], pose[some], unknowns)
            return
        if share == 1 or frames <= share:
            for start in range(0, frames, at_once):
                some = slice(start, start + at_once)
                matrix[some] += self._part(pose[some], unknowns)
            return
        starts = torch.arange(0, frames, share, device=matrix.device)
        owners = pose[(starts + share // 2).clamp_max(frames - 1)]
        axes, own = axes_of(pose, unknowns), axes_of(owners, unknowns)
        for at in range(0, len(starts), at_once):
            parts = self._part(owners[at : at + at_once], unknowns)
            for index, part in enumerate(parts, at):
                some = slice(index * share, (index + 1) * share)
                # From the joints of the frame that it was made for to those of each frame.
                turn = axes[some] @ own[index].transpose(-1, -2)
                once = turned(turn, part.expand(len(turn), -1, -1))
                matrix[some] += turned(turn, once.transpose(1, 2).contiguous())

    def _part(self, pose: Pose, unknowns: Unknowns) -> Tensor:
        """(n, 3F + 3, 3F + 3) what is added to the matrices of n poses."""
        with self._lock:
            levers, position = self.contractions
            squares = self.skin.corrective_squares
        world = pose.world.permute(1, 2, 3, 0).contiguous()  # (J, 3, 3, n)
        joints, frames = len(world), world.shape[-1]
        derivative = self._derivative(pose)
        # Torques and the force by the turning of each joint against its parent.
        cross = world.new_zeros(joints + 1, 3, joints - 1, 3, frames)
        for joint, lever in enumerate(levers):
            if len(lever.joints):
                own = world[joint]
                seen = (own[:, :, None, None] * world[lever.holders].transpose(0, 1)[:, None]).sum(0)
                found = (lever.tensor @ seen.reshape(-1, frames)).view(-1, 9, 3, frames)
                found = _contracted(found, derivative[lever.joints]).transpose(0, 1)
                cross[joint][:, lever.joints] = (own[:, :, None, None] * found).sum(1)
        if len(position.joints):
            seen = world[position.holders].transpose(1, 2).reshape(-1, 3 * frames)
            found = (position.tensor @ seen).view(-1, 9, 3, frames)
            cross[-1][:, position.joints] = _contracted(found, derivative[position.joints]).transpose(0, 1)
        cross[:-1] += 0.5 * self._differences(_squared(squares, derivative), 0)
        half = self._differences(cross, 2)
        half = unknowns.gather(half, 2).flatten(2, 3)
        half = torch.cat((unknowns.gather(half[:-1], 0).flatten(0, 1), half[-1]))  # (3F + 3, 3F, n)
        matrix = half.new_zeros(len(half), len(half), frames)
        matrix[:, :-3] += half
        matrix[:-3] += half.transpose(0, 1)
        return frames_first(matrix)

    def _derivative(self, pose: Pose) -> Tensor:
        """(J - 1, 9, 3, n) F: how the features of each joint change as it turns against its parent."""
        turning = cross_matrices(torch.eye(3, dtype=pose.world.dtype, device=pose.world.device))
        above = pose.world[:, self.parents].transpose(-1, -2)[:, :, None]
        turned = above @ turning @ pose.world[:, 1:, None]  # (n, J - 1, axis, 3, 3)
        return turned.flatten(3).permute(1, 3, 2, 0).contiguous()

    def _differences(self, values: Tensor, dim: int) -> Tensor:
        """From what turns with a joint's rotation less its parent's to what turns with each: J-1 become J."""
        shape = list(values.shape)
        shape[dim] += 1
        out = values.new_zeros(shape)
        out.narrow(dim, 1, shape[dim] - 1).copy_(values)
        return out.index_add_(dim, self.parents, values, alpha=-1)


def _contracted(values: Tensor, derivative: Tensor) -> Tensor:
    """(g, a, 3, n) from (g, 9, a, n) values by feature and (g, 9, 3, n) F of as many joints."""
    out = values[:, 0, :, None] * derivative[:, 0, None]
    for feature in range(1, 9):
        out.addcmul_(values[:, feature, :, None], derivative[:, feature, None])
    return out


def _squared(squares: Tensor, derivative: Tensor) -> Tensor:
    """(J - 1, 3, J - 1, 3, n) F^T C F, from (P, P) C and (J - 1, 9, 3, n) F."""
    joints, _, _, frames = derivative.shape
    out = derivative.new_empty(joints, 3, joints, 3, frames)
    for joint, own in enumerate(derivative):
        half = (squares[9 * joint :, 9 * joint : 9 * joint + 9] @ own.view(9, -1)).view(-1, 9, 3, frames)
        found = _contracted(half, derivative[joint:])
        out[joint, :, joint:] = found.transpose(0, 1)
        out[joint:, :, joint] = found.transpose(1, 2)
    return out


def turned(turn: Tensor, rows: Tensor) -> Tensor:
    """(n, 3k, m) rows, three by three turned by (n, k, 3, 3) rotations."""
    rows = rows.unflatten(1, (-1, 3))
    out = turn[..., 0, None] * rows[:, :, 0, None]
    for axis in (1, 2):
        out.addcmul_(turn[..., axis, None], rows[:, :, axis, None])
    return out.flatten(1, 2)


def axes_of(pose: Pose, unknowns: Unknowns) -> Tensor:
    """(n, F + 1, 3, 3) world rotations of the free joints, and of the root for its position."""
    free = unknowns.index("free", pose.world.device)
    return torch.cat((pose.world[:, free], pose.world[:, :1]), 1)

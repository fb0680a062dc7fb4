"""The correctives' part of Gauss-Newton matrices, `core.fitting.solver.corrective_curvature`, over all joints
in a few large products, as devices want it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns
from core.model.on_device.few_launches import table
from core.model.skinning import cross_matrices


@dataclass(frozen=True, eq=False)
class WholeLevers:
    """The contractions of all joints' levers with the correctives; P features, d joints that hold vertices.

    Attributes:
        held: (d,) those joints.
        torques: (J, 9d, 3P) offset axis, holder and its own axis by feature and torque axis, all seen from
            the joint.
        position: (3d, P) holder and its own axis by feature, for the root position.
        squares: (P, P) posedirs^T diag(w) posedirs.
        parents: (J - 1,) of the joints below the root.
        ends: (J, J - 1) one where a joint turns, less one where its parent does.
    """

    held: Tensor
    torques: Tensor
    position: Tensor
    squares: Tensor
    parents: Tensor
    ends: Tensor

    @classmethod
    def of(cls, held: Tensor, levers: Tensor, squares: Tensor, parents: Tensor) -> WholeLevers:
        """From contractions (J + 1, 3, P, d, 3) by joint, lever axis, feature, holder and its axis.

        Args:
            held: (d,) the holders.
            levers: the last one that of the root position, which has one axis.
            squares: as above.
            parents: (J - 1,) of the joints below the root.
        """
        joints = len(levers) - 1
        across = cross_matrices(torch.eye(3, dtype=levers.dtype, device=levers.device))
        torques = torch.einsum("kcm,akqdl->amdlqc", across, levers[:-1])
        below = torch.arange(joints - 1, device=levers.device)
        ends = levers.new_zeros(joints, joints - 1)
        ends[below + 1, below] = 1
        ends[parents, below] = -1
        position = levers[-1, 0].permute(1, 2, 0).flatten(0, 1)
        torques = torques.flatten(4).flatten(1, 3).contiguous()
        return cls(held, torques, position.contiguous(), squares, parents, ends)

    def add_to(self, matrix: Tensor, pose: Pose, unknowns: Unknowns) -> None:
        """Adds to (n, 3F + 3, 3F + 3) matrices, in place; as of `CorrectiveCurvature.add_to`."""
        world = pose.world
        joints = world.shape[1]
        turning = self._turning(world)  # (n, g, t, f)
        seen = world.transpose(1, 2).index_select(2, self.held).flatten(2)  # (n, k, d l)
        arms = (world.transpose(2, 3).flatten(1, 2) @ seen).unflatten(1, (joints, 3)).flatten(2)
        found = (arms.transpose(0, 1) @ self.torques).unflatten(2, (joints - 1, 9, 3))  # (a, n, g, f, c)
        found = found.permute(1, 2, 0, 4, 3).flatten(2, 3)
        placed = (seen @ self.position).unflatten(2, (joints - 1, 9)).transpose(1, 2)  # (n, g, x, f)
        # By the turning of each joint against its parent: (n, g, a c, t), the root position last.
        cross = torch.cat((found, placed), 2) @ turning.transpose(-1, -2)
        placed = cross[:, :, -3:].transpose(1, 2).flatten(2)  # (n, x, g t)
        cross = cross[:, :, :-3].unflatten(2, (joints, 3)).permute(0, 2, 3, 1, 4).flatten(3)
        cross = world @ cross  # (n, a, x, g t)
        squared = self._squared(turning)  # (n, g, t h s)
        cross = cross + 0.5 * (self.ends @ squared).unflatten(2, (3, -1))
        rows = torch.cat((unknowns.gather(cross, 1).flatten(1, 2), placed), 1)
        half = rows.unflatten(2, (joints - 1, 3)).transpose(2, 3)
        half = half @ self._free_ends(unknowns).T  # (n, r, t, F)
        half = half.transpose(2, 3).flatten(2)
        matrix[:, :, :-3].add_(half)
        matrix[:, :-3].add_(half.transpose(1, 2))

    def _free_ends(self, unknowns: Unknowns) -> Tensor:
        """(F, g) `ends` of the joints that turn on their own, kept here: what is kept with the unknowns would
        hold all of this for as long as they live."""
        kept = self.__dict__.setdefault("_kept_ends", {})
        if id(unknowns) not in kept:
            kept[id(unknowns)] = (unknowns, unknowns.gather(self.ends, 0))
        found: Tensor = kept[id(unknowns)][1]
        return found

    def _turning(self, world: Tensor) -> Tensor:
        """(n, J - 1, 3, 9) how the features of each joint change as it turns against its parent."""
        frames, joints = world.shape[:2]
        # (n, g, i, t k): axis t across each column.
        across = world[:, 1:].reshape(-1, 9) @ table("across", world.dtype, world.device)
        above = world.index_select(1, self.parents).view(-1, 3, 3).transpose(1, 2)
        turned = torch.bmm(above, across.view(-1, 3, 9)).view(frames, joints - 1, 3, 3, 3)  # (n, g, j, t, k)
        return turned.transpose(2, 3).flatten(3)

    def _squared(self, turning: Tensor) -> Tensor:
        """(n, J - 1, 3 * 3 (J - 1)) F^T C F of (n, J - 1, 3, 9) F."""
        frames, joints = turning.shape[:2]
        by_joint = turning.transpose(0, 1).reshape(joints, -1, 9)  # (h, n s, f)
        half = by_joint @ self.squares.unflatten(0, (joints, 9))  # (h, n s, P)
        half = half.view(joints, frames, 3, joints, 9).permute(1, 3, 4, 0, 2).flatten(3)  # (n, g, f, h s)
        return (turning @ half).flatten(2)

"""A skin as `core.fitting.objective.rows` pose it on devices, and its derivative: one patch, of a shape that
frames share or of shapes of their own.

With o = P f the offsets of the vertices by the correctives and R their blended rotations, a joint that turns
in the world by e moves them by e x G_a (u_a + W_a o), and one that turns against its parent by R P f', f' the
change of its rotation's entries. Both lie one below the other, so that one product with the ends of
`JointTables` makes the derivative by the unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.objective.joint_tables import JointTables
from core.fitting.objective.objective import FitSkin
from core.fitting.objective.patches import of_coefficients
from core.fitting.objective.rows import Rows


@dataclass(frozen=True, eq=False)
class SkinRows:
    """V vertices and J joints; Z coefficients.

    Attributes:
        basis: (V, 3J + 1) U of the shape; where frames have coefficients of their own (V, (Z + 1)(3J + 1)),
            of the mean shape and each coefficient, side by side.
        weights: (V, J) skinning weights.
        directions: (3V, 9(J - 1)) posedirs, the entries of a rotation column by column.
        offsets: (3V, 1) what they give for no rotation, with its sign turned, metres.
    """

    basis: Tensor
    weights: Tensor
    directions: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, skin: FitSkin, betas: Tensor, own: bool) -> SkinRows:
        """That of a skin; all shapes of it share what does not depend on them.

        Args:
            skin: the skin.
            betas: (Z,) coefficients that frames share.
            own: frames have coefficients of their own in their place.
        """
        whole, joints = skin.patches.whole, skin.body.num_joints
        basis = whole.side_by_side if own else of_coefficients(whole.basis, betas)
        still = torch.eye(3, dtype=basis.dtype, device=basis.device).flatten().repeat(joints - 1)
        return cls(basis, whole.weights, whole.by_column, -(whole.by_column @ still)[:, None])


@dataclass(frozen=True, eq=False)
class JacobianRows:
    """The derivative of a skin, times the roots of its vertices' weights.

    Attributes:
        skin: V vertices and J joints; Z coefficients.
        moving: (V, 3, 3, 1) the roots times the identity, by the root position.
        axes: (1, 1, 3, 3, 1) the identity.
        arms: (J, V, 3, 1) u of the shape; (3JV, Z + 1) of the mean shape and by each coefficient, where
            frames have coefficients of their own.
        held: (J, V, 1, 1) skinning weights.
        correctives: (J - 1, 3V, 9) posedirs, joint by joint.
        shaping: (ZV, 3J + 1) U by the coefficients, where frames have them of their own.
    """

    skin: SkinRows
    moving: Tensor
    axes: Tensor
    arms: Tensor
    held: Tensor
    correctives: Tensor
    shaping: Tensor

    @classmethod
    def of(cls, skin: FitSkin, betas: Tensor, own: bool) -> JacobianRows:
        """That of a skin; arguments as of `SkinRows.of`."""
        rows, joints = SkinRows.of(skin, betas, own), skin.body.num_joints
        roots, count = skin.metric.vertex_weights.sqrt(), len(rows.weights)
        # (1 or Z + 1, V, K)
        every = (rows.basis * roots[:, 0]).view(count, -1, 3 * joints + 1).transpose(0, 1)
        arms = every[..., :-1].unflatten(2, (joints, 3)).permute(2, 1, 3, 0)  # (J, V, 3, 1 or Z + 1)
        correctives = (rows.directions.view(count, 3, -1) * roots).view(3 * count, -1, 9).transpose(0, 1)
        axes = torch.eye(3, dtype=roots.dtype, device=roots.device)[..., None]
        return cls(
            rows,
            roots[..., None] * axes,
            axes[None, None],
            arms.flatten(0, 2).contiguous() if own else arms.contiguous(),
            (rows.weights * roots[:, 0]).T[..., None, None].contiguous(),
            correctives.contiguous(),
            every[1:].flatten(0, 1).contiguous(),
        )

    def of_frames(self, rows: Rows, tables: JointTables, weights: Tensor | None = None) -> Tensor:
        """(n, 3V, D) of n frames.

        Args:
            rows: the frames.
            tables: of the joints and unknowns.
            weights: (V, n) roots of weights that vertices have in each frame besides, or None.
        """
        skin, joints, frames = self.skin, tables.joints, rows.every.shape[1]
        count, size, turns = len(self.moving), len(rows.slope), 3 * len(tables.turning)
        blended = torch.mm(skin.weights, rows.world.view(joints, -1)).view(count, 3, 3, frames)
        offsets = torch.addmm(skin.offsets, skin.directions, rows.relative).view(count, 3, frames)
        arms = self.arms
        if arms.dim() == 2:
            arms = torch.mm(arms, rows.own).view(joints, count, 3, frames)
        # By joint, vertex, its axis, the torque's axis, frame: root position, relative and world rotations.
        turning = blended.new_empty(2 * joints, count, 3, 3, frames)
        turning[0] = self.moving
        relative = rows.relative.view(joints - 1, 3, 3, 1, frames)
        change = torch.linalg.cross(rows.above[2:, None], relative, dim=2).view(joints - 1, 9, -1)
        seen = torch.bmm(self.correctives, change).view(-1, count, 3, 1, 3, frames)
        torch.sum(seen * blended[..., None, :], 2, out=turning[1:joints])
        reached = torch.addcmul(arms, self.held, offsets)[:, :, :, None]
        levers = (reached * rows.world[:, None]).sum(2)
        torch.linalg.cross(self.axes, levers[:, :, :, None], dim=2, out=turning[joints:])
        found = torch.mm(tables.turning, turning.view(2 * joints, -1)).view(-1, count, 3, 3, frames)
        out, found = found.new_empty(frames, count, 3, size), found.permute(4, 1, 2, 0, 3)
        by_turns = out[..., :turns].unflatten(3, (-1, 3))
        if weights is None:
            by_turns.copy_(found)
        else:
            torch.mul(found, weights.T[..., None, None, None], out=by_turns)
        if turns < size:
            shaping = torch.mm(self.shaping, rows.stacked).view(-1, count, 3, frames)
            shaping = shaping if tables.own is None else shaping.index_select(0, tables.own - 1)
            shaping = shaping.permute(3, 1, 2, 0)
            out[..., turns:] = shaping if weights is None else shaping * weights.T[..., None, None]
        return out.view(frames, 3 * count, size)

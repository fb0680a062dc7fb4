"""The Gauss-Newton matrix of the data term, pose correctives and coefficients included, from a core set.

With v = U X + R o, R the blended rotations of the vertices and o = P f their offsets, the derivative of the
skin by the joints is

    J w_a = [w_a] G_a (u_a + W_a o) + R P F w_a

with F the derivative of the features, which see each joint against its parent; coefficients move U alone. J
is made for few vertices that stand for all of the skin (`core_set`), exactly there: nothing is taken as
constant, and with all vertices J^T L J would be the Gauss-Newton matrix itself. On dense correctives the
coupling of poses and coefficients matters as much as the blocks: with these alone a solve settles above the
optimum.

What U^T L U says without a vertex (`pose_matrix`) is not mixed in, although it is exact: where correctives
undo what a joint does, the small difference of two large parts must come of the same vertices, or it is often
less than nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.patches import Patch, stack, with_mean
from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_set import core_weights
from core.model.body import pose_features
from core.model.skinning import cross_matrices

# So many frames stay in a processor's caches.
FRAMES_AT_ONCE = 12
# Vertices of the core set, and at least so many of each patch: those of fingers are small, and decide about
# the joints that are known least.
VERTICES, LEAST_OF_PATCH = 500, 40
# Of poses alone fewer tell as much.
POSE_VERTICES, POSE_LEAST = 400, 16


@dataclass(frozen=True, eq=False)
class _Part:
    """One patch of the core set, its rows times the roots of their weights; vertices last, as in J.

    Attributes:
        patch: as it is.
        roots: (r,) of the weights.
        owners: (h,) joints that it hangs on.
        above: (h, h) one where the second is the first, or below it.
        held_by: which of them hold the vertices with correctives.
        joints: (k,) joints whose features matter, less one: the root has none.
        correctives: (k, 9, 3b) posedirs, joint by joint: x of all vertices, then y, then z.
        offsets: (q, 3b) the same of the features that matter.
        held: (h', b) skinning weights of those that hold.
        directions: (c, Z r) U by the coefficients.
    """

    patch: Patch
    roots: Tensor
    owners: Tensor
    above: Tensor
    held_by: Tensor
    joints: Tensor
    correctives: Tensor
    offsets: Tensor
    held: Tensor
    directions: Tensor

    @classmethod
    def of(cls, patch: Patch, weights: Tensor, below: Tensor) -> _Part:
        """That of a patch with weights (r,), where ``below`` (J, J) says of each joint what is below it."""
        roots, count = weights.sqrt(), len(patch.weights)
        owners = patch.columns[:-1:3] // 3
        joints, place = torch.unique(patch.features // 9, return_inverse=True)
        offsets = (
            (patch.directions.view(count, 3, len(patch.features)) * roots[:count, None, None])
            .permute(2, 1, 0)
            .flatten(1)
        )
        tensor = offsets.new_zeros(len(joints), 9, 3 * count)
        tensor[place, patch.features % 9] = offsets
        shaped = (patch.basis[1:] * roots[:, None]).permute(2, 0, 1).flatten(1)
        return cls(
            patch,
            roots,
            owners,
            below[owners[:, None], owners].to(roots),
            torch.searchsorted(owners, patch.holders),
            joints,
            tensor,
            offsets,
            (patch.weights * roots[:count, None]).T.contiguous(),
            shaped.contiguous(),
        )


class CoreJacobian:
    """Gauss-Newton matrices of one skin's data term.

    Args:
        skin: with its metric, of which only the vertices are seen: no edges.
        by_coefficients: for poses and coefficients, or for poses alone.
    """

    def __init__(self, skin: FitSkin, by_coefficients: bool = True) -> None:
        most = (VERTICES, LEAST_OF_PATCH) if by_coefficients else (POSE_VERTICES, POSE_LEAST)
        chosen = core_weights(skin, *most)
        self.core = FitSkin(skin.body, chosen, skin.coefficients, dtype=skin.joint_template.dtype)
        weights, below = self.core.metric.vertex_weights.flatten(), skin.subtree
        self.parts = [_Part.of(patch, weights[patch.rows], below) for patch in self.core.patches.posing]
        self.parents = skin.parents
        # Where a robust loss has a weight for each group or vertex, that of each core vertex.
        rows = torch.full((skin.body.num_vertices,), -1)
        rows[torch.as_tensor(skin.vertices)] = torch.arange(len(skin.vertices))
        rows = rows[torch.as_tensor(self.core.vertices)].to(skin.parents.device)
        groups = skin.metric.groups
        self.group = rows if groups is None else groups[rows]

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        large = (each for part in self.parts for each in (part.correctives, part.offsets, part.directions))
        return self.core.patches.nbytes + sum(each.numel() * each.element_size() for each in large)

    def squared(
        self,
        pose: Pose,
        shape: Shape,
        unknowns: Unknowns,
        robust_weights: Tensor | None,
        *,
        by_coefficients: bool = True,
    ) -> Tensor:
        """(n, 3F + 3 + Z, 3F + 3 + Z) J^T L J of n frames: rotations of the free joints, root position,
        coefficients.

        Args:
            pose: n poses.
            shape: of the whole skin; frames with coefficients of their own have those instead.
            unknowns: F free joints.
            robust_weights: (p, n) weights of the groups as a robust loss sees them, or None.
            by_coefficients: else rotations and root position alone, (n, 3F + 3, 3F + 3).
        """
        joints, count = len(self.parents) + 1, len(self.core.coefficients) * by_coefficients
        size = 3 * joints + 3 + count
        bases, parts = self.core.shape(shape.betas).bases, []
        width = 3 * len(self.core.vertices)
        room = pose.world.new_empty(min(FRAMES_AT_ONCE, len(pose.world)) * size * width)
        for start in range(0, len(pose.world), FRAMES_AT_ONCE):
            some = slice(start, start + FRAMES_AT_ONCE)
            at = _State.of(self.core, pose[some])
            frames = len(at.world)
            jacobian = room[: frames * size * width].view(frames, size, width)
            for part, basis in zip(self.parts, bases, strict=True):
                rows = part.patch.rows
                own = jacobian[..., 3 * rows.start : 3 * rows.stop].unflatten(2, (3, -1))
                self._fill(own, part, basis, at)
                if robust_weights is not None:
                    own *= robust_weights[self.group[rows], some].sqrt().T[:, None, None]
            parts.append(self._by_unknowns(jacobian @ jacobian.mT, unknowns))
        return torch.cat(parts)

    def _fill(self, jacobian: Tensor, part: _Part, basis: Tensor, at: _State) -> None:
        """Fills in the (n, 3J + 3 + Z, 3, r) roots of the weights times J of one patch, by unknown, axis and
        vertex. Joints turn against their parents, with all that hangs below."""
        patch, frames, joints = part.patch, len(at.world), at.world.shape[1]
        rows, count = len(part.roots), len(patch.weights)
        turning = jacobian[:, : 3 * joints].unflatten(1, (joints, 3))  # (n, J, the torque's axis, 3, r)
        turning.zero_()
        if len(part.joints):
            # (n, k, torque's axis, 3, b): seen by the vertices, then turned with them.
            seen = torch.bmm(at.derivative[part.joints].flatten(1, 2), part.correctives)
            seen = seen.view(-1, frames, 3, 3, count).transpose(0, 1)
            blended = (at.world[:, patch.holders].flatten(2).mT @ patch.weights.T).view(frames, 3, 3, count)
            every = len(part.joints) == joints - 1
            turned = turning[:, 1:, :, :, :count] if every else torch.empty_like(seen)
            torch.mul(blended[:, None, None, :, 0], seen[:, :, :, 0, None], out=turned)
            for axis in (1, 2):
                turned.addcmul_(blended[:, None, None, :, axis], seen[:, :, :, axis, None])
            if not every:
                turning[:, part.joints + 1, :, :, :count] = turned
        if at.own is None:
            levers = (basis[:, :-1].T * part.roots).view(1, -1, 3, rows)
        else:
            levers = torch.tensordot(at.own, patch.basis[..., :-1] * part.roots[:, None], 1)
            levers = levers.mT.unflatten(1, (-1, 3))
        levers = _rotated(at.world[:, part.owners], levers)  # (n, h, 3, r)
        if len(part.joints):
            offsets = (at.features[:, patch.features] @ part.offsets).view(frames, 1, 3, count)
            held = _rotated(at.world[:, patch.holders], offsets) * patch.weights.T[:, None]
            levers[..., :count].index_add_(1, part.held_by, held)
        levers = (part.above @ levers.flatten(2)).view_as(levers)
        for row, column, axis, sign in CROSS:
            turning[:, :, column, row].index_add_(1, part.owners, levers[:, :, axis], alpha=sign)
        moving = jacobian[:, 3 * joints : 3 * joints + 3]
        moving.copy_(torch.eye(3, dtype=basis.dtype, device=basis.device)[:, :, None] * part.roots)
        if jacobian.shape[1] > 3 * joints + 3:
            shaping = at.stacked[:, :, patch.columns] @ part.directions
            jacobian[:, 3 * joints + 3 :] = shaping.view(frames, 3, -1, rows).transpose(1, 2)

    def _by_unknowns(self, matrix: Tensor, unknowns: Unknowns) -> Tensor:
        """(n, 3F + 3 + Z, 3F + 3 + Z) by the rotations of free joints, from joints against their parents."""
        turns = 3 * (len(self.parents) + 1)
        for _ in range(2):
            turning = matrix[:, :turns].unflatten(1, (-1, 3))
            turning = unknowns.gather(turning.index_add(1, self.parents, turning[:, 1:], alpha=-1), 1)
            matrix = torch.cat((turning.flatten(1, 2), matrix[:, turns:]), 1).mT
        return matrix


@dataclass(frozen=True, eq=False)
class _State:
    """n frames as J is made of them.

    Attributes:
        world: (n, J, 3, 3) world rotations.
        stacked: (n, 3, K) X.
        features: (n, P) pose features.
        derivative: (J - 1, n, 3, 9) of the features of each joint, as it turns against its parent.
        own: (n, Z + 1) coefficients of the frames' own, a one first, or None.
    """

    world: Tensor
    stacked: Tensor
    features: Tensor
    derivative: Tensor
    own: Tensor | None

    @classmethod
    def of(cls, skin: FitSkin, pose: Pose) -> _State:
        """The state of some frames."""
        turning = cross_matrices(torch.eye(3, dtype=pose.world.dtype, device=pose.world.device))
        above = pose.world[:, skin.parents].transpose(-1, -2)[:, :, None]
        turned = above @ turning @ pose.world[:, 1:, None]  # (n, J - 1, axis, 3, 3)
        return cls(
            pose.world,
            stack(pose.world, pose.root).permute(2, 1, 0).contiguous(),
            pose_features(skin.tree.relative_rotations(pose.world)).T.contiguous(),
            turned.flatten(3).transpose(0, 1).contiguous(),
            None if pose.betas is None else with_mean(pose.betas),
        )


# Rows and columns of [w]x l, by w's axis: of l, with which sign.
CROSS = ((0, 1, 2, 1), (0, 2, 1, -1), (1, 2, 0, 1), (1, 0, 2, -1), (2, 0, 1, 1), (2, 1, 0, -1))


def _rotated(rotations: Tensor, vectors: Tensor) -> Tensor:
    """(n, h, 3, 3) rotations of (n or 1, h or 1, 3, b) vectors, (n, h, 3, b)."""
    out = rotations[..., 0, None] * vectors[:, :, 0, None]
    for axis in (1, 2):
        out.addcmul_(rotations[..., axis, None], vectors[:, :, axis, None])
    return out


def seen_by_core(skin: FitSkin) -> bool:
    """Whether a skin's correctives are worth a core set, and its metric one of vertices alone."""
    return not skin.patches.sparse and skin.metric.laplacian is None


_MADE: WeakKeyDictionary[FitSkin, dict[bool, CoreJacobian]] = WeakKeyDictionary()
_MAKING = Lock()


def core_jacobian(skin: FitSkin, by_coefficients: bool = True) -> CoreJacobian:
    """That of a skin, made once for all that step on it, and kept as long as the skin is."""
    with _MAKING:
        made = _MADE.setdefault(skin, {})
        if by_coefficients not in made:
            made[by_coefficients] = CoreJacobian(skin, by_coefficients)
        return made[by_coefficients]


def core_jacobian_bytes(skin: FitSkin) -> int:
    """Bytes that are kept with a skin so far."""
    return sum(made.nbytes for made in _MADE.get(skin, {}).values())

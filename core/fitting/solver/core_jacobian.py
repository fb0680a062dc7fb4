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

# So many frames of a patch stay in a processor's caches.
FRAMES_AT_ONCE = 12
# Vertices of the core set, and at least so many of each patch: those of fingers are small, and decide about
# the joints that are known least.
VERTICES, LEAST_OF_PATCH = 500, 40


@dataclass(frozen=True, eq=False)
class _Part:
    """One patch of the core set, its rows times the roots of their weights.

    Attributes:
        patch: as it is.
        roots: (r, 1) of the weights.
        joints: (k,) joints whose features matter.
        correctives: (k, 3b, 9) posedirs, joint by joint.
        held: (h, b, 1, 1) skinning weights.
        directions: (Z, r, c) U by the coefficients.
    """

    patch: Patch
    roots: Tensor
    joints: Tensor
    correctives: Tensor
    held: Tensor
    directions: Tensor

    @classmethod
    def of(cls, patch: Patch, weights: Tensor) -> _Part:
        """That of a patch with weights (r, 1)."""
        roots, count = weights.sqrt(), len(patch.weights)
        joints, place = torch.unique(patch.features // 9, return_inverse=True)
        scaled = patch.directions * roots[:count].expand(-1, 3).reshape(-1, 1)
        tensor = scaled.new_zeros(len(joints), 9, len(scaled))
        tensor[place, patch.features % 9] = scaled.T
        held = (patch.weights * roots[:count]).T[..., None, None]
        correctives = tensor.transpose(1, 2).contiguous()
        return cls(patch, roots, joints + 1, correctives, held, patch.basis[1:] * roots)


class CoreJacobian:
    """Gauss-Newton matrices of one skin's data term.

    Args:
        skin: with its metric, of which only the vertices are seen: no edges.
    """

    def __init__(self, skin: FitSkin) -> None:
        chosen = core_weights(skin, VERTICES, LEAST_OF_PATCH)
        self.core = FitSkin(skin.body, chosen, skin.coefficients, dtype=skin.joint_template.dtype)
        weights = self.core.metric.vertex_weights[..., 0]
        self.parts = [_Part.of(patch, weights[patch.rows]) for patch in self.core.patches.posing]
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
        large = (each for part in self.parts for each in (part.correctives, part.held, part.directions))
        return self.core.patches.nbytes + sum(each.numel() * each.element_size() for each in large)

    def squared(self, pose: Pose, shape: Shape, unknowns: Unknowns, robust_weights: Tensor | None) -> Tensor:
        """(n, 3F + 3 + Z, 3F + 3 + Z) J^T L J of n frames: rotations of the free joints, root position,
        coefficients.

        Args:
            pose: n poses.
            shape: of the whole skin; frames with coefficients of their own have those instead.
            unknowns: F free joints.
            robust_weights: (p, n) weights of the groups as a robust loss sees them, or None.
        """
        frames, size = len(pose.world), 3 * len(unknowns.free) + 3 + len(self.core.coefficients)
        matrix = pose.world.new_zeros(frames, size, size)
        bases = self.core.shape(shape.betas).bases
        for start in range(0, frames, FRAMES_AT_ONCE):
            some = slice(start, start + FRAMES_AT_ONCE)
            at = _State.of(self.core, pose[some])
            for part, basis in zip(self.parts, bases, strict=True):
                jacobian = self._jacobian(part, basis, at, unknowns)
                if robust_weights is not None:
                    seen = robust_weights[self.group[part.patch.rows], some].sqrt().T
                    jacobian *= seen.repeat_interleave(3, 1)[..., None]
                matrix[some].baddbmm_(jacobian.transpose(1, 2), jacobian)
        return matrix

    def _jacobian(self, part: _Part, basis: Tensor, at: _State, unknowns: Unknowns) -> Tensor:
        """(n, 3r, 3F + 3 + Z) the roots of the weights times J of one patch."""
        patch, frames, count = part.patch, at.world.shape[-1], len(part.patch.weights)
        rows = patch.rows.stop - patch.rows.start
        # By joint, vertex, its axis, the torque's axis, frame.
        turning = basis.new_zeros(len(at.world), rows, 3, 3, frames)
        if len(part.joints):
            bent = turning[:, :count]
            # As each joint turns against its parent, first.
            seen = torch.bmm(part.correctives, at.derivative[part.joints - 1].flatten(2))
            seen = seen.view(-1, count, 3, 3, frames)
            blended = patch.weights @ at.stacked[:-1].view(-1, 9 * frames)[patch.holders]
            blended = blended.view(-1, 3, 3, frames)
            turned = seen[:, :, 0, None] * blended[:, 0, :, None]
            for axis in (1, 2):
                turned.addcmul_(seen[:, :, axis, None], blended[:, axis, :, None])
            bent[part.joints] = turned
            bent.index_add_(0, self.parents[part.joints - 1], turned, alpha=-1)
            offsets = (patch.directions @ at.features[patch.features]).view(count, 3, frames)
            _add_levers(bent, patch.holders, _rotated(at.world[patch.holders], offsets[None]) * part.held)
        if at.own is None:
            levers = (basis[:, :-1] * part.roots)[..., None]
        else:
            levers = torch.tensordot(patch.basis[..., :-1] * part.roots, at.own, ([0], [0]))
        owners = patch.columns[:-1:3] // 3
        levers = levers.unflatten(1, (-1, 3)).transpose(0, 1)
        _add_levers(turning, owners, _rotated(at.world[owners], levers))
        moving = (
            part.roots[:, :, None, None] * torch.eye(3, dtype=basis.dtype, device=basis.device)[:, :, None]
        )
        shaping = (part.directions @ at.stacked[patch.columns].flatten(1)).view(-1, rows, 3, 1, frames)
        sides = (unknowns.gather(turning, 0), moving.expand(1, rows, 3, 3, frames), shaping)
        return torch.cat([_rows(side) for side in sides], 2)


@dataclass(frozen=True, eq=False)
class _State:
    """n frames as patches want them, frames last.

    Attributes:
        world: (J, 3, 3, n) world rotations.
        stacked: (K, 3, n) X.
        features: (P, n) pose features.
        derivative: (J - 1, 9, 3, n) of the features of each joint, as it turns against its parent.
        own: (Z + 1, n) coefficients of the frames' own, a one first, or None.
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
            pose.world.permute(1, 2, 3, 0).contiguous(),
            stack(pose.world, pose.root),
            pose_features(skin.tree.relative_rotations(pose.world)),
            turned.flatten(3).permute(1, 3, 2, 0).contiguous(),
            None if pose.betas is None else with_mean(pose.betas).T.contiguous(),
        )


def _rotated(rotations: Tensor, vectors: Tensor) -> Tensor:
    """(h, 3, 3, n) rotations of (h or 1, b, 3, n or 1) vectors, (h, b, 3, n)."""
    out = rotations[:, None, :, 0] * vectors[:, :, 0, None]
    for axis in (1, 2):
        out = out.addcmul(rotations[:, None, :, axis], vectors[:, :, axis, None])
    return out


def _add_levers(jacobian: Tensor, joints: Tensor, levers: Tensor) -> None:
    """Adds w x l of the (h, b, 3, n) levers of some joints to (J, b, 3, 3, n), by vertex axis and w's."""
    for row, column, axis, sign in (
        (0, 1, 2, 1),
        (0, 2, 1, -1),
        (1, 2, 0, 1),
        (1, 0, 2, -1),
        (2, 0, 1, 1),
        (2, 1, 0, -1),
    ):
        jacobian[:, :, row, column].index_add_(0, joints, levers[:, :, axis], alpha=sign)


def _rows(jacobian: Tensor) -> Tensor:
    """(n, 3b, 3k) from (k, b, 3, 3, n) by unknown, vertex, its axis and the unknown's."""
    return jacobian.permute(4, 1, 2, 0, 3).flatten(3).flatten(1, 2)


def seen_by_core(skin: FitSkin) -> bool:
    """Whether a skin's correctives are worth a core set, and its metric one of vertices alone."""
    return not skin.patches.sparse and skin.metric.laplacian is None


_MADE: WeakKeyDictionary[FitSkin, CoreJacobian] = WeakKeyDictionary()
_MAKING = Lock()


def core_jacobian(skin: FitSkin) -> CoreJacobian:
    """That of a skin, made once for all that step on it, and kept as long as the skin is."""
    with _MAKING:
        if skin not in _MADE:
            _MADE[skin] = CoreJacobian(skin)
        return _MADE[skin]


def core_jacobian_bytes(skin: FitSkin) -> int:
    """Bytes that are kept with a skin so far."""
    found = _MADE.get(skin)
    return 0 if found is None else found.nbytes

"""Matrices of the normal equations for rotations and root position, from products of the skin with itself.

The matrix is a sum over pairs of joints. Most pairs share no skin, neither by themselves nor by what hangs
below
them: fingers of two hands, say. Only the others are computed, frames last, so that every operation runs over
long rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.pose_matrix_at_once import pose_matrix_at_once
from core.model.skinning import cross_matrices

# So many pairs of joints stay in a processor's caches.
PAIRS_AT_ONCE = 256


def pose_matrix(
    normal: Tensor, pose: Pose, unknowns: Unknowns, terms: tuple[Terms, Posed] | None = None
) -> Tensor:
    """Gauss-Newton matrix of each frame for rotation increments of the free joints and the root position.

    Args:
        normal: (K, K) H of all frames, or (n, K, K).
        pose: n poses.
        unknowns: F free joints.
        terms: that add their blocks while frames lie last, at the state; they see no coefficients there.

    Returns:
        (n, 3F + 3, 3F + 3), symmetric; the root position last, whether it is free or not.
    """
    if pose.world.device.type != "cpu":
        return pose_matrix_at_once(normal, pose, unknowns, terms)
    world = pose.world
    frames, joints = world.shape[:2]
    count = len(unknowns.free)
    size = 3 * count + 3
    turning = world.permute(1, 2, 3, 0).contiguous()  # (J, 3, 3, n)
    # Frames last while it is filled; turned around at the end, as the factorisation wants it.
    matrix = world.new_zeros(size, size, frames)
    if count:
        rotations = matrix[:-3, :-3].unflatten(1, (count, 3)).unflatten(0, (count, 3))  # (a, i, b, j, n)
        _fill(rotations, normal, turning, unknowns)
    column = normal[..., :-1, -1].unflatten(-1, (joints, 3))
    column = column.permute(1, 2, 0) if normal.dim() == 3 else column[..., None]
    levers = unknowns.gather((turning * column[:, None]).sum(2), 0)  # (F, 3, n)
    coupling = cross_matrices(levers.permute(2, 0, 1)).permute(1, 2, 3, 0).flatten(0, 1)
    matrix[:-3, -3:] = coupling
    matrix[-3:, :-3] = coupling.transpose(0, 1)
    matrix[-3:, -3:].diagonal(dim1=0, dim2=1).copy_(normal[..., -1, -1, None].expand(frames, 3))
    if terms is not None:
        terms[0].add_blocks([matrix.permute(2, 0, 1)], terms[1], unknowns)
    return frames_first(matrix)


def frames_first(matrices: Tensor) -> Tensor:
    """(n, D, D) matrices from contiguous (D, D, n)."""
    # Only as two dimensions is a transpose copied block by block.
    return matrices.flatten(0, 1).t().contiguous().unflatten(1, matrices.shape[:2])


def _fill(rotations: Tensor, normal: Tensor, turning: Tensor, unknowns: Unknowns) -> None:
    """Adds tr(M) I - M^T, M = G_a H_ab G_b^T, for all pairs of joints, each to that of their owners."""
    joints = len(turning)
    blocks = normal[..., :-1, :-1].unflatten(-1, (joints, 3)).unflatten(-3, (joints, 3))
    blocks = blocks.movedim(-2, -3)  # (..., a, b, k, m)
    shared = blocks.dim() == 4
    owner = unknowns.index("owner", turning.device)
    wanted = (blocks != 0).flatten(-2).any(-1)
    wanted = wanted if shared else wanted.any(0)
    # What a pair adds the other way round is the transpose.
    first, second = torch.nonzero(wanted.triu() & (owner[:, None] >= 0) & (owner >= 0), as_tuple=True)
    place = owner[first] * len(unknowns.free) + owner[second]
    order = torch.argsort(place)
    first, second, place = first[order], second[order], place[order]
    for start in range(0, len(first), PAIRS_AT_ONCE):
        some = slice(start, start + PAIRS_AT_ONCE)
        one, two = turning[first[some]], turning[second[some]]
        products = blocks[..., first[some], second[some], :, :]
        products = products[..., None] if shared else products.movedim(0, -1)  # (p, k, m, n)
        # A joint with itself is its own transpose, and added twice.
        products = products * torch.where(first[some] == second[some], 0.5, 1.0)[:, None, None, None]
        half = one[:, :, 0, None] * products[:, None, 0]
        for axis in (1, 2):
            half.addcmul_(one[:, :, axis, None], products[:, None, axis])
        found = two[:, :, None, 0] * half[:, None, :, 0]  # (p, l, i, n): M^T
        for axis in (1, 2):
            found.addcmul_(two[:, :, None, axis], half[:, None, :, axis])
        traces = found.diagonal(dim1=1, dim2=2).sum(-1)
        found.neg_()
        found.diagonal(dim1=1, dim2=2).add_(traces[..., None])
        _put(rotations, place[some], found)


def _put(rotations: Tensor, place: Tensor, found: Tensor) -> None:
    """Adds (p, 3, 3, n) to (F, 3, F, 3, n) at the sorted ``place`` (p,), row times F and column, and
    transposed."""
    targets, which = torch.unique_consecutive(place, return_inverse=True)
    if len(targets) < len(found):
        found = found.new_zeros(len(targets), *found.shape[1:]).index_add_(0, which, found)
    row, column = targets // len(rotations), targets % len(rotations)
    # One after the other: a pair of owners may be there already, from an earlier lot or as its own transpose.
    rotations[row, :, column] += found
    rotations[column, :, row] += found.transpose(1, 2)

"""The matrices of `pose_matrix` over all pairs of joints in a few large products, as devices want them."""

from __future__ import annotations

import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Terms
from core.fitting.objective.unknowns import Unknowns
from core.model.on_device.few_launches import table
from core.model.skinning import cross_matrices


def pose_matrix_at_once(
    normal: Tensor, pose: Pose, unknowns: Unknowns, terms: tuple[Terms, Posed] | None
) -> Tensor:
    """(n, 3F + 3, 3F + 3); arguments as of `core.fitting.solver.pose_matrix.pose_matrix`."""
    world = pose.world
    frames, joints = world.shape[:2]
    rows = normal[..., :-1, :-1].unflatten(-2, (joints, 3))  # (..., a, k, b m)
    if normal.dim() == 3:
        turned = world @ rows
    else:
        turned = (world.transpose(0, 1).reshape(joints, -1, 3) @ rows).unflatten(1, (frames, 3))
        turned = turned.transpose(0, 1)
    # (n, a, i, b, m) turned by the other joint: M^T as (n, b, a i, l).
    turned = turned.unflatten(3, (joints, 3)).permute(0, 3, 1, 2, 4).reshape(frames, joints, -1, 3)
    products = (turned @ world.transpose(-1, -2)).view(-1, 9)
    blocks = (products @ table("turning", world.dtype, world.device)).view(frames, joints, joints, 3, 3)
    rotations = unknowns.gather(unknowns.gather(blocks, 1), 2).permute(0, 2, 3, 1, 4).flatten(3).flatten(1, 2)
    column = normal[..., :-1, -1].unflatten(-1, (joints, 3))
    levers = unknowns.gather((world @ column[..., None]).squeeze(-1), 1)
    coupling = cross_matrices(levers).flatten(1, 2)
    corner = torch.eye(3, dtype=world.dtype, device=world.device) * normal[..., -1:, -1:]
    above = torch.cat((rotations, coupling), 2)
    below = torch.cat((coupling.transpose(1, 2), corner.expand(frames, 3, 3)), 2)
    matrix = torch.cat((above, below), 1)
    if terms is not None:
        terms[0].add_blocks([matrix], terms[1], unknowns)
    return matrix

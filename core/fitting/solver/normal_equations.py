"""The Gauss-Newton equations of each frame: matrix and gradient by what is free in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.objective import Evaluation
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import Bends
from core.fitting.objective.term import Posed, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_jacobian import core_jacobian, seen_by_core
from core.fitting.solver.corrective_curvature import CorrectiveCurvature, axes_of, turned
from core.fitting.solver.linear_solve import bent
from core.fitting.solver.pose_matrix import pose_matrix
from core.fitting.solver.skin_products import SkinStatistics, Statistics
from core.model.skinning import axial, rotation_matrices


@dataclass(frozen=True, eq=False)
class ShapeCoupling:
    """How the unknowns of each frame couple to coefficients that all frames share.

    Attributes:
        coupling: (n, D, Z).
        squares: (Z, Z) summed over the frames.
    """

    coupling: Tensor
    squares: Tensor


def gradient(value: Evaluation, unknowns: Unknowns) -> Tensor:
    """(n, D) derivative by the unknowns of each frame."""
    parts = [unknowns.gather(value.torque, 1).flatten(1)]
    if unknowns.moves:
        parts.append(value.force)
    if len(unknowns.coefficients):
        assert value.betas is not None
        parts.append(value.betas[:, unknowns.index("coefficients", value.betas.device)])
    return torch.cat(parts, 1) if len(parts) > 1 else parts[0]


def moved(pose: Pose, step: Tensor, unknowns: Unknowns) -> Pose:
    """The poses after a step (n, D) on the manifold: G_a <- exp([w_a]x) G_a. Where the body does not move as
    a whole, its root joint stays, whatever becomes of the shape."""
    turns = 3 * len(unknowns.free)
    world, root, betas = pose.world, pose.root, pose.betas
    if turns:
        turn = unknowns.spread(step[:, :turns].unflatten(1, (-1, 3)))
        if frames_last.serves(world) and frames_last.serves(step):
            world = frames_last.first(
                frames_last.product(frames_last.rotations(turn), frames_last.last(world))
            )
        else:
            world = rotation_matrices(turn) @ world
    if unknowns.moves:
        root = root + step[:, turns : turns + 3]
    if len(unknowns.coefficients):
        assert betas is not None
        change = torch.zeros_like(betas)
        change[:, unknowns.index("coefficients", step.device)] = step[:, -len(unknowns.coefficients) :]
        betas = betas + change
    return Pose(world, root, betas)


def largest_turn(step: Tensor, unknowns: Unknowns, parents: np.ndarray) -> Tensor:
    """(n,) degrees by which the joint that turns furthest against its parent does so in steps (n, D)."""
    count = 3 * len(unknowns.free)
    if not count:
        return step.new_zeros(len(step))
    turns = unknowns.spread(step[:, :count].unflatten(1, (-1, 3)))
    above = turns[:, torch.as_tensor(np.maximum(parents, 0), device=step.device)]
    against = turns - above
    against[:, 0] = turns[:, 0]
    return torch.rad2deg(against.square().sum(-1).amax(1).sqrt()).clamp_max(180)


def frame_matrix(
    found: SkinStatistics,
    pose: Pose,
    unknowns: Unknowns,
    terms: Terms,
    robust_weights: Tensor | None,
    curvature: CorrectiveCurvature | None = None,
    share: int = 1,
    bends: Bends | None = None,
) -> Tensor:
    """(n, D, D) Gauss-Newton matrix of each frame.

    Args:
        found: of the skin and its shape.
        pose: n poses.
        unknowns: of each frame.
        terms: of the frames beside the data term, which see each by itself.
        robust_weights: (p, n) weights of the groups as a robust loss sees them, or None.
        curvature: adds the correctives' part, shared by ``share`` frames in a row; None leaves it out.
        share: see `CorrectiveCurvature.add_to`. Where it is made with a core set, they share all but the
            terms.
        bends: of the data term in each frame, which are added where the correctives' part comes of a core
            set and frames have no coefficients of their own; None leaves them out.
    """
    skin = found.skin
    own = len(unknowns.coefficients) > 0
    at = Posed(skin.tree, pose)
    on_cpu = pose.world.device.type == "cpu"
    if curvature is not None and (seen_by_core(skin) if own else curvature.by_core and on_cpu):
        # With coefficients the correctives couple, too.
        matrix = _seen_by_core(found, pose, unknowns, robust_weights, 1 if own else share)
        terms.add_blocks([matrix], at, unknowns)
        if own or bends is None:
            return matrix
        return bent(matrix, bends.matrix(pose, skin.parents, unknowns))
    products = found.of(pose, robust_weights, own)
    matrix = pose_matrix(products.normal, pose, unknowns, None if own else (terms, at))
    if curvature is not None:
        curvature.add_to(matrix, pose, unknowns, share)
    if own:
        chosen = unknowns.index("chosen", matrix.device)
        matrix = _with_coefficients(matrix, products, pose, unknowns)[:, chosen[:, None], chosen]
        terms.add_blocks([matrix], at, unknowns)
    elif not unknowns.moves:
        matrix = matrix[:, :-3, :-3].contiguous()
    return matrix


def _seen_by_core(
    found: SkinStatistics, pose: Pose, unknowns: Unknowns, robust_weights: Tensor | None, share: int
) -> Tensor:
    """(n, D, D) what the data term adds, from `CoreJacobian`; of frames in a row that share it from that of
    the middle one, seen from their joints."""
    axes = axes_of(pose, unknowns)
    middle = torch.arange(len(axes), device=axes.device)
    if shared := share > 1 and robust_weights is None and len(axes) > share:
        middle = (middle[::share] + share // 2).clamp_max(len(axes) - 1)
        pose = pose[middle]
    own = len(unknowns.coefficients) > 0
    matrix = core_jacobian(found.skin, own).squared(
        pose, found.shape, unknowns, robust_weights, by_coefficients=own
    )
    if shared:
        which = torch.arange(len(axes), device=axes.device) // share
        turn = axes @ axes[middle[which]].transpose(-1, -2)
        matrix = turned(turn, turned(turn, matrix[which]).transpose(1, 2).contiguous())
    if own or not unknowns.moves:
        chosen = unknowns.index("chosen", matrix.device)
        matrix = matrix[:, chosen[:, None], chosen]
    return matrix


def coupled_matrix(
    found: SkinStatistics, pose: Pose, unknowns: Unknowns, terms: Terms, value: Evaluation
) -> tuple[Tensor, ShapeCoupling]:
    """As `frame_matrix` without the correctives' part, with the coupling to all coefficients; which of them
    the frames share, and which of those are solved, is up to the caller."""
    skin = found.skin
    products = found.of(pose, value.robust_weights, True)
    assert products.products is not None
    assert products.squares is not None
    matrix = pose_matrix(products.normal, pose, unknowns)
    if pose.betas is None:
        coupling, squares = _coupling(pose, products.products, unknowns), products.squares.double()
        if not unknowns.moves:
            matrix, coupling = matrix[:, :-3, :-3].contiguous(), coupling[:, :-3]
    else:
        full = _with_coefficients(matrix, products, pose, unknowns)
        count = len(skin.coefficients)
        own = unknowns.index("chosen", full.device)
        shared = full.shape[1] - count + torch.arange(count, device=full.device)
        matrix, coupling = full[:, own[:, None], own], full[:, own[:, None], shared]
        squares = full[:, shared[:, None], shared].double().sum(0)
    terms.add_blocks([matrix], Posed(skin.tree, pose), unknowns)
    return matrix, ShapeCoupling(coupling, squares)


def _with_coefficients(matrix: Tensor, found: Statistics, pose: Pose, unknowns: Unknowns) -> Tensor:
    """(n, 3F + 3 + Z, 3F + 3 + Z): coefficients appended to matrices of `pose_matrix`."""
    assert found.products is not None
    assert found.squares is not None
    coupling, squares = _coupling(pose, found.products, unknowns), found.squares
    above = torch.cat((matrix, coupling), 2)
    return torch.cat((above, torch.cat((coupling.transpose(1, 2), squares), 2)), 1)


def _coupling(pose: Pose, products: Tensor, unknowns: Unknowns) -> Tensor:
    """(n, 3F + 3, Z) from (n, Z, K, 3) products."""
    world = pose.world
    turned = world[:, None] @ products[:, :, :-1].unflatten(2, (world.shape[1], 3))
    torques = unknowns.gather(axial(turned.transpose(-1, -2)), 2)  # (n, Z, F, 3)
    return torch.cat((torques.flatten(2), products[:, :, -1]), 2).transpose(1, 2)

"""Optima that lie over a low rise from where a frame has ended.

Where pose correctives are strong, a finger can turn about itself and the objective hardly notices. Of all
steps x that turn joint a against its parent, D_a x, by w, that along which the objective rises least is

    x = A^-1 D_a^T S_a^-1 w,    S_a = D_a A^-1 D_a^T,    1/2 x^T A x = 1/2 w^T S_a^-1 w,

with A the matrix of the frame: least of all with w along the eigenvector of the largest eigenvalue l_a of
S_a, where it is |w|^2 / (2 l_a). So frames are looked at that far along the joints of the largest l_a, either
way; along the very largest after one more step, that leaves D_a x along w as it is. Where the objective has
risen by much less than A says, it bends down on the way, and the frame goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.solver.gauss_newton import SolverContext, Stopped, merged
from core.fitting.solver.linear_solve import factorise, steps_against
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.stage.joint_spreads import JointSpreads
from core.fitting.stage.mending import FEW_STEPS, with_better
from core.fitting.stage.partial_result import FittedChunk
from core.fitting.stage.stage_problem import StageProblem
from core.model.skinning import rotation_matrices

# Joints that are looked along, and how far, radians; how far the one that is followed on the way.
JOINTS, AWAY, FOLLOWED = 10, 0.6, 0.8
# Less than this share of what the matrix says is a low rise.
LOW = 0.5
# How often frames that have come to a lower optimum are looked at again.
ROUNDS = 3
AT_ONCE = 64


def over_low_rises(
    problem: StageProblem,
    by: SolverContext,
    frames: np.ndarray,
    found: FittedChunk,
    fit: Callable[[np.ndarray, Pose], FittedChunk],
) -> FittedChunk:
    """The fit of n frames, those that have converged at the best of what lies over low rises.

    Args:
        problem: of the stage.
        by: what its frames step by.
        frames: (n,) ids, ascending.
        found: where they have ended.
        fit: fits some of the frames (ids) from a pose.
    """
    on_processor = problem.skin.joint_template.device.type == "cpu"
    if not (by.curvature.by_core and on_processor and len(by.unknowns.free)) or by.iterations <= FEW_STEPS:
        return found
    places = np.flatnonzero(found.converged)
    for _ in range(ROUNDS):
        starts = list[tuple[np.ndarray, Pose]]()
        for first in range(0, len(places), AT_ONCE):
            if by.stopped():
                return found
            some = places[first : first + AT_ONCE]
            low, pose = _low_rises(problem, by, frames[some], _pose_of(problem, found, some))
            starts += [(some[low.numpy()], pose[low])] if bool(low.any()) else []
        before, tried = found.energy.copy(), [np.empty(0, dtype=int)]
        for some, pose in starts:
            try:
                found = with_better(found, some, fit(frames[some], pose))
            except Stopped:
                return found
            tried.append(some)
        places = np.concatenate(tried)
        places = places[(found.energy < before)[places] & found.converged[places]]
        if not len(places):
            break
    return found


def _pose_of(problem: StageProblem, found: FittedChunk, places: np.ndarray) -> Pose:
    relative, own = (torch.as_tensor(each[places]) for each in (found.poses, found.coefficients))
    rest = problem.skin.joint_template[0] + own @ problem.skin.joint_basis[0].T
    root = torch.as_tensor(found.transl[places]) + rest
    world = problem.skin.tree.world_rotations(rotation_matrices(relative))
    return Pose(world, root, own if problem.own_coefficients else None)


def _low_rises(
    problem: StageProblem, by: SolverContext, frames: np.ndarray, pose: Pose
) -> tuple[Tensor, Pose]:
    """(n,) bool: frames with a low rise, and poses on it; of the others where they are."""
    targets, terms = problem.targets.at(frames), problem.terms(frames)
    data = by.data(targets)
    value = data.evaluate(pose, terms)
    robust = value.robust_weights
    matrix = data.matrix(pose, terms, by.unknowns, robust, curved=True, bends=value.bends)
    factor = factorise(matrix, torch.zeros_like(value.energy))
    spreads = JointSpreads(factor, by.unknowns, by.skin.parents)
    largest, ways = spreads.ways(min(JOINTS, len(by.unknowns.free)))
    share, start = torch.ones_like(value.energy), pose
    for joint in range(ways.shape[1]):
        far = AWAY if joint else FOLLOWED
        way, expected = ways[:, joint], 0.5 * far**2 / largest[:, joint]
        for side in (-far, far):
            there = moved(pose, side * way, by.unknowns)
            if not joint:
                there = _followed(by, there, targets, terms, factor, way, largest[:, 0])
            energy, _ = data.value_and_residuals(there, terms)
            rise = (energy - value.energy) / expected
            lower = rise < torch.minimum(share, torch.full_like(share, LOW))
            start, share = merged(lower, there, start), torch.where(lower, rise, share)
    return share < LOW, start


def _followed(
    by: SolverContext, pose: Pose, targets: Tensor, terms: Terms, factor: Tensor, way: Tensor, spread: Tensor
) -> Pose:
    """The poses after a step that leaves the turn along ``way`` (n, D), of eigenvalue (n,), as it is."""
    slope = gradient(by.data(targets).evaluate(pose, terms), by.unknowns)
    step, _ = steps_against(factor, slope)
    step = step + (spread * (way * slope).sum(1))[:, None] * way
    return moved(pose, step, by.unknowns)

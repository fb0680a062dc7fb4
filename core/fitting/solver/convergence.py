"""Whether frames that steps left as converged are: what is left to gain, from the true gradient.

What a step promises is as good as the matrix that it is made of. One that is too stiff somewhere, as made far
away, shared by several frames, without the correctives' part or blind to what the residuals add, promises
little where much is left. So frames are looked at with a matrix H of their own, made where they stand with
the correctives in it, and by conjugate gradients, preconditioned by it, on the true objective: two products
with its second derivative A, each a difference of two true gradients. They gain what there is to gain along
what the gradient shows, and tell how small the curvature is there: the least eigenvalue t of the tridiagonal
matrix that comes with them (Golub and Van Loan, Matrix Computations, section 10.2), a Ritz value of A against
H. With r the gradient that remains, and d = H^-1 r,

    r^T H^-1 r / (2 t)    and    d / t

are what is left to gain and the way that is left to go, if no curvature is less than t of what H has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.solver.gauss_newton import (
    START_DAMPING,
    PoseFit,
    SolverContext,
    Stopped,
    fit_poses,
    merged,
)
from core.fitting.solver.linear_solve import Factors, factorise
from core.fitting.solver.normal_equations import gradient, largest_turn, moved

# A frame is called converged while no more is left to gain than this many times what its last step may
# promise: the sum of a few such steps.
MOST_LEFT = 2.5
# One of so many is looked at, and at least so many.
ONE_OF, LEAST = 12, 2
# Frames with more left go on, as often as this, each time until steps promise this much less.
ROUNDS, STRICTER = 3, 0.1
# Less than this of the matrix's curvature is as good as none.
LEAST_CURVATURE = 0.005
# So much of the objective is lost in rounding.
ROUNDING = 1e-6
LOOK_STEPS = 2
TINY = 1e-30


@dataclass(frozen=True, eq=False)
class Left:
    """What n frames have left.

    Attributes:
        pose: where the steps of the look lead; where these do not fall, where the frames stood.
        energy: (n,) objective there, square metres.
        residual: (V, 3, n) metres.
        gain: (n,) what is left to gain from there, square metres.
        degrees: (n,) how far the joint that is furthest off, against its parent, is from its optimum.
    """

    pose: Pose
    energy: Tensor
    residual: Tensor
    gain: Tensor
    degrees: Tensor


def look(by: SolverContext, pose: Pose, targets: Tensor, terms: Terms) -> Left:
    """Looks at what some frames have left to gain, and takes what it finds on the way.

    Args:
        by: what all frames share.
        pose: n poses.
        targets: (V, 3, n) metres.
        terms: of the frames beside the data term.
    """
    data, factors = by.data(targets), Factors(targets[0, 0])
    value = data.evaluate(pose, terms)
    matrix = data.matrix(pose, terms, by.unknowns, value.robust_weights, curved=True, bends=value.bends)
    factors.set(factorise(matrix, torch.full_like(value.energy, START_DAMPING)))
    start = rest = gradient(value, by.unknowns)
    down, promised = factors.solve(start)
    way, length, squares = down, 2 * promised, 2 * promised
    step, lengths, shares = torch.zeros_like(down), [], []
    for _ in range(LOOK_STEPS):
        # As long as the first, against H: shorter ones would be lost in rounding, longer ones leave the
        # neighbourhood.
        scale = (2 * promised / length.clamp_min(TINY)).sqrt()[:, None]
        there = gradient(data.evaluate(moved(pose, scale * way, by.unknowns), terms), by.unknowns)
        product = (there - start) / scale.clamp_min(TINY)
        curvature = (way * product).sum(1) / length.clamp_min(TINY)
        ahead = squares / (curvature.clamp_min(LEAST_CURVATURE) * length.clamp_min(TINY))
        step, rest = step + ahead[:, None] * way, rest + ahead[:, None] * product
        down, half = factors.solve(rest)
        share = 2 * half / squares.clamp_min(TINY)
        lengths.append(ahead)
        shares.append(share)
        squares = 2 * half
        way, length = down + share[:, None] * way, squares + share.square() * length
    least = _least_eigenvalue(lengths, shares)
    least = torch.where(squares <= ROUNDING * value.energy, 1, least.clamp(LEAST_CURVATURE, 1))
    at = moved(pose, step, by.unknowns)
    energy, residual = data.value_and_residuals(at, terms)
    # Where the steps have not fallen, the frame stays, with all of it to gain.
    lower = energy <= value.energy
    left = torch.where(lower, 0.5 * squares, 0.5 * squares + promised) / least
    turn = largest_turn(torch.where(lower[:, None], down, step + down), by.unknowns, by.skin.tree.parents)
    return Left(
        merged(lower, at, pose),
        torch.where(lower, energy, value.energy),
        torch.where(lower, residual, value.residual),
        left,
        (turn / least).clamp_max(180),
    )


def promises_little(by: SolverContext, pose: Pose, targets: Tensor, terms: Terms) -> Tensor:
    """(n,) bool: frames in which a step on all unknowns would gain less than the tolerance."""
    data = by.data(targets)
    value = data.evaluate(pose, terms)
    matrix = data.matrix(pose, terms, by.unknowns, value.robust_weights)
    factors = Factors(value.energy)
    factors.set(factorise(matrix, torch.full_like(value.energy, START_DAMPING)))
    _, predicted_reduction = factors.solve(gradient(value, by.unknowns))
    return predicted_reduction <= by.tolerance * value.energy


def _least_eigenvalue(lengths: list[Tensor], shares: list[Tensor]) -> Tensor:
    """(n,) of the tridiagonal matrices of two steps of conjugate gradients, from their lengths and the shares
    of one direction in the next."""
    one, two = (1 / length.clamp_min(TINY) for length in lengths)
    last = two + shares[0] * one
    return 0.5 * (one + last - ((one - last).square() + 4 * shares[0] * one.square()).sqrt())


@torch.inference_mode()
def assured(
    by: SolverContext, found: PoseFit, targets: Tensor, terms: Terms, *, near: bool, goes_on: bool
) -> PoseFit:
    """Looks at frames that are called converged, and has those with more left go on.

    Those are looked at that had furthest to go, and the others where one of these has more left. Who watches
    is told where all of them stand then.

    Args:
        by: what all frames share.
        found: n frames; changed in place.
        targets: (V, 3, n) metres.
        terms: of the frames beside the data term.
        near: they began near their optimum. Then what steps promise holds, on sparse correctives.
        goes_on: frames with more left go on here; else they are only not called converged.

    Returns:
        ``found``; frames that still have more left than `MOST_LEFT` allows are not converged.
    """
    if near and by.skin.patches.sparse:
        return found
    _assure(by, found, targets, terms, goes_on)
    if by.watch is not None:
        by.watch(found)
    return found


def _assure(by: SolverContext, found: PoseFit, targets: Tensor, terms: Terms, goes_on: bool) -> None:
    claimed = torch.nonzero(found.converged).squeeze(1)
    some, context = _hardest(found, claimed), replace(by, seen=None, watch=None)
    bad = _looked_at(by, found, some, targets, terms)
    if len(bad):
        others = claimed[~torch.isin(claimed, some)]
        bad = torch.cat((bad, _looked_at(by, found, others, targets, terms)))
    for _ in range(ROUNDS * goes_on):
        bad = bad[found.steps[bad] < by.iterations]
        if not len(bad) or by.stopped():
            break
        context = replace(context, tolerance=STRICTER * context.tolerance)
        try:
            for some, most in _with_steps_left(bad, by.iterations - found.steps[bad]):
                further = replace(context, iterations=most)
                pose, theirs = found.pose[some], targets[..., some]
                found.put(some, fit_poses(further, pose, theirs, terms[some], curved=True))
        except Stopped:
            found.converged[bad] = False
            break
        # Whatever these steps promise is looked at in turn.
        bad = _looked_at(by, found, bad, targets, terms)


def _with_steps_left(which: Tensor, left: Tensor) -> list[tuple[Tensor, int]]:
    """Frames (m,) by how many steps they have left (m,), and how many all of these may take: those with
    about as many go on together, as many small groups cost more than another round."""
    sizes = left.float().log2().int()
    groups = [sizes == size for size in torch.unique(sizes)]
    return [(which[group], int(left[group].min())) for group in groups]


def _looked_at(by: SolverContext, found: PoseFit, which: Tensor, targets: Tensor, terms: Terms) -> Tensor:
    """Looks at some frames (ids in ``found``), and takes what that finds of those with steps left for it;
    returns those with too much left from where they are then, which are not converged."""
    if not len(which) or by.stopped():
        return which[:0]
    left = look(by, found.pose[which], targets[..., which], terms[which])
    takes = found.steps[which] + LOOK_STEPS <= by.iterations
    energy = torch.where(takes, left.energy, found.energy[which])
    little = left.gain + (energy - left.energy) <= MOST_LEFT * by.tolerance * energy
    steps = torch.full_like(which[takes], LOOK_STEPS, dtype=torch.int32)
    there = left.pose[takes], left.energy[takes], left.residual[..., takes], little[takes]
    found.put(which[takes], PoseFit(*there, steps, found.curved))
    found.converged[which] = little
    return which[~little]


def _hardest(found: PoseFit, claimed: Tensor) -> Tensor:
    """Those of the frames called converged that took most steps, and the one furthest from its targets."""
    if not len(claimed):
        return claimed
    count = min(len(claimed), max(LEAST, len(claimed) // ONE_OF))
    energy = found.energy[claimed]
    hard = claimed[torch.topk(found.steps[claimed] + energy / energy.max(), count).indices]
    return torch.unique(torch.cat((hard, claimed[energy.argmax()][None])))

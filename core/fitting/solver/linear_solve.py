"""Cholesky factors of Gauss-Newton matrices, each used for as long as its steps are good, and what past
steps add to them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def factorise(matrix: Tensor, damping: Tensor) -> Tensor:
    """Cholesky factors of (n, D, D) matrices, ``damping`` (n,) times their diagonal and a floor added."""
    diagonal = matrix.diagonal(dim1=1, dim2=2)
    floor = 1e-6 * diagonal.mean(1, keepdim=True) + 1e-12
    added = diagonal * damping[:, None] + floor
    diagonal.add_(added)
    factor, info = torch.linalg.cholesky_ex(matrix)
    if bool((info > 0).any()):
        bad = info > 0
        matrix[bad] += torch.diag_embed(diagonal[bad].clamp_min(floor[bad]))
        factor, info = torch.linalg.cholesky_ex(matrix)
        # What still fails is no matrix to step by; one frame's trouble must not end the others.
        factor[info > 0] = 1e6 * torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device)
    return factor


# Of a Gauss-Newton matrix's curvature, at least so much is left along any direction.
LEAST_BENT = 0.05


def bent(matrix: Tensor, bends: Tensor, flat: float | None = None) -> Tensor:
    """(n, D, D) matrices with what their second derivatives have beside them, positive definite.

    Where no direction has less than `LEAST_BENT` of the curvature of the matrix alone, that is their sum.
    Else curvatures below nothing, seen from the matrix, are turned round, so that steps lead down along them,
    and those near nothing lifted (Nocedal and Wright, Numerical Optimization, section 3.4).

    Args:
        matrix: (n, D, D) Gauss-Newton matrices.
        bends: (n, D, D), symmetric.
        flat: what curvatures below `LEAST_BENT` become, seen from the matrix, instead of being turned round.
    """
    both = matrix + bends
    _, info = torch.linalg.cholesky_ex(both - LEAST_BENT * matrix)
    if bool((info > 0).any()):
        bad = info > 0
        factor = factorise(matrix[bad], torch.zeros_like(matrix[bad, 0, 0]))
        seen = torch.linalg.solve_triangular(factor, bends[bad], upper=False)
        seen = torch.linalg.solve_triangular(factor, seen.transpose(1, 2), upper=False)
        # Where there is no number, what bends is left out: eigenvectors would not be found, of no frame.
        known = seen.isfinite().all(2).all(1)[:, None, None]
        values, vectors = torch.linalg.eigh(torch.where(known, 0.5 * (seen + seen.transpose(1, 2)), 0))
        axes = factor @ vectors
        values = 1 + values
        lifted = values.abs().clamp_min(LEAST_BENT)
        if flat is not None:
            lifted = torch.where(values < LEAST_BENT, flat, values)
        both[bad] = (axes * lifted[:, None]) @ axes.transpose(1, 2)
    return both


class Factors:
    """The factors that n frames step by.

    Attributes:
        stale: (n,) bool: frames that need a new one.
    """

    def __init__(self, like: Tensor) -> None:
        """For the frames of ``like`` (n,)."""
        self.factor: Tensor | None = None
        self.stale = torch.ones_like(like, dtype=torch.bool)

    def set(self, factor: Tensor) -> None:
        """Gives the stale frames new factors (m, D, D)."""
        if self.factor is None or len(factor) == len(self.factor):
            self.factor = factor
        else:
            self.factor[self.stale] = factor
        self.stale = torch.zeros_like(self.stale)

    def keep(self, which: Tensor) -> None:
        """Forgets the frames that are not ``which`` (n,) bool."""
        self.stale = self.stale[which]
        if self.factor is not None:
            self.factor = self.factor[which]

    def solve(self, slope: Tensor, which: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Steps (n, D) against gradients (n, D), and (n,) what they promise to gain; of the frames ``which``
        (m,) alone, where given."""
        assert self.factor is not None
        return steps_against(self.factor if which is None else self.factor[which], slope)


def steps_against(factor: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """Steps (n, D) against gradients (n, D), and (n,) what they promise to gain, by factors (n, D, D)."""
    half = torch.linalg.solve_triangular(factor, slope[..., None], upper=False)
    step = -torch.linalg.solve_triangular(factor.transpose(1, 2), half, upper=True)
    return step.squeeze(-1), 0.5 * half.square().sum((1, 2))


# Where steps are shortened, no joint turns further in one, against its parent, radians; of a step that has
# raised the objective so much is tried next, by the same factors, until less than that is left of it.
FURTHEST, SHORTER, SHORTEST = 0.5, 0.3, 0.05


class Lengths:
    """How much of their steps n frames take.

    Where strong correctives bend the objective, a step may lead far beyond where its matrix holds. A shorter
    one costs an evaluation, new factors with more damping several.

    Args:
        like: (n,) of the frames.
        shortened: steps are; else all are taken whole.
    """

    def __init__(self, like: Tensor, shortened: bool) -> None:
        self.shortened, self.bold = shortened, torch.ones_like(like)

    def keep(self, which: Tensor) -> None:
        """Forgets the frames that are not ``which`` (n,) bool."""
        self.bold = self.bold[which]

    def of(self, step: Tensor, promised: Tensor, turn: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """Steps (n, D) as they are taken, and (n,) what these promise.

        Args:
            step: (n, D).
            promised: (n,) by the whole steps.
            turn: (n,) radians that a joint turns in steps at most.
        """
        if not self.shortened:
            return step, promised
        share = self.bold * (FURTHEST / turn(step).clamp_min(FURTHEST))
        return share[:, None] * step, share * (2 - share) * promised

    def again(self, good: Tensor) -> Tensor:
        """(n,) bool: of the frames whose step was not ``good`` (n,) bool, those that try a shorter one."""
        tried = ~good & (self.bold >= SHORTEST) & self.shortened
        self.bold = torch.where(tried, SHORTER * self.bold, 1)
        return tried


# What past steps taught about the objective's curvature, on top of the factors that frames step by
# (L-BFGS).

# Pairs kept of each frame.
MOST_PAIRS = 4


class Secants:
    """Pairs of a step and the change of the gradient along it, of n frames each."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Tensor, Tensor, Tensor]] = []

    def learn(self, step: Tensor, change: Tensor, taken: Tensor) -> None:
        """Takes in a step.

        Args:
            step: (n, D).
            change: (n, D) of the gradient.
            taken: (n,) bool: frames that took it; of the others nothing is learnt.
        """
        product = (step * change).sum(1)
        good = taken & (product > 1e-6 * (step.square().sum(1) * change.square().sum(1)).sqrt())
        share = torch.where(good, 1 / torch.where(good, product, 1), 0)
        self.pairs = [*self.pairs[1 - MOST_PAIRS :], (step, change, share[:, None])]

    def keep(self, which: Tensor) -> None:
        """Forgets the frames that are not ``which`` (n,) bool."""
        self.pairs = [(step[which], change[which], share[which]) for step, change, share in self.pairs]

    def of(self, which: Tensor) -> Secants:
        """Those of the frames ``which`` (m,)."""
        some = Secants()
        some.pairs = self.pairs
        some.keep(which)
        return some

    def step(self, slope: Tensor, solve: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Steps (n, D) against gradients (n, D), and (n,) what they promise to gain.

        Args:
            slope: the gradients.
            solve: the same, by the factors alone.
        """
        if not self.pairs:
            return solve(slope)
        left, amounts = slope, []
        for step, change, share in reversed(self.pairs):
            amounts.append(share * (step * left).sum(1, keepdim=True))
            left = left - amounts[-1] * change
        found, _ = solve(left)
        for (step, change, share), amount in zip(self.pairs, reversed(amounts), strict=True):
            found = found - (amount + share * (change * found).sum(1, keepdim=True)) * step
        return found, -0.5 * (slope * found).sum(1)

"""What past steps taught about the objective's curvature, on top of the factors that frames step by (L-BFGS).

A matrix that several frames share, or that has become old, is wrong in a few directions. A step along such a
one shows by how much, and the next steps no longer fall short there.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

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

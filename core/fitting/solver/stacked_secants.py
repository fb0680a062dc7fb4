"""`core.fitting.solver.linear_solve.Secants` for devices: as many operations for one pair as for all of them.

With S and Y the steps and the changes of the gradient, each pair divided by the root of their product, R the
upper triangle of S^T Y, whose diagonal is one then, and H0 what the factors say, the inverse of the curvature
is (Byrd, Nocedal and Schnabel, Representations of quasi-Newton matrices and their use in limited memory
methods, Mathematical Programming 63, 1994, eq. 2.6)

    H g = z + B^T (a - Y^T z),    a = B g,    z = H0 (g - Y a),    B = R^-1 S^T
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from core.fitting.solver.linear_solve import MOST_PAIRS


class StackedSecants:
    """Pairs of a step and the change of the gradient along it, of n frames each."""

    def __init__(self) -> None:
        # (n, 2, m, D): steps and changes, the oldest first; zero where nothing was learnt.
        self._pairs: Tensor | None = None
        self._solved = torch.empty(0)  # (n, m, D) B
        self._never = torch.empty(0)

    def learn(self, step: Tensor, change: Tensor, taken: Tensor) -> None:
        """Takes in a step; arguments as of `Secants.learn`."""
        # Not times zero: a step to where there is no number is none.
        step, change = torch.where(taken[:, None], torch.stack((step, change)), 0)
        lengths = torch.linalg.vector_norm(step, dim=1) * torch.linalg.vector_norm(change, dim=1)
        self.learn_of_all(step, change, 1e-6 * lengths)

    def learn_of_all(self, step: Tensor, change: Tensor, least: Tensor) -> None:
        """Takes in a step of all frames.

        Args:
            step: (n, D).
            change: (n, D) of the gradient; zero where the step was not taken.
            least: (n,) that the product of both must be more than; not negative.
        """
        product = torch.bmm(step[:, None], change[..., None]).view(-1)
        if self._pairs is None:
            self._never = product.new_tensor(torch.inf)
        scale = torch.where(product > least, product, self._never).rsqrt()
        pair = (torch.stack((step, change), 1) * scale[:, None, None])[:, :, None]
        old = self._pairs
        self._pairs = pair if old is None else torch.cat((old[:, :, 1 - MOST_PAIRS :], pair), 2)
        steps, changes = self._pairs[:, 0], self._pairs[:, 1]
        square = torch.bmm(steps, changes.transpose(1, 2))
        # Of the triangle all but the diagonal is read.
        self._solved = torch.linalg.solve_triangular(square, steps, upper=True, unitriangular=True)

    def keep(self, which: Tensor) -> None:
        """Keeps the frames ``which`` (m,) alone."""
        if self._pairs is not None:
            self._pairs, self._solved = self._pairs[which], self._solved[which]

    def step(self, slope: Tensor, solve: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Steps (n, D) against gradients (n, D), and (n,) what they promise to gain; as `Secants.step`."""
        if self._pairs is None:
            return solve(slope)
        left, amounts = self.before(slope[..., None])
        found, _ = solve(left.squeeze(2))
        found = -self.after(-found[..., None], amounts).squeeze(2)
        return found, -0.5 * (slope * found).sum(1)

    def before(self, slope: Tensor) -> tuple[Tensor, Tensor]:
        """(n, D, 1) what the factors are to be asked of a gradient (n, D, 1), and (n, m, 1) a."""
        assert self._pairs is not None
        amounts = torch.bmm(self._solved, slope)
        return torch.baddbmm(slope, self._pairs[:, 1].transpose(1, 2), amounts, alpha=-1), amounts

    def after(self, found: Tensor, amounts: Tensor) -> Tensor:
        """(n, D, 1) H g, from what the factors said, (n, D, 1) z, and a."""
        assert self._pairs is not None
        sides = torch.baddbmm(amounts, self._pairs[:, 1], found, alpha=-1)
        return torch.baddbmm(found, self._solved.transpose(1, 2), sides)

    def __bool__(self) -> bool:
        return self._pairs is not None

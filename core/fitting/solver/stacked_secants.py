"""`core.fitting.solver.linear_solve.Secants` for devices: as many operations for one pair as for all of them.

With S and Y the steps and the changes of the gradient, R the upper triangle of S^T Y and D its diagonal, and
H0 what the factors say, the inverse of the curvature is (Byrd, Nocedal and Schnabel, Representations of
quasi-Newton matrices and their use in limited memory methods, Mathematical Programming 63, 1994, eq. 2.6)

    H g = z + S R^-T (D a - Y^T z),    a = R^-1 S^T g,    z = H0 (g - Y a)
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
        self._triangle = self._diagonal = torch.empty(0)

    def learn(self, step: Tensor, change: Tensor, taken: Tensor) -> None:
        """Takes in a step; arguments as of `Secants.learn`."""
        pair = torch.stack((step, change), 1)
        products = pair @ pair.transpose(1, 2)  # (n, 2, 2)
        sizes = products.diagonal(dim1=1, dim2=2).prod(1).sqrt()
        good = taken & (products[:, 0, 1] > 1e-6 * sizes)
        # Not times zero: a step to where there is no number is none.
        pair = torch.where(good[:, None, None], pair, 0)[:, :, None]
        old = self._pairs
        self._pairs = pair if old is None else torch.cat((old[:, :, 1 - MOST_PAIRS :], pair), 2)
        square = self._pairs[:, 0] @ self._pairs[:, 1].transpose(1, 2)
        self._diagonal = square.diagonal(dim1=1, dim2=2)
        self._triangle = square.triu() + torch.diag_embed((self._diagonal == 0).to(square.dtype))

    def keep(self, which: Tensor) -> None:
        """Keeps the frames ``which`` (m,) alone."""
        if self._pairs is not None:
            self._pairs, self._triangle = self._pairs[which], self._triangle[which]
            self._diagonal = self._diagonal[which]

    def step(self, slope: Tensor, solve: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Steps (n, D) against gradients (n, D), and (n,) what they promise to gain; as `Secants.step`."""
        if self._pairs is None:
            return solve(slope)
        steps, changes = self._pairs[:, 0], self._pairs[:, 1]  # (n, m, D)
        amounts = torch.linalg.solve_triangular(self._triangle, steps @ slope[..., None], upper=True)
        left = torch.baddbmm(slope[..., None], changes.transpose(1, 2), amounts, alpha=-1).squeeze(2)
        found, _ = solve(left)
        # What is found goes against the gradient.
        sides = self._diagonal[..., None] * amounts + changes @ found[..., None]
        back = torch.linalg.solve_triangular(self._triangle.transpose(1, 2), sides, upper=False)
        found = torch.baddbmm(found[..., None], steps.transpose(1, 2), back, alpha=-1).squeeze(2)
        return found, -0.5 * (slope * found).sum(1)

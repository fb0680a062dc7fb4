"""Block-banded systems along time by odd-even (cyclic) reduction: what devices do at once, where
`core.fitting.solver.temporal_solve` goes from frame to frame.

As many frames in a row as the band is wide make a block, so that the system is block-tridiagonal. With every
other block eliminated the rest is block-tridiagonal again (Buzbee, Golub and Nielson, On direct methods for
solving Poisson's equations, 1970; Golub and Van Loan, Matrix Computations, section 4.5.4):

    A_j <- A_j - sum B L^-T L^-1 B^T over both neighbours,    L L^T = A of a neighbour

a few products a round, and as many rounds as the number of blocks can be halved.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class _Round:
    """One round of m blocks that are eliminated, between m + 1 that stay; the last one may be none.

    Attributes:
        count: blocks before the round.
        factor: (m, D, D) of those.
        sides: (m, D, 2 D) L^-1 of their coupling to the one before and to the one after.
    """

    count: int
    factor: Tensor
    sides: Tensor

    @property
    def stays(self) -> int:
        """Blocks after the round."""
        return (self.count + 1) // 2


@dataclass(frozen=True, eq=False)
class ReducedSystem:
    """A system that has been eliminated.

    Attributes:
        rounds: one after the other.
        last: (1, D, D) factor of the block that is left.
        frames: that it is over.
        together: frames in a block.
    """

    rounds: list[_Round]
    last: Tensor
    frames: int
    together: int

    def solve(self, slope: Tensor) -> tuple[Tensor, Tensor]:
        """The step (n, D) against a gradient (n, D), and what it promises to gain (no dimension, double)."""
        side = (
            _padded(slope, self.frames, self.together).unflatten(0, (-1, self.together)).flatten(1)[..., None]
        )
        halves, promise = [], slope.new_zeros((), dtype=torch.float64)
        for each in self.rounds:
            side = _odd(side)
            half = torch.linalg.solve_triangular(each.factor, side[1::2], upper=False)
            taken = each.sides.transpose(1, 2) @ half
            side = (side[::2] - _before_and_after(taken.unflatten(1, (2, -1))))[: each.stays]
            halves.append(half)
            promise = promise + half.double().square().sum()
        half = torch.linalg.solve_triangular(self.last, side, upper=False)
        promise = promise + half.double().square().sum()
        found = torch.linalg.solve_triangular(self.last.transpose(1, 2), half, upper=True)
        for each, half in zip(reversed(self.rounds), reversed(halves), strict=True):
            # What is none has no place.
            found = found if each.count % 2 else torch.cat((found, torch.zeros_like(found[:1])))
            around = torch.cat((found[:-1], found[1:]), 1)
            between = torch.linalg.solve_triangular(
                each.factor.transpose(1, 2), half - each.sides @ around, upper=True
            )
            both = found.new_empty(2 * len(between) + 1, *found.shape[1:])
            both[::2], both[1::2] = found, between
            found = both[: each.count]
        step = found.squeeze(2).unflatten(1, (self.together, -1)).flatten(0, 1)
        return -step[: self.frames], 0.5 * promise


def reduce_band(blocks: list[Tensor], damping: float) -> ReducedSystem:
    """Eliminates a system.

    Args:
        blocks: of a `Band`, (n - k, D, D) for each distance k; those of the frames themselves are damped in
            place.
        damping: times the diagonal, which is added to it.
    """
    diagonal = blocks[0].diagonal(dim1=1, dim2=2)
    diagonal.add_(diagonal * damping + 1e-6 * diagonal.mean(1, keepdim=True) + 1e-12)
    frames, together = len(blocks[0]), max(1, len(blocks) - 1)
    own, below = _tridiagonal(blocks, together)
    rounds = []
    while (count := len(own)) > 1:
        if not len(own) % 2:
            own = torch.cat((own, _identity(own)))
            below = torch.cat((below, torch.zeros_like(own[:1])))
        factor = _factor(own[1::2])
        # Coupling of the odd ones to those before (their rows) and to those after (their columns).
        sides = torch.linalg.solve_triangular(
            factor, torch.cat((below[::2], below[1::2].transpose(1, 2)), 2), upper=False
        )
        squares = sides.transpose(1, 2) @ sides
        size = own.shape[1]
        ones = torch.stack((squares[:, :size, :size], squares[:, size:, size:]), 1)
        rounds.append(_Round(count, factor, sides))
        own = (own[::2] - _before_and_after(ones))[: rounds[-1].stays]
        below = -squares[: len(own) - 1, size:, :size]
    return ReducedSystem(rounds, _factor(own), frames, together)


def _tridiagonal(blocks: list[Tensor], together: int) -> tuple[Tensor, Tensor]:
    """(m, k D, k D) blocks of k frames each, and (m - 1, k D, k D) what lies below them."""
    if len(blocks) == 1:
        return blocks[0], blocks[0][1:] * 0
    if together == 1:
        return blocks[0], blocks[1]
    frames, size = blocks[0].shape[:2]
    count = -(-frames // together)
    like = blocks[0]
    own = like.new_zeros(count, together, size, together, size)
    below = like.new_zeros(count, together, size, together, size)
    for apart, band in enumerate(blocks):
        band = _padded(band, frames - apart, together, count * together, identity=not apart)
        band = band.unflatten(0, (count, together))
        for column in range(together):
            row = column + apart
            if row < together:
                own[:, row, :, column] = band[:, column]
                own[:, column, :, row] = band[:, column].transpose(1, 2)
            else:
                below[:, row - together, :, column] = band[:, column]
    return own.flatten(3).flatten(1, 2), below[:-1].flatten(3).flatten(1, 2)


def _padded(values: Tensor, count: int, together: int, rows: int = 0, identity: bool = False) -> Tensor:
    """``count`` rows of values, with zeros or identities up to a whole number of blocks."""
    missing = (rows or -(-count // together) * together) - count
    if not missing:
        return values
    more = values.new_zeros(missing, *values.shape[1:])
    if identity:
        more.diagonal(dim1=1, dim2=2).fill_(1)
    return torch.cat((values, more))


def _identity(like: Tensor) -> Tensor:
    return torch.eye(like.shape[1], dtype=like.dtype, device=like.device)[None]


def _odd(side: Tensor) -> Tensor:
    """With a row of zeros where their number is even."""
    return side if len(side) % 2 else torch.cat((side, torch.zeros_like(side[:1])))


def _before_and_after(values: Tensor) -> Tensor:
    """(m + 1, ...) from (m, 2, ...) values for the ones before and after m blocks."""
    nothing = torch.zeros_like(values[:1, 0])
    return torch.cat((values[:, 0], nothing)) + torch.cat((nothing, values[:, 1]))


def _factor(matrix: Tensor) -> Tensor:
    """Cholesky factors; of a matrix that has none its diagonal's, without a look at which it is."""
    factor, info = torch.linalg.cholesky_ex(matrix)
    alone = torch.diag_embed(matrix.diagonal(dim1=1, dim2=2).abs().add(1e-9).mul(2).sqrt())
    return torch.where((info > 0)[:, None, None], alone, factor)

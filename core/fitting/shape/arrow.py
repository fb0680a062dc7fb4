"""The normal equations of many poses and one shape, solved.

They form an arrow: a block for each frame, its coupling to betas, and one small block for betas,

    [ A_1             C_1 ]   [ x_1  ]       [ g_1  ]
    [      ...        ... ]   [ ...  ]  =  - [ ...  ]        S = B - sum over n of C_n^T A_n^-1 C_n
    [           A_n   C_n ]   [ x_n  ]       [ g_n  ]
    [ C_1^T ... C_n^T   B ]   [ beta ]       [ g    ]

The frames are eliminated: S is the Schur complement, betas are solved once, the frames substituted back.
Where pose correctives are dense, every joint moves all of the skin a little, and blocks and coupling have the
correctives' part too (`core_jacobian`); elsewhere they are taken as constant. What is still missing is learnt
from the steps themselves: those go by limited memory BFGS (Nocedal and Wright, "Numerical Optimization",
2006, algorithm 7.4) over betas and all poses at once, with the arrow as first matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation, FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_jacobian import CoreJacobian
from core.fitting.solver.linear_solve import factorise
from core.fitting.solver.normal_equations import ShapeCoupling

# Pairs of a step and its change of the gradient that are kept; the arrow is made anew after as many steps.
MOST_PAIRS = 10
# Betas are taken to be known at least so well beside their poses, as a share of how well they would be alone.
LEAST_KNOWN = 1e-4


@dataclass(frozen=True, eq=False)
class Vector:
    """A step, or a gradient: of the frames, chunk by chunk (n, D), and of betas (Z,) in double precision."""

    frames: list[Tensor]
    betas: Tensor

    def plus(self, other: Vector, share: float = 1.0) -> Vector:
        """This and a share of another one."""
        frames = [
            torch.add(one, two, alpha=share) for one, two in zip(self.frames, other.frames, strict=True)
        ]
        return Vector(frames, self.betas + share * other.betas)

    def times(self, factor: float) -> Vector:
        """A multiple."""
        return Vector([factor * one for one in self.frames], factor * self.betas)

    def dot(self, other: Vector) -> float:
        """Product with another one."""
        parts = (
            float((one.double() * two).sum()) for one, two in zip(self.frames, other.frames, strict=True)
        )
        return sum(parts) + float(self.betas @ other.betas)


@dataclass(frozen=True, eq=False)
class Arrow:
    """The normal equations with the frames eliminated.

    Attributes:
        factors: (n, D, D) of the frames, chunk by chunk.
        half: (n, D, Z) L^-1 of the coupling.
        schur: (Z, Z) what is left for betas.
        free: (Z,) bool.
        damping: that is in it, as a share of the diagonal.
    """

    factors: list[Tensor]
    half: list[Tensor]
    schur: Tensor
    free: Tensor
    damping: float

    def solve(self, slope: Vector) -> Vector:
        """The arrow's inverse times a vector."""
        halves = [
            torch.linalg.solve_triangular(factor, one[..., None], upper=False)
            for factor, one in zip(self.factors, slope.frames, strict=True)
        ]
        left = slope.betas.clone()
        for coupling, one in zip(self.half, halves, strict=True):
            left -= torch.einsum("nkz,nko->z", coupling.double(), one.double())
        betas, free = torch.zeros_like(left), self.free
        if bool(free.any()):
            betas[free] = torch.linalg.solve(self.schur[free][:, free], left[free])
        frames = []
        for factor, coupling, one in zip(self.factors, self.half, halves, strict=True):
            rest = one - (coupling @ betas.to(coupling))[..., None]
            frames.append(torch.linalg.solve_triangular(factor.mT, rest, upper=True).squeeze(-1))
        return Vector(frames, betas)


class Pairs:
    """Steps and what they changed of the gradient, the last few of them."""

    def __init__(self) -> None:
        self._pairs: list[tuple[Vector, Vector, float]] = []

    def learn(self, step: Vector, change: Vector) -> None:
        """Takes in a step, unless the objective bends down along it."""
        product = step.dot(change)
        if product > 1e-10 * (step.dot(step) * change.dot(change)) ** 0.5:
            self._pairs = [*self._pairs[1 - MOST_PAIRS :], (step, change, 1 / product)]

    def direction(self, arrow: Arrow, slope: Vector) -> Vector:
        """Downhill, by the arrow and what the steps have taught."""
        left, amounts = slope, []
        for step, change, share in reversed(self._pairs):
            amounts.append(share * step.dot(left))
            left = left.plus(change, -amounts[-1])
        found = arrow.solve(left)
        for (step, change, share), amount in zip(self._pairs, reversed(amounts), strict=True):
            found = found.plus(step, amount - share * change.dot(found))
        return found.times(-1.0)

    def promising(self, arrow: Arrow, slope: Vector) -> tuple[Vector, float]:
        """The next step, and what it promises to gain."""
        step = self.direction(arrow, slope)
        return step, -0.5 * slope.dot(step)


@dataclass(frozen=True, eq=False)
class Eliminated:
    """One chunk of frames, eliminated.

    Attributes:
        factor: (n, D, D) of the frames.
        half: (n, D, Z) L^-1 of the coupling.
        alone: (Z, Z) what the frames say of betas.
        taken: (Z, Z) what their poses take of that.
    """

    factor: Tensor
    half: Tensor
    alone: Tensor
    taken: Tensor

    @classmethod
    def of(cls, matrix: Tensor, coupled: ShapeCoupling, damping: float) -> Eliminated:
        """From (n, D, D) blocks, which are changed in place, and their coupling."""
        factor = factorise(matrix, matrix.new_full((len(matrix),), damping))
        half = torch.linalg.solve_triangular(factor, coupled.coupling, upper=False)
        return cls(factor, half, coupled.squares, torch.einsum("nkz,nky->zy", half.double(), half.double()))

    @classmethod
    def uncoupled(cls, matrix: Tensor, count: int, damping: float) -> Eliminated:
        """From (n, D, D) blocks, which are changed in place, beside so many coefficients that are known."""
        factor = factorise(matrix, matrix.new_full((len(matrix),), damping))
        none = matrix.new_zeros(count, count, dtype=torch.float64)
        return cls(factor, matrix.new_zeros(*matrix.shape[:2], count), none, none)


def curved_matrix(
    jacobian: CoreJacobian,
    skin: FitSkin,
    shape: Shape,
    pose: Pose,
    unknowns: Unknowns,
    terms: Terms,
    value: Evaluation,
) -> tuple[Tensor, ShapeCoupling]:
    """As `coupled_matrix`, with the correctives' part."""
    full = jacobian.squared(pose, shape, unknowns, value.robust_weights)
    count = len(skin.coefficients)
    own = unknowns.index("chosen", full.device)[:, None]
    shared = torch.arange(full.shape[1] - count, full.shape[1], device=full.device)
    matrix, coupling = full[:, own, own.T], full[:, own, shared]
    terms.add_blocks([matrix], Posed(skin.tree, pose), unknowns)
    return matrix, ShapeCoupling(coupling, full[:, shared[:, None], shared].double().sum(0))


def arrow_of(chunks: list[Eliminated], pulled: Tensor | None, free: Tensor, damping: float) -> Arrow:
    """The arrow of some chunks; what pulls on betas (Z, Z) beside the frames, None where all of them are
    known, and which are free (Z,)."""
    alone = torch.stack([each.alone for each in chunks]).sum(0)
    if pulled is None:
        return Arrow([each.factor for each in chunks], [each.half for each in chunks], alone, free, damping)
    alone = alone + torch.diag(alone.diagonal() * damping) + pulled
    schur = _bounded(alone, torch.stack([each.taken for each in chunks]).sum(0))
    return Arrow([each.factor for each in chunks], [each.half for each in chunks], schur, free, damping)


def _bounded(alone: Tensor, eliminated: Tensor) -> Tensor:
    """(Z, Z) what betas have alone less what the poses take, kept positive: not less in any direction than a
    small share of what they have alone."""
    floor = 1e-7 * alone.diagonal().mean()
    lower = torch.linalg.cholesky(
        alone + floor * torch.eye(len(alone), dtype=alone.dtype, device=alone.device)
    )
    half = torch.linalg.solve_triangular(lower, alone - eliminated, upper=False)
    seen = torch.linalg.solve_triangular(lower, half.T, upper=False)
    values, vectors = torch.linalg.eigh(0.5 * (seen + seen.T))
    across = lower @ vectors
    return across @ torch.diag(values.clamp_min(LEAST_KNOWN)) @ across.T

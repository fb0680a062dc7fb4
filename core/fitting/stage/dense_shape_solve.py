"""Shape and poses solved together where the pose correctives are dense.

There every joint moves all of the skin a little, and the arrow of `shape_solve` without that stops short: its
steps gain less and less, above the optimum. Here blocks and coupling have the correctives' part too
(`core_jacobian`), and what is still missing is learnt from the steps themselves: those go by limited memory
BFGS (Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4) over betas and all poses at once,
with the eliminated arrow as first matrix. Where it stops is told by the true gradient alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation, FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed
from core.fitting.solver.core_jacobian import core_jacobian, seen_by_core
from core.fitting.solver.gauss_newton import MOST_DAMPING, START_DAMPING
from core.fitting.solver.linear_solve import factorise
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.solver.shape_solve import TRUSTED_DAMPING, ShapeChunk, ShapeFit

# Pairs of a step and its change of the gradient that are kept; the arrow is made anew after as many steps.
MOST_PAIRS = 10
# It is made anew, too, after a step that delivers less than this share of its promise, and after one that
# gains so large a share of the objective: it goes far.
RENEW_BELOW, FAR = 0.3, 0.01
# Damping of the first arrow; less after a step that delivers most of its promise, more after one that does
# not.
FIRST_DAMPING, LESS_DAMPING, MORE_DAMPING = 0.1, 0.1, 3.0
# A step must gain this share of what the slope promises; the shortest that is tried.
SUFFICIENT, SHORTEST = 1e-4, 1e-2
# Steps end when the next one promises less than this share of the tolerance: along directions that are hardly
# known, promises are often kept several times over.
SURE = 0.3
# Betas are taken to be known at least so well beside their poses, as a share of how well they would be alone.
LEAST_KNOWN = 1e-4

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False)
class _Vector:
    """A step, or a gradient: of the frames, chunk by chunk (n, D), and of betas (Z,) in double precision."""

    frames: list[Tensor]
    betas: Tensor

    def plus(self, other: _Vector, share: float = 1.0) -> _Vector:
        """This and a share of another one."""
        frames = [
            torch.add(one, two, alpha=share) for one, two in zip(self.frames, other.frames, strict=True)
        ]
        return _Vector(frames, self.betas + share * other.betas)

    def times(self, factor: float) -> _Vector:
        """A multiple."""
        return _Vector([factor * one for one in self.frames], factor * self.betas)

    def dot(self, other: _Vector) -> float:
        """Product with another one."""
        parts = (
            float((one.double() * two).sum()) for one, two in zip(self.frames, other.frames, strict=True)
        )
        return sum(parts) + float(self.betas @ other.betas)


@dataclass(frozen=True, eq=False)
class _Arrow:
    """The normal equations with the frames eliminated.

    Attributes:
        factors: (n, D, D) of the frames, chunk by chunk.
        half: (n, D, Z) L^-1 of the coupling.
        schur: (Z, Z) what is left for betas.
        free: (Z,) bool.
    """

    factors: list[Tensor]
    half: list[Tensor]
    schur: Tensor
    free: Tensor

    def solve(self, slope: _Vector) -> _Vector:
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
        return _Vector(frames, betas)


class _Pairs:
    """Steps and what they changed of the gradient, the last few of them."""

    def __init__(self) -> None:
        self._pairs: list[tuple[_Vector, _Vector, float]] = []

    def learn(self, step: _Vector, change: _Vector) -> None:
        """Takes in a step, unless the objective bends down along it."""
        product = step.dot(change)
        if product > 1e-10 * (step.dot(step) * change.dot(change)) ** 0.5:
            self._pairs = [*self._pairs[1 - MOST_PAIRS :], (step, change, 1 / product)]

    def direction(self, arrow: _Arrow, slope: _Vector) -> _Vector:
        """Downhill, by the arrow and what the steps have taught."""
        left, amounts = slope, []
        for step, change, share in reversed(self._pairs):
            amounts.append(share * step.dot(left))
            left = left.plus(change, -amounts[-1])
        found = arrow.solve(left)
        for (step, change, share), amount in zip(self._pairs, reversed(amounts), strict=True):
            found = found.plus(step, amount - share * change.dot(found))
        return found.times(-1.0)


class DenseShapeFit(ShapeFit):
    """As `ShapeFit`, once constant correctives have given what they can."""

    _stuck = False

    def step(self) -> bool:
        """Goes on from one arrow as long as it serves; no step that raises the objective is taken. See
        `ShapeFit.step`."""
        if not self.frozen:
            with torch.inference_mode():
                return self._from_one_arrow()
        done = super().step()
        if not self.frozen:
            self.damping = FIRST_DAMPING
        return done

    def _in_worker(self, call: Callable[[], Value]) -> Value:
        """What a call gives, in a worker's thread: in the caller's, torch has threads of its own."""
        return self.pool.submit(torch.inference_mode()(call)).result()

    def _from_one_arrow(self) -> bool:
        if not self._exact:
            self._keep(self._evaluate(self.shape, [chunk.pose for chunk in self.chunks]))
        before, arrow, slope = self.energy, self._eliminated(), self._in_worker(self._slope)
        damping, pairs, promise = self.damping, _Pairs(), 0.0
        for count in range(MOST_PAIRS + 1):
            step, promise = self._in_worker(lambda: _promising(pairs, arrow, slope))  # noqa: B023
            if self.stopped() or not promise > SURE * self.tolerance * self.energy:
                break
            gain, share = self._search(step, -2 * promise)
            if not count:
                kept = gain / promise if share == 1 else 0.0
                self.damping *= LESS_DAMPING if kept > 0.75 else MORE_DAMPING if kept < 0.25 else 1.0
                self.damping = max(self.damping, START_DAMPING)
            if not RENEW_BELOW * promise <= gain <= FAR * self.energy:
                break
            slope = self._in_worker(lambda: self._learnt(pairs, step.times(share), slope))  # noqa: B023
        return self._ends(before, promise, damping)

    def _ends(self, before: float, promise: float, damping: float) -> bool:
        """Whether steps from one arrow were the last, from the objective before them, what the next would
        promise and the arrow's damping."""
        if 0 <= promise <= SURE * self.tolerance * self.energy:
            # Damped much, any step promises little: once more, unless less damped ones gained nothing.
            self.converged = damping <= TRUSTED_DAMPING
            self.damping = START_DAMPING
            return self.converged or self._stuck
        self._stuck = before - self.energy <= 0.1 * self.tolerance * self.energy
        if not self._stuck:
            return False
        # There is no gain along the gradient, which is the true one: only if it is small all is well.
        self.converged = damping <= TRUSTED_DAMPING and promise <= self.tolerance * self.energy
        self.damping = max(self.damping, 10 * damping)
        return self.converged or self.damping > MOST_DAMPING

    def _slope(self) -> _Vector:
        """The true gradient of all that is solved."""
        betas = self._pulled()[1]
        for value in self.values:
            assert value.betas is not None
            betas = betas + (value.betas.sum(0) if value.betas.dim() == 2 else value.betas).double()
        betas = torch.where(self.solved.free, betas, 0)
        return _Vector([gradient(value, self.unknowns) for value in self.values], betas)

    def _learnt(self, pairs: _Pairs, step: _Vector, before: _Vector) -> _Vector:
        """The gradient after a step, from that before it; what the step teaches is taken in."""
        after = self._slope()
        pairs.learn(step, after.plus(before, -1.0))
        return after

    def _search(self, step: _Vector, slope: float) -> tuple[float, float]:
        """Goes down a step as far as that gains; what it gained, and the share of the step that was taken."""
        before, share = self.energy, 1.0
        while share >= SHORTEST and not self.stopped():
            shape, poses = self._in_worker(lambda: self._tried(step.times(share)))  # noqa: B023
            values = self._evaluate(shape, poses)
            after = self._energy(shape, values)
            if after <= before + SUFFICIENT * share * slope:
                self.shape = shape
                self._keep(values)
                for chunk, pose in zip(self.chunks, poses, strict=True):
                    chunk.pose = pose
                return before - after, share
            share *= 0.5 if after < 2 * before else 0.25
        return 0.0, 0.0

    def _tried(self, step: _Vector) -> tuple[Shape, list[Pose]]:
        """Where a step leads."""
        moves = zip(self.chunks, step.frames, strict=True)
        poses = [self._moved(chunk.pose, one, step.betas) for chunk, one in moves]
        return self.skin.shape(self.betas + step.betas.to(self.betas)), poses

    def _moved(self, pose: Pose, step: Tensor, change: Tensor) -> Pose:
        after = moved(pose, step, self.unknowns)
        betas = None if after.betas is None else after.betas + change.to(after.betas)
        return Pose(after.world, after.root, betas)

    def _eliminated(self) -> _Arrow:
        """The arrow of where the frames stand."""
        jacobian = self._in_worker(lambda: core_jacobian(self.skin))

        @torch.inference_mode()
        def one(chunk: ShapeChunk, value: Evaluation) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            full = jacobian.squared(chunk.pose, self.shape, self.unknowns, value.robust_weights)
            own = self.unknowns.index("chosen", full.device)[:, None]
            shared = torch.arange(full.shape[1] - len(self.betas), full.shape[1], device=full.device)
            matrix, coupling = full[:, own, own.T], full[:, own, shared]
            chunk.terms.add_blocks([matrix], Posed(self.skin.tree, chunk.pose), self.unknowns)
            factor = factorise(matrix, torch.full((len(matrix),), self.damping).to(matrix))
            half = torch.linalg.solve_triangular(factor, coupling, upper=False)
            squares = full[:, shared[:, None], shared].double().sum(0)
            return factor, half, squares, torch.einsum("nkz,nky->zy", half.double(), half.double())

        factors, halves, squares, eliminated = zip(*self.pool.map(one, self.chunks, self.values), strict=True)
        schur = self._in_worker(lambda: self._left(torch.stack(squares).sum(0), eliminated))
        return _Arrow(list(factors), list(halves), schur, self.solved.free)

    def _left(self, alone: Tensor, eliminated: tuple[Tensor, ...]) -> Tensor:
        """(Z, Z) what is left for betas."""
        alone = alone + torch.diag(alone.diagonal() * self.damping) + self._pulled()[0]
        return _bounded(alone, torch.stack(eliminated).sum(0))


def _promising(pairs: _Pairs, arrow: _Arrow, slope: _Vector) -> tuple[_Vector, float]:
    """The next step, and what it promises to gain."""
    step = pairs.direction(arrow, slope)
    return step, -0.5 * slope.dot(step)


def shape_solver(skin: FitSkin) -> type[ShapeFit]:
    """What solves the shape of a skin."""
    return DenseShapeFit if seen_by_core(skin) else ShapeFit


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

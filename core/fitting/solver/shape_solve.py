"""Shape and poses solved together: one person has one shape, whatever the frame.

The normal equations form an arrow: a block for each frame, its coupling to betas, and one small block for
betas. The frames are eliminated (Schur complement), betas solved once, the frames substituted back.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation, FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Slope, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.gauss_newton import (
    MOST_DAMPING,
    START_DAMPING,
    PoseFit,
    SolverContext,
    Stopped,
    fit_poses,
)
from core.fitting.solver.linear_solve import factorise
from core.fitting.solver.normal_equations import ShapeCoupling, coupled_matrix, gradient, moved
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.model.vertex_errors import lengths_mm

# Steps with constant correctives end when one gains less than this share of the objective.
ROUGH_TOLERANCE = 0.05
# What a step promises says how far it is to the optimum while it is damped no more than this.
TRUSTED_DAMPING = 0.1


@dataclass(eq=False)
class ShapeChunk:
    """A few of the frames that the shape is solved from: their poses, targets (V, 3, n) and terms."""

    pose: Pose
    targets: Tensor
    terms: Terms


@dataclass(frozen=True, eq=False)
class ShapeUnknowns:
    """Which coefficients all frames share, from where they are solved, and what pulls on them.

    Attributes:
        start: (Z,) coefficients to start from.
        free: (Z,) bool.
        terms: of the shared coefficients, as if they were those of a single frame; they count for each.
    """

    start: Tensor
    free: Tensor
    terms: Terms


@dataclass(eq=False)
class _Eliminated:
    """One chunk with its frames eliminated, and what substituting back needs."""

    factor: Tensor
    half_slope: Tensor
    half_coupling: Tensor
    shared: ShapeCoupling


class ShapeFit:
    """Joint steps on betas and the poses of some frames; call `step` until it says that it is done.

    The first steps take the pose correctives as constant. Then each step first fits the poses with the true
    gradient, the shape held, and then moves the shape and the poses together; eliminating poses that are at
    their optimum makes this as good as one large step.

    Args:
        skin: of the target.
        normal: its normal matrices.
        chunks: the frames; their poses are moved.
        unknowns: of each frame. Where the body does not move as a whole, its root joint stays.
        solved: the coefficients.
        iterations: most steps of a frame.
        tolerance: done when a step promises less than this share of the objective.
        pool: runs the chunks.
        stopped: asked between steps; True ends them.
        frozen: begin with constant correctives, as is right from afar.
        counted: places in the skin's order of the vertices that `mean_mm` is over; None for all.
    """

    def __init__(
        self,
        skin: FitSkin,
        normal: NormalMatrix,
        chunks: list[ShapeChunk],
        unknowns: Unknowns,
        solved: ShapeUnknowns,
        *,
        iterations: int,
        tolerance: float,
        pool: Executor,
        stopped: Callable[[], bool],
        frozen: bool = True,
        counted: Tensor | None = None,
    ) -> None:
        self.counted = counted
        self.skin, self.normal, self.chunks, self.unknowns = skin, normal, chunks, unknowns
        self.solved, self.iterations, self.tolerance = solved, iterations, tolerance
        self.pool, self.stopped = pool, stopped
        self.frames = sum(len(chunk.pose.world) for chunk in chunks)
        self.damping = START_DAMPING
        self.frozen = frozen
        # Dense correctives turn with every joint.
        self.curved = not skin.patches.sparse
        self.converged = False
        self._curvature: CorrectiveCurvature | None = None
        self.shape = skin.shape(solved.start)
        self._keep(self._evaluate(self.shape, [chunk.pose for chunk in chunks]))

    @property
    def betas(self) -> Tensor:
        """(Z,) now."""
        return self.shape.betas

    @property
    def energy(self) -> float:
        """Objective of all frames and the shape prior, square metres."""
        return self._energy(self.shape, self.values)

    @property
    def mean_mm(self) -> float:
        """Mean v2v over the frames, millimetres."""
        which: Tensor | slice = slice(None) if self.counted is None else self.counted
        distances = (lengths_mm(value.residual[which], 1) for value in self.values)
        return sum(float(distance.mean(0).sum()) for distance in distances) / self.frames

    def _energy(self, shape: Shape, values: list[Evaluation]) -> float:
        data = sum(float(value.energy.double().sum()) for value in values)
        at = self._alike(shape)
        return data + self.frames * sum(float(term.value(at)) for term in self.solved.terms)

    def _alike(self, shape: Shape) -> Posed:
        """The coefficients that frames share, as those of a single frame, in double precision."""
        tree, betas = self.skin.tree, shape.betas.double()[None]
        still = torch.eye(3, dtype=betas.dtype, device=betas.device).expand(1, len(tree.parents), 3, 3)
        return Posed(tree, Pose(still, betas.new_zeros(1, 3), betas), still)

    def _pulled(self) -> tuple[Tensor, Tensor]:
        """(Z, Z) and (Z,) second and first derivative of what pulls on shared coefficients."""
        at, count = self._alike(self.shape), len(self.betas)
        slope = Slope.at_rest(at)
        matrix = slope.force.new_zeros(1, count, count)
        none = np.empty(0, dtype=int)
        unknowns = Unknowns(none, np.full(len(self.skin.tree.parents), -1), False, np.arange(count))
        for term in self.solved.terms:
            term.add_gradient(slope, at)
        self.solved.terms.add_blocks([matrix], at, unknowns)
        assert slope.betas is not None
        return self.frames * matrix[0], self.frames * slope.betas[0]

    def _evaluate(self, shape: Shape, poses: list[Pose]) -> list[Evaluation]:
        @torch.inference_mode()
        def one(chunk: ShapeChunk, pose: Pose) -> Evaluation:
            return self.skin.evaluate(
                pose, shape, chunk.targets, chunk.terms, by_betas=True, frozen=self.frozen
            )

        return list(self.pool.map(one, self.chunks, poses))

    def _keep(self, values: list[Evaluation]) -> None:
        self.values = values
        self._exact = not self.frozen

    @torch.inference_mode()
    def _eliminate(self, chunk: ShapeChunk, value: Evaluation, found: SkinStatistics) -> _Eliminated:
        matrix, shared = coupled_matrix(found, chunk.pose, self.unknowns, chunk.terms, value)
        factor = factorise(matrix, torch.full((len(matrix),), self.damping).to(matrix))
        slope = gradient(value, self.unknowns)
        sides = torch.cat((slope[..., None], shared.coupling), 2)
        half = torch.linalg.solve_triangular(factor, sides, upper=False)
        return _Eliminated(factor, half[..., :1], half[..., 1:], shared)

    def step(self) -> bool:
        """One step; a step that raises the objective is taken back and damped.

        Returns:
            True when a further step would gain less than the tolerance, or none can be found.
        """
        if not self.frozen:
            self._fit_poses()
        if self.stopped():
            return True
        before = self.energy
        gain = self._joint_step()
        if self.frozen:
            # Constant correctives have given what they can.
            if gain < ROUGH_TOLERANCE * before:
                self.frozen, self.damping = False, START_DAMPING
            return False
        return self.converged or self.damping > MOST_DAMPING

    def stepping(self) -> SolverContext:
        """What the poses step by, the shape held as it is now."""
        if self._curvature is None or self.frozen:
            # Made once: it hardly changes with the shape, and only speeds the steps up.
            self._curvature = CorrectiveCurvature(self.skin, self.shape)
        return SolverContext(
            self.skin,
            self.shape,
            SkinStatistics(self.skin, self.normal, self.shape),
            self.unknowns,
            self._curvature,
            self.iterations,
            self.tolerance,
            self.stopped,
        )

    def _fit_poses(self) -> None:
        by = self.stepping()

        def one(chunk: ShapeChunk, value: Evaluation) -> PoseFit:
            known = value if self._exact else None
            return fit_poses(by, chunk.pose, chunk.targets, chunk.terms, curved=self.curved, value=known)

        try:
            found = list(self.pool.map(one, self.chunks, self.values))
        except Stopped:
            return
        self.curved = any(each.curved for each in found)
        if self._exact and not any(bool(each.steps.any()) for each in found):
            return
        for chunk, each in zip(self.chunks, found, strict=True):
            chunk.pose = each.pose
        self._keep(self._evaluate(self.shape, [chunk.pose for chunk in self.chunks]))

    def _joint_step(self) -> float:
        """Moves betas and poses if that lowers the objective, or finds them converged; returns the gain."""
        found = SkinStatistics(self.skin, self.normal, self.shape)

        def eliminate(chunk: ShapeChunk, value: Evaluation) -> _Eliminated:
            return self._eliminate(chunk, value, found)

        parts = list(self.pool.map(eliminate, self.chunks, self.values))
        if self.stopped():
            return 0.0
        matrix = torch.stack([part.shared.squares for part in parts]).sum(0)
        pulled, slope = self._pulled()
        matrix = matrix + torch.diag(matrix.diagonal() * self.damping) + pulled
        predicted_reduction = 0.0
        for part in parts:
            coupling, half = part.half_coupling.double(), part.half_slope.double()
            matrix = matrix - torch.einsum("nkz,nky->zy", coupling, coupling)
            slope = slope + part.shared.slope.double() - torch.einsum("nkz,nko->z", coupling, half)
            predicted_reduction += 0.5 * float(half.square().sum())
        free = self.solved.free
        change = torch.zeros_like(slope)
        change[free] = -torch.linalg.solve(matrix[free][:, free], slope[free])
        predicted_reduction -= 0.5 * float(slope @ change)
        # So little is not worth another look at all frames; but damped as much, any step promises little.
        trusted = not self.frozen and self.damping <= TRUSTED_DAMPING
        self.converged = trusted and predicted_reduction <= self.tolerance * self.energy
        if self.converged:
            return 0.0
        step = change.to(self.betas)
        trial_shape = self.skin.shape(self.betas + step)

        def substitute(chunk: ShapeChunk, part: _Eliminated) -> Pose:
            return self._substitute(chunk.pose, part, step)

        trial_poses = list(self.pool.map(substitute, self.chunks, parts))
        values = self._evaluate(trial_shape, trial_poses)
        gain = self.energy - self._energy(trial_shape, values)
        if gain < 0:
            self.damping *= 10
            return gain
        self.shape = trial_shape
        self._keep(values)
        for chunk, pose in zip(self.chunks, trial_poses, strict=True):
            chunk.pose = pose
        self.damping = max(self.damping * 0.1, START_DAMPING)
        return gain

    @torch.inference_mode()
    def _substitute(self, pose: Pose, part: _Eliminated, change: Tensor) -> Pose:
        half = part.half_slope + (part.half_coupling @ change)[..., None]
        step = -torch.linalg.solve_triangular(part.factor.transpose(1, 2), half, upper=True).squeeze(-1)
        after = moved(pose, step, self.unknowns)
        return Pose(after.world, after.root, None if after.betas is None else after.betas + change)

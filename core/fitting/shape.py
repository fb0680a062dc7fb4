"""Shape and poses solved together: one person has one shape, whatever the frame.

The normal equations form an arrow: a block for each frame, its coupling to betas, and one small block for
betas. The frames are eliminated (Schur complement), betas solved once, the frames substituted back.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.corrective_curvature import CorrectiveCurvature
from core.fitting.gauss_newton import (
    MOST_DAMPING,
    START_DAMPING,
    factorise,
    fit_poses,
    gradient,
    moved,
)
from core.fitting.normal_matrix import FreeJoints, NormalMatrix, pose_matrix, shape_coupling
from core.fitting.settings import FitSettings
from core.fitting.skin import Evaluation, FitSkin, Pose, Prior, Shape
from core.metrics import lengths_mm

# Steps with constant correctives end when one gains less than this share of the objective.
ROUGH_TOLERANCE = 0.02


@dataclass(eq=False)
class ShapeChunk:
    """A few of the frames that the shape is solved from: their poses, targets (V, 3, n) and prior."""

    pose: Pose
    targets: Tensor
    prior: Prior


@dataclass(eq=False)
class _Eliminated:
    """One chunk with its frames eliminated, and what substituting back needs."""

    factor: Tensor
    half_slope: Tensor
    half_coupling: Tensor
    spread: Tensor


class ShapeFit:
    """Joint steps on betas and the poses of some frames; call `step` until it says that it is done.

    The first steps take the pose correctives as constant. Then each step first fits the poses with the true
    gradient, the shape held, and then moves the shape and the poses together; eliminating poses that are at
    their optimum makes this as good as one large step.

    Args:
        skin: of the target.
        normal: its normal matrices.
        chunks: the frames; their poses are moved.
        free: joints that turn.
        settings: priors, tolerance and iterations.
        pool: runs the chunks.
        stopped: asked between steps; True ends them.
    """

    def __init__(
        self,
        skin: FitSkin,
        normal: NormalMatrix,
        chunks: list[ShapeChunk],
        free: FreeJoints,
        settings: FitSettings,
        pool: Executor,
        stopped: Callable[[], bool],
    ) -> None:
        self.skin, self.normal, self.chunks, self.free = skin, normal, chunks, free
        self.settings, self.pool, self.stopped = settings, pool, stopped
        self.frames = sum(len(chunk.pose.world) for chunk in chunks)
        self.prior = settings.shape_prior * self.frames
        self.damping = START_DAMPING
        self.frozen = True
        self.curved = False
        self.converged = False
        self.shape = skin.shape(torch.zeros_like(skin.joint_basis[0, 0]))
        self.values = self._evaluate(self.shape, [chunk.pose for chunk in chunks])

    @property
    def betas(self) -> Tensor:
        """(B,) now."""
        return self.shape.betas

    @property
    def energy(self) -> float:
        """Objective of all frames and the shape prior, square metres."""
        return self._energy(self.shape, self.values)

    @property
    def mean_mm(self) -> float:
        """Mean v2v over the frames, millimetres."""
        return sum(float(lengths_mm(v.residual, 1).mean(0).sum()) for v in self.values) / self.frames

    def _energy(self, shape: Shape, values: list[Evaluation]) -> float:
        data = sum(float(value.energy.double().sum()) for value in values)
        return data + 0.5 * self.prior * float(shape.betas.double().square().sum())

    def _evaluate(self, shape: Shape, poses: list[Pose]) -> list[Evaluation]:
        def one(chunk: ShapeChunk, pose: Pose) -> Evaluation:
            return self.skin.evaluate(
                pose, shape, chunk.targets, chunk.prior, by_betas=True, frozen=self.frozen
            )

        return list(self.pool.map(one, self.chunks, poses))

    def _eliminate(
        self, chunk: ShapeChunk, value: Evaluation, normal: Tensor, derivatives: Tensor
    ) -> _Eliminated:
        matrix = pose_matrix(chunk.pose, normal, self.free, self.skin.parents, chunk.prior.weights)
        factor = factorise(matrix, torch.full((len(matrix),), self.damping).to(matrix))
        coupling, spread = shape_coupling(chunk.pose, derivatives, self.free)
        slope = gradient(value, self.free)
        sides = torch.cat((slope[..., None], coupling), 2)
        half = torch.linalg.solve_triangular(factor, sides, upper=False)
        return _Eliminated(factor, half[..., :1], half[..., 1:], spread)

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
        promised, gain = self._joint_step()
        if self.frozen:
            # Constant correctives have given what they can.
            if gain < ROUGH_TOLERANCE * before:
                self.frozen, self.damping = False, START_DAMPING
            return False
        self.converged = promised <= self.settings.tolerance * before
        return self.converged or self.damping > MOST_DAMPING

    def _fit_poses(self) -> None:
        shape, normal = self.shape, self.normal.at(self.betas)
        curvature = CorrectiveCurvature(self.skin, shape)

        def one(chunk: ShapeChunk) -> bool:
            found = fit_poses(
                self.skin,
                chunk.pose,
                shape,
                chunk.targets,
                chunk.prior,
                normal,
                self.free,
                curvature,
                frozen_steps=0,
                curved=self.curved,
                iterations=self.settings.iterations,
                tolerance=self.settings.tolerance,
                stopped=self.stopped,
            )
            chunk.pose = found.pose
            return found.curved

        self.curved = any(list(self.pool.map(one, self.chunks)))
        self.values = self._evaluate(shape, [chunk.pose for chunk in self.chunks])

    def _joint_step(self) -> tuple[float, float]:
        """Moves betas and poses if that lowers the objective; returns what it promised and what it gained."""
        normal = self.normal.at(self.betas)
        derivatives = self.normal.derivatives(self.betas)
        parts = list(
            self.pool.map(
                lambda chunk, value: self._eliminate(chunk, value, normal, derivatives),
                self.chunks,
                self.values,
            )
        )
        spread = torch.stack([part.spread for part in parts]).double().sum(0)
        matrix = self.normal.shape_matrix(spread)
        matrix = matrix + torch.diag(matrix.diagonal() * self.damping + self.prior)
        slope = self.prior * self.betas.double()
        promised = 0.0
        for part, value in zip(parts, self.values, strict=True):
            coupling, half = part.half_coupling.double(), part.half_slope.double()
            matrix = matrix - torch.einsum("nkz,nky->zy", coupling, coupling)
            assert value.betas is not None
            slope = slope + value.betas.double() - torch.einsum("nkz,nko->z", coupling, half)
            promised += 0.5 * float(half.square().sum())
        change = -torch.linalg.solve(matrix, slope)
        promised -= 0.5 * float(slope @ change)
        trial_shape = self.skin.shape(self.betas + change.to(self.betas))
        trial_poses = list(
            self.pool.map(
                lambda chunk, part: self._substitute(chunk.pose, part, change.to(self.betas)),
                self.chunks,
                parts,
            )
        )
        values = self._evaluate(trial_shape, trial_poses)
        gain = self.energy - self._energy(trial_shape, values)
        if gain < 0:
            self.damping *= 10
            return promised, gain
        self.shape, self.values = trial_shape, values
        for chunk, pose in zip(self.chunks, trial_poses, strict=True):
            chunk.pose = pose
        self.damping = max(self.damping * 0.1, START_DAMPING)
        return promised, gain

    def _substitute(self, pose: Pose, part: _Eliminated, change: Tensor) -> Pose:
        half = part.half_slope + (part.half_coupling @ change)[..., None]
        step = -torch.linalg.solve_triangular(part.factor.transpose(1, 2), half, upper=True)
        return moved(pose, step.squeeze(-1), self.free)

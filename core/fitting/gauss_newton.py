"""Damped Gauss-Newton steps on the poses of a few frames, the shape held.

The first steps may take the pose correctives as constant: far from the solution their derivative misleads.
The later ones have it in the gradient, so that where they stop is a stationary point of the true objective,
and in the matrix too once steps without it fall short of what they promise. No step that raises the objective
of a frame is ever taken (Levenberg-Marquardt, per frame).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.corrective_curvature import CorrectiveCurvature
from core.fitting.normal_matrix import FreeJoints, pose_matrix
from core.fitting.skin import Evaluation, FitSkin, Pose, Prior, Shape
from core.skinning import rotation_matrices

START_DAMPING = 1e-4
MOST_DAMPING = 1e4
# A factor is used again while the steps it gives deliver most of what they promise.
KEEP_FACTOR_ABOVE = 0.7


@dataclass(eq=False)
class PoseFit:
    """Where the steps stopped.

    Attributes:
        pose: n poses.
        energy: (n,) objective, square metres.
        residual: (V, 3, n) metres.
        converged: (n,) bool.
        steps: (n,) steps tried.
        curved: the correctives' part of the matrix was needed.
    """

    pose: Pose
    energy: Tensor
    residual: Tensor
    converged: Tensor
    steps: Tensor
    curved: bool = False


def factorise(matrix: Tensor, damping: Tensor) -> Tensor:
    """Cholesky factors of (n, D, D) matrices, ``damping`` (n,) times their diagonal and a floor added."""
    diagonal = matrix.diagonal(dim1=1, dim2=2)
    floor = 1e-6 * diagonal.mean(1, keepdim=True)
    damped = matrix + torch.diag_embed(diagonal * damping[:, None] + floor)
    factor, info = torch.linalg.cholesky_ex(damped)
    if bool((info > 0).any()):
        bad = info > 0
        damped[bad] += torch.diag_embed(diagonal[bad].clamp_min(floor[bad]))
        factor, info = torch.linalg.cholesky_ex(damped)
        # What still fails is no matrix to step by; one frame's trouble must not end the others.
        factor[info > 0] = 1e6 * torch.eye(matrix.shape[1]).to(matrix)
    return factor


def gradient(evaluation: Evaluation, free: FreeJoints) -> Tensor:
    """(n, 3F + 3) derivative by the unknowns that are free."""
    return torch.cat((free.gather(evaluation.torque, 1).flatten(1), evaluation.force), 1)


def moved(pose: Pose, step: Tensor, free: FreeJoints) -> Pose:
    """The poses after a step (n, 3F + 3) on the manifold: G_a <- exp([w_a]x) G_a."""
    turns = free.spread(step[:, :-3].unflatten(1, (-1, 3)))
    return Pose(rotation_matrices(turns) @ pose.world, pose.root + step[:, -3:])


def fit_poses(
    skin: FitSkin,
    pose: Pose,
    shape: Shape,
    targets: Tensor,
    prior: Prior,
    normal: Tensor,
    free: FreeJoints,
    curvature: CorrectiveCurvature,
    *,
    frozen_steps: int,
    curved: bool,
    iterations: int,
    tolerance: float,
    stopped: Callable[[], bool],
) -> PoseFit:
    """Fits n frames, each on its own.

    Args:
        skin: of the target.
        pose: n poses to start from.
        shape: held.
        targets: (V, 3, n) metres.
        prior: of the frames.
        normal: (K, K) H of the shape.
        free: joints that turn.
        curvature: the correctives' part of the matrix, of the shape.
        frozen_steps: how many of the first steps take the correctives as constant.
        curved: have the correctives in the matrix from the start, not only once steps fall short.
        iterations: most steps.
        tolerance: a frame has converged when its next step promises less than this share of its objective.
        stopped: asked before each step; True ends the fit with what there is.

    Returns:
        The best pose of each frame.
    """
    count = len(targets[0, 0])
    device = targets.device
    best = PoseFit(
        Pose(pose.world.clone(), pose.root.clone()),
        torch.full((count,), torch.inf, device=device, dtype=targets.dtype),
        torch.empty_like(targets),
        torch.zeros(count, dtype=torch.bool, device=device),
        torch.zeros(count, dtype=torch.int32, device=device),
    )
    active = torch.arange(count, device=device)
    value = skin.evaluate(pose, shape, targets, prior, frozen=frozen_steps > 0)
    damping = torch.full((count,), START_DAMPING, device=device, dtype=targets.dtype)
    factor: Tensor | None = None
    for step_number in range(iterations + 1):
        frozen = step_number < frozen_steps
        if factor is None:
            matrix = pose_matrix(pose, normal, free, skin.parents, prior.weights)
            if curved and not frozen:
                curvature.add_to(matrix, pose, free)
            factor = factorise(matrix, damping)
        slope = gradient(value, free)
        half = torch.linalg.solve_triangular(factor, slope[..., None], upper=False)
        step = -torch.linalg.solve_triangular(factor.transpose(1, 2), half, upper=True).squeeze(-1)
        promised = 0.5 * half.square().sum((1, 2))
        done = (promised <= tolerance * value.energy) & (not frozen)
        hopeless = damping >= MOST_DAMPING
        ends = bool((done | hopeless).all()) or step_number == iterations or stopped()
        leaving = torch.ones_like(done) if ends else done | hopeless
        if bool(leaving.any()):
            _store(best, active[leaving], pose[leaving], value, leaving, done)
            if ends:
                break
            stay = ~leaving
            active, pose, prior, damping = active[stay], pose[stay], prior[stay], damping[stay]
            targets, step, promised, factor = targets[..., stay], step[stay], promised[stay], factor[stay]
            value = _part(value, stay)
        thaws = step_number + 1 == frozen_steps
        trial = moved(pose, step, free)
        after = skin.evaluate(trial, shape, targets, prior, frozen=step_number + 1 < frozen_steps)
        best.steps[active] += 1
        gain = value.energy - after.energy
        good = gain >= 0
        damping = torch.where(good, (damping * 0.1).clamp_min(START_DAMPING), damping * 10)
        if bool((gain < KEEP_FACTOR_ABOVE * promised).any()):
            factor = None
            curved = curved or not frozen
        elif curved and thaws:
            factor = None
        if bool(good.all()):
            pose, value = trial, after
            continue
        pose = _merge(good, trial, pose)
        if thaws:
            # What was kept has the gradient of constant correctives: take the true one from here on.
            damping = torch.full_like(damping, START_DAMPING)
            value = skin.evaluate(pose, shape, targets, prior)
        else:
            value = _merge_values(good, after, value)
    best.curved = curved
    return best


def _part(value: Evaluation, keep: Tensor) -> Evaluation:
    return Evaluation(
        value.energy[keep], value.torque[keep], value.force[keep], None, value.residual[..., keep]
    )


def _merge(good: Tensor, new: Pose, old: Pose) -> Pose:
    return Pose(
        torch.where(good[:, None, None, None], new.world, old.world),
        torch.where(good[:, None], new.root, old.root),
    )


def _merge_values(good: Tensor, new: Evaluation, old: Evaluation) -> Evaluation:
    return Evaluation(
        torch.where(good, new.energy, old.energy),
        torch.where(good[:, None, None], new.torque, old.torque),
        torch.where(good[:, None], new.force, old.force),
        None,
        torch.where(good, new.residual, old.residual),
    )


def _store(best: PoseFit, frames: Tensor, pose: Pose, value: Evaluation, which: Tensor, done: Tensor) -> None:
    best.pose.world[frames] = pose.world
    best.pose.root[frames] = pose.root
    best.energy[frames] = value.energy[which]
    best.residual[..., frames] = value.residual[..., which]
    best.converged[frames] = done[which]

"""Poses of frames that pull on each other, solved together: damped Gauss-Newton on a block-tridiagonal
system.

The frames of a window are eliminated one after another in time. Windows overlap, and what a window finds near
its ends is thrown away: the pull of what lies beyond them fades with the distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.coupling import Coupling
from core.fitting.equations import frame_matrix, gradient, moved
from core.fitting.gauss_newton import KEEP_FACTOR_ABOVE, MOST_DAMPING, START_DAMPING, PoseFit, Stepping
from core.fitting.skin import Evaluation, Pose, Prior

# A pull fades by the square root of stiffness over weight from frame to frame; the softest joints that skin
# can show, fingers and toes, are about this stiff (square metres).
SOFTEST = 0.02
# Overlaps end where this share of a pull is left.
FADED = 3e-3
MOST_OVERLAP = 192
# What smoothing gains is small beside the whole objective.
SHARE_OF_TOLERANCE = 0.01


def overlap(weight: float) -> int:
    """Frames that windows overlap on each side, for the pull of ``weight`` between neighbours."""
    if weight <= 0:
        return 0
    return min(MOST_OVERLAP, 4 + math.ceil(-math.log(FADED) * math.sqrt(weight / SOFTEST)))


@dataclass(frozen=True, eq=False)
class _State:
    """Poses with their objective and its gradient; the total includes what couples the frames."""

    pose: Pose
    value: Evaluation
    slope: Tensor
    total: float


def fit_window(
    by: Stepping, pose: Pose, targets: Tensor, prior: Prior, couplings: list[Coupling], *, curved: bool
) -> PoseFit:
    """Fits n frames in a row together.

    Args:
        by: what all frames share.
        pose: n poses to start from, best those that the frames have alone.
        targets: (V, 3, n) metres.
        prior: of the frames.
        couplings: pulls of the frames on each other.
        curved: have the correctives in the matrix.

    Returns:
        The poses; their energies are those of the single frames.
    """
    state = _look(by, pose, targets, prior, couplings)
    damping, steps, converged = START_DAMPING, 0, False
    factors: tuple[Tensor, Tensor] | None = None
    for _ in range(by.iterations):
        if by.stopped():
            break
        if by.watch is not None:
            by.watch(_found(state, converged, steps, curved))
        if factors is None:
            factors = _eliminate(*_blocks(by, state, prior, couplings, curved), damping)
        step, promised = _substitute(*factors, state.slope)
        if promised <= SHARE_OF_TOLERANCE * by.tolerance * state.total:
            converged = True
            break
        trial = _look(by, moved(state.pose, step, by.unknowns), targets, prior, couplings)
        steps += 1
        gain = state.total - trial.total
        if gain < KEEP_FACTOR_ABOVE * promised:
            factors = None
        if gain < 0:
            damping *= 10
            if damping > MOST_DAMPING:
                break
            continue
        damping, state = max(damping * 0.1, START_DAMPING), trial
    found = _found(state, converged, steps, curved)
    if by.watch is not None:
        by.watch(found)
    return found


def _found(state: _State, converged: bool, steps: int, curved: bool) -> PoseFit:
    energy = state.value.energy
    return PoseFit(
        state.pose,
        energy,
        state.value.residual,
        torch.full((len(energy),), converged, device=energy.device),
        torch.full((len(energy),), steps, dtype=torch.int32, device=energy.device),
        curved,
    )


def _look(by: Stepping, pose: Pose, targets: Tensor, prior: Prior, couplings: list[Coupling]) -> _State:
    value = by.skin.evaluate(pose, by.shape, targets, prior)
    total = float(value.energy.double().sum())
    torque, force = value.torque.clone(), value.force.clone()
    for coupling in couplings:
        total += float(coupling.energy(pose, by.skin))
        coupling.add_gradient(torque, force, pose, by.skin)
    pulled = Evaluation(value.energy, torque, force, value.betas, value.residual, value.pull)
    return _State(pose, value, gradient(pulled, by.unknowns), total)


def _blocks(
    by: Stepping, state: _State, prior: Prior, couplings: list[Coupling], curved: bool
) -> tuple[Tensor, Tensor]:
    curvature = by.curvature if curved else None
    matrix = frame_matrix(by.found, state.pose, by.unknowns, prior, state.value.pull, curvature)
    below = torch.zeros_like(matrix[1:])
    for coupling in couplings:
        coupling.add_matrix(matrix, below, state.pose, by.unknowns, by.skin)
    return matrix, below


def _eliminate(matrix: Tensor, below: Tensor, damping: float) -> tuple[Tensor, Tensor]:
    """Block Cholesky: (n, D, D) lower factors, and (n - 1, D, D) blocks below them."""
    diagonal = matrix.diagonal(dim1=1, dim2=2)
    diagonal.add_(diagonal * damping + 1e-6 * diagonal.mean(1, keepdim=True) + 1e-12)
    factors, lower = torch.empty_like(matrix), torch.empty_like(below)
    for frame in range(len(matrix)):
        block = matrix[frame]
        if frame:
            lower[frame - 1] = torch.linalg.solve_triangular(
                factors[frame - 1], below[frame - 1].T, upper=False
            ).T
            block = block - lower[frame - 1] @ lower[frame - 1].T
        factor, info = torch.linalg.cholesky_ex(block)
        if int(info):
            factor = torch.linalg.cholesky(block + torch.diag(block.diagonal().abs() + 1e-9))
        factors[frame] = factor
    return factors, lower


def _substitute(factors: Tensor, lower: Tensor, slope: Tensor) -> tuple[Tensor, float]:
    """The step (n, D) against a gradient (n, D), and what it promises to gain."""
    half = torch.empty_like(slope)
    for frame in range(len(slope)):
        side = slope[frame] if not frame else slope[frame] - lower[frame - 1] @ half[frame - 1]
        half[frame] = torch.linalg.solve_triangular(factors[frame], side[:, None], upper=False)[:, 0]
    step = torch.empty_like(slope)
    for frame in reversed(range(len(slope))):
        side = half[frame] if frame == len(slope) - 1 else half[frame] - lower[frame].T @ step[frame + 1]
        step[frame] = torch.linalg.solve_triangular(factors[frame].T, side[:, None], upper=True)[:, 0]
    return -step, 0.5 * float(half.double().square().sum())

"""Poses of frames that pull on each other, solved together: damped Gauss-Newton on a block-banded system.

Terms between neighbours make it block-tridiagonal, terms between frames two apart block-pentadiagonal. The
frames of a window are eliminated one after another in time, by block Cholesky within the band (Golub and Van
Loan, Matrix Computations, section 4.3.5): with L the factor and k the frames before,

    L_nk = (A_nk - sum_{j < k} L_nj L_kj^T) L_kk^-T,    L_nn L_nn^T = A_nn - sum_{j < n} L_nj L_nj^T

and all j, k within the band. On a device that would be thousands of small products one after the other:
see `core.fitting.solver.cyclic_reduction` for what is done there. Windows overlap, and what a window finds
near its ends is thrown away: the pull of what lies beyond them fades with the distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed, Slope, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.cyclic_reduction import ReducedSystem, reduce_band
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.gauss_newton import (
    KEEP_FACTOR_ABOVE,
    MOST_DAMPING,
    START_DAMPING,
    PoseFit,
    SolverContext,
)
from core.fitting.solver.normal_equations import gradient, moved

# The softest joints that skin can show, fingers and toes, are about this stiff (square metres).
SOFTEST = 0.02
# Overlaps end where this share of a pull is left.
FADED = 3e-3
MOST_OVERLAP = 192
# What smoothing gains is small beside the whole objective.
SHARE_OF_TOLERANCE = 0.01


def overlap(terms: Terms) -> int:
    """Frames that windows overlap on each side.

    A pull of weight w on differences of order m, against a stiffness s, dies away as the solutions of
    w (-1)^m y^(2m) + s y = 0 do: by (s/w)^(1/2) a frame for m = 1, by (s/w)^(1/4) / sqrt(2) for m = 2.

    Args:
        terms: of any frames.
    """
    most = 0
    for term in terms.between:
        if term.strength > 0:
            slowness = math.sqrt(2) if term.apart > 1 else 1.0
            fades = slowness * (term.strength / SOFTEST) ** (0.5 / term.apart)
            most = max(most, min(MOST_OVERLAP, 4 + math.ceil(-math.log(FADED) * fades)))
    return most


@dataclass(frozen=True, eq=False)
class _State:
    """Poses with their objective and its gradient; the total includes what couples the frames."""

    pose: Pose
    value: Evaluation
    slope: Tensor
    total: Tensor


def fit_window(by: SolverContext, pose: Pose, targets: Tensor, terms: Terms, *, curved: bool) -> PoseFit:
    """Fits n frames in a row together.

    Args:
        by: what all frames share.
        pose: n poses to start from, best those that the frames have alone.
        targets: (V, 3, n) metres.
        terms: of the frames beside the data term, those that couple them too.
        curved: have the correctives in the matrix.

    Returns:
        The poses; their energies are those of the single frames.
    """
    data = by.data(targets)
    state = _state_at(data, pose, terms, by.unknowns)
    damping, steps, converged = START_DAMPING, 0, False
    on_device = targets.device.type != "cpu"
    factors: Eliminated | ReducedSystem | None = None
    for _ in range(by.iterations):
        if by.stopped():
            break
        if by.watch is not None:
            by.watch(_found(state, converged, steps, curved))
        if factors is None:
            blocks = _blocks(data, state, terms, by.unknowns, curved)
            factors = reduce_band(blocks, damping) if on_device else Eliminated.of(blocks, damping)
        step, promise = factors.solve(state.slope)
        enough = SHARE_OF_TOLERANCE * by.tolerance * state.total
        # A device is asked once a step: one too many is taken before anybody knows.
        if not on_device and bool(promise <= enough):
            converged = True
            break
        trial = _state_at(data, moved(state.pose, step, by.unknowns), terms, by.unknowns)
        gain, predicted_reduction, least = torch.stack((state.total - trial.total, promise, enough)).tolist()
        if predicted_reduction <= least:
            converged = True
            break
        steps += 1
        if gain < KEEP_FACTOR_ABOVE * predicted_reduction:
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


def _state_at(data: DataTerm, pose: Pose, terms: Terms, unknowns: Unknowns) -> _State:
    value = data.evaluate(pose, terms.alone)
    at = Posed(data.skin.tree, pose)
    total = value.energy.double().sum()
    own = None if value.betas is None else value.betas.clone()
    slope = Slope(value.torque.clone(), torch.zeros_like(value.torque), value.force.clone(), own)
    for term in terms.between:
        total = total + term.add_gradient(slope, at).double().sum()
    pulled = Evaluation(
        value.energy, slope.turned(at), slope.force, slope.betas, value.residual, value.robust_weights
    )
    return _State(pose, value, gradient(pulled, unknowns), total)


def _blocks(data: DataTerm, state: _State, terms: Terms, unknowns: Unknowns, curved: bool) -> list[Tensor]:
    matrix = data.matrix(state.pose, terms.alone, unknowns, state.value.robust_weights, curved=curved)
    blocks = [matrix, *(torch.zeros_like(matrix[apart:]) for apart in range(1, terms.apart + 1))]
    terms.between.add_blocks(blocks, Posed(data.skin.tree, state.pose), unknowns)
    return blocks


@dataclass(frozen=True, eq=False)
class Eliminated:
    """A system whose frames were eliminated one after another; see `eliminate`."""

    factors: list[Tensor]

    @classmethod
    def of(cls, blocks: list[Tensor], damping: float) -> Eliminated:
        """Arguments as of `eliminate`."""
        return cls(eliminate(blocks, damping))

    def solve(self, slope: Tensor) -> tuple[Tensor, Tensor]:
        """The step (n, D) against a gradient (n, D), and what it promises to gain (no dimension, double)."""
        return substitute(self.factors, slope)


def eliminate(blocks: list[Tensor], damping: float) -> list[Tensor]:
    """Block Cholesky within the band.

    Args:
        blocks: of a `Band`, (n - k, D, D) for each distance k; those of the frames themselves are damped in
            place.
        damping: times the diagonal, which is added to it.

    Returns:
        Likewise L: (n, D, D) lower factors, and the blocks below them.
    """
    diagonal = blocks[0].diagonal(dim1=1, dim2=2)
    diagonal.add_(diagonal * damping + 1e-6 * diagonal.mean(1, keepdim=True) + 1e-12)
    factors = [torch.empty_like(block) for block in blocks]
    for frame, block in enumerate(blocks[0]):
        reach = min(frame, len(blocks) - 1)
        for apart in range(reach, 0, -1):
            before = frame - apart
            side = blocks[apart][before]
            for further in range(apart + 1, reach + 1):
                at = frame - further
                side = side - factors[further][at] @ factors[further - apart][at].T
            solved = torch.linalg.solve_triangular(factors[0][before], side.T, upper=False).T
            factors[apart][before] = solved
            block = block - solved @ solved.T
        factor, info = torch.linalg.cholesky_ex(block)
        if int(info):
            factor = torch.linalg.cholesky(block + torch.diag(block.diagonal().abs() + 1e-9))
        factors[0][frame] = factor
    return factors


def substitute(factors: list[Tensor], slope: Tensor) -> tuple[Tensor, Tensor]:
    """The step (n, D) against a gradient (n, D), and what it promises to gain (no dimension, double)."""
    half, frames, most = torch.empty_like(slope), len(slope), len(factors)
    for frame in range(frames):
        side = slope[frame]
        for apart in range(1, min(most, frame + 1)):
            side = side - factors[apart][frame - apart] @ half[frame - apart]
        half[frame] = torch.linalg.solve_triangular(factors[0][frame], side[:, None], upper=False)[:, 0]
    step = torch.empty_like(slope)
    for frame in reversed(range(frames)):
        side = half[frame]
        for apart in range(1, min(most, frames - frame)):
            side = side - factors[apart][frame].T @ step[frame + apart]
        step[frame] = torch.linalg.solve_triangular(factors[0][frame].T, side[:, None], upper=True)[:, 0]
    return -step, 0.5 * half.double().square().sum()

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

from core.fitting.objective.objective import Evaluation, FitSkin, Pose, Prior
from core.fitting.solver.gauss_newton import (
    KEEP_FACTOR_ABOVE,
    MOST_DAMPING,
    START_DAMPING,
    PoseFit,
    SolverContext,
)
from core.fitting.solver.normal_equations import frame_matrix, gradient, moved
from core.fitting.solver.pose_matrix import prior_graph
from core.fitting.solver.unknowns import Unknowns
from core.model.skinning import rotation_vectors

# The pull of neighbouring frames on each other: value, gradient and matrix blocks.

# A root that moves a decimetre counts as much as a joint that turns by a radian.
ROOT_PER_ROTATION = 100.0


@dataclass(frozen=True, eq=False)
class Coupling:
    """One such pull over n frames in a row.

    Attributes:
        reference: (n, J, 3, 3) S, relative rotations.
        roots: (n, 3) the source's root positions, metres.
        weights: (J,) w, square metres per square radian.
        root_weight: m.
        joined: (n - 1,) 1 where a frame is followed by the next one of the motion, else 0.
    """

    reference: Tensor
    roots: Tensor
    weights: Tensor
    root_weight: float
    joined: Tensor

    def energy(self, pose: Pose, skin: FitSkin) -> Tensor:
        """Sum over the frames, square metres."""
        turns, shifts = self._changes(skin.tree.relative_rotations(pose.world), pose.root)
        turned = (self.weights[:, None] * turns.square()).sum((1, 2))
        return 0.5 * (self.joined * (turned + self.root_weight * shifts.square().sum(1))).sum()

    def _changes(self, relative: Tensor, root: Tensor) -> tuple[Tensor, Tensor]:
        beyond = relative @ self.reference.transpose(-1, -2)
        turns = rotation_vectors(beyond[1:] @ beyond[:-1].transpose(-1, -2))
        offset = root - self.roots
        return turns, offset[1:] - offset[:-1]

    def add_gradient(self, torque: Tensor, force: Tensor, pose: Pose, skin: FitSkin) -> None:
        """Adds the derivative by world rotations (n, J, 3) and root positions (n, 3), in place."""
        turns, shifts = self._changes(skin.tree.relative_rotations(pose.world), pose.root)
        pulled = turns * (self.weights[:, None] * self.joined[:, None, None])
        twist = torch.zeros_like(torque)
        # Turning about its own axis is the derivative of a rotation's length from either side.
        twist[1:] += pulled
        twist[:-1] -= pulled
        torque[:, 0] += twist[:, 0]
        skin.add_twist(torque, twist[:, 1:], pose.world)
        shifted = shifts * (self.root_weight * self.joined[:, None])
        force[1:] += shifted
        force[:-1] -= shifted

    def add_matrix(
        self, matrix: Tensor, below: Tensor, pose: Pose, unknowns: Unknowns, skin: FitSkin
    ) -> None:
        """Adds the Gauss-Newton blocks, in place.

        Args:
            matrix: (n, D, D) blocks of the frames.
            below: (n - 1, D, D) blocks of each next frame (rows) with the frame itself (columns).
            pose: n poses.
            unknowns: of each frame.
            skin: of the target.
        """
        parents, count = skin.parents, len(unknowns.free)
        neighbours = torch.zeros_like(pose.root[:, 0])
        neighbours[1:] += self.joined
        neighbours[:-1] += self.joined
        if count:
            turns = slice(0, 3 * count)
            graph = unknowns.gather(unknowns.gather(prior_graph(parents, self.weights), 0), 1)
            blocks = matrix[:, turns, turns].unflatten(2, (count, 3)).unflatten(1, (count, 3))
            blocks.diagonal(dim1=2, dim2=4).add_(neighbours[:, None, None, None] * graph[:, :, None])
            below[:, turns, turns] += self._turned_blocks(pose, unknowns, parents)
        if unknowns.moves:
            place = slice(3 * count, 3 * count + 3)
            matrix[:, place, place].diagonal(dim1=1, dim2=2).add_(self.root_weight * neighbours[:, None])
            below[:, place, place].diagonal(dim1=1, dim2=2).sub_(self.root_weight * self.joined[:, None])

    def _turned_blocks(self, pose: Pose, unknowns: Unknowns, parents: Tensor) -> Tensor:
        """(n - 1, 3F, 3F): increments of relative rotations are seen from each frame's own parents."""
        world, joints = pose.world, len(self.weights)
        frames, count = len(world) - 1, len(unknowns.free)
        from_parent = (
            torch.eye(3, dtype=world.dtype, device=world.device).expand(frames, joints, 3, 3).clone()
        )
        from_parent[:, 1:] = world[1:, parents] @ world[:-1, parents].transpose(-1, -2)
        block = from_parent * (self.weights[:, None, None] * self.joined[:, None, None, None])
        pairs = world.new_zeros(frames, joints, joints, 3, 3)
        each, children = (
            torch.arange(joints, device=world.device),
            torch.arange(1, joints, device=world.device),
        )
        pairs[:, each, each] -= block
        pairs[:, children, parents] += block[:, 1:]
        pairs[:, parents, children] += block[:, 1:]
        lower = block[:, 1:]
        pairs.view(frames, joints * joints, 3, 3).index_add_(1, parents * joints + parents, lower, alpha=-1)
        pairs = unknowns.gather(unknowns.gather(pairs, 1), 2)
        return pairs.permute(0, 1, 3, 2, 4).reshape(frames, 3 * count, 3 * count)


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
    by: SolverContext, pose: Pose, targets: Tensor, prior: Prior, couplings: list[Coupling], *, curved: bool
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


def _look(by: SolverContext, pose: Pose, targets: Tensor, prior: Prior, couplings: list[Coupling]) -> _State:
    value = by.skin.evaluate(pose, by.shape, targets, prior)
    total = float(value.energy.double().sum())
    torque, force = value.torque.clone(), value.force.clone()
    for coupling in couplings:
        total += float(coupling.energy(pose, by.skin))
        coupling.add_gradient(torque, force, pose, by.skin)
    pulled = Evaluation(value.energy, torque, force, value.betas, value.residual, value.pull)
    return _State(pose, value, gradient(pulled, by.unknowns), total)


def _blocks(
    by: SolverContext, state: _State, prior: Prior, couplings: list[Coupling], curved: bool
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

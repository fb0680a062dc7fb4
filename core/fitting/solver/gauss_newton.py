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

from core.fitting.objective.objective import Evaluation, FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import Bends
from core.fitting.objective.term import Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.linear_solve import Factors, Lengths, Secants, factorise
from core.fitting.solver.normal_equations import gradient, largest_turn, moved
from core.fitting.solver.skin_products import SkinStatistics

START_DAMPING, LITTLE_DAMPING = 1e-4, 1e-3
MOST_DAMPING = 1e4
# A factor is used again while the steps it gives deliver most of what they promise.
KEEP_FACTOR_ABOVE = 0.7
# From so many frames on, so many of them are asked whether all have converged; a frame whose step delivered
# less than this share of its promise has not; and at least this share must have, or it was not worth asking.
SAMPLE_FROM, SAMPLE, SAMPLE_GAIN, SAMPLE_SUFFICES = 48, 16, 0.9, 0.5
LEAST_MET = 0.01


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

    def __getitem__(self, index: Tensor) -> PoseFit:
        return PoseFit(
            self.pose[index],
            self.energy[index],
            self.residual[..., index],
            self.converged[index],
            self.steps[index],
            self.curved,
        )

    def put(self, index: Tensor, other: PoseFit) -> None:
        """Takes the frames ``index`` (m,) from another fit of m frames."""
        store(self, index, other.pose, other.energy, other.residual, other.converged)
        self.steps[index] += other.steps

    @classmethod
    def of(cls, which: Tensor, ones: PoseFit, others: PoseFit) -> PoseFit:
        """One fit of n frames: those that ``which`` (n,) bool names from one fit, the rest from another."""
        order = torch.cat((torch.nonzero(which), torch.nonzero(~which))).squeeze(1).argsort()
        betas = None
        if ones.pose.betas is not None and others.pose.betas is not None:
            betas = torch.cat((ones.pose.betas, others.pose.betas))[order]
        pose = Pose(
            torch.cat((ones.pose.world, others.pose.world))[order],
            torch.cat((ones.pose.root, others.pose.root))[order],
            betas,
        )
        return cls(
            pose,
            torch.cat((ones.energy, others.energy))[order],
            torch.cat((ones.residual, others.residual), 2)[..., order],
            torch.cat((ones.converged, others.converged))[order],
            torch.cat((ones.steps, others.steps))[order],
            ones.curved or others.curved,
        )


@dataclass(frozen=True, eq=False)
class SolverContext:
    """What all frames of a stage step by.

    Attributes:
        skin: of the target, with its metric.
        shape: held.
        found: the products of the skin at that shape.
        unknowns: what is free.
        curvature: the correctives' part of the matrix, of the shape.
        iterations: most steps.
        tolerance: a frame has converged when its next step promises less than this share of its objective.
        stopped: asked before each step; True ends the fit with what there is.
        seen: told the mean objective before each step, while all frames take part; None for nobody.
        watch: told where all frames stand before each step and in the end, while all of them take part; None
            for nobody. Meant for single frames: of many, most leave early.
    """

    skin: FitSkin
    shape: Shape
    found: SkinStatistics
    unknowns: Unknowns
    curvature: CorrectiveCurvature
    iterations: int
    tolerance: float
    stopped: Callable[[], bool]
    seen: Callable[[float], None] | None = None
    watch: Callable[[PoseFit], None] | None = None

    def data(self, targets: Tensor) -> DataTerm:
        """The data term of frames with (V, 3, n) targets."""
        return DataTerm(self.skin, self.shape, self.found, self.curvature, targets)

    def turn(self, step: Tensor) -> Tensor:
        """(n,) radians by which a joint turns against its parent in steps (n, D) at most."""
        return torch.deg2rad(largest_turn(step, self.unknowns, self.skin.tree.parents))


class Stopped(Exception):
    """The run was cancelled while these frames had nothing to keep yet."""


# Inference mode, which keeps no books for autograd, is a sixth faster.
@torch.inference_mode()
def fit_poses(
    by: SolverContext,
    pose: Pose,
    targets: Tensor,
    terms: Terms,
    *,
    frozen_steps: int = 0,
    curved: bool = False,
    share: int = 1,
    value: Evaluation | None = None,
    roughly: bool = False,
) -> PoseFit:
    """Fits n frames, each on its own.

    Args:
        by: what all frames share.
        pose: n poses to start from.
        targets: (V, 3, n) metres.
        terms: of the frames beside the data term, which see each by itself.
        frozen_steps: how many of the first steps take the correctives as constant.
        curved: have the correctives in the matrix from the start, not only once steps fall short.
        share: so many frames in a row share the correctives' part of the matrix.
        value: the objective and its true gradient there, where they are known already.
        roughly: once most have converged, leave the others as they are.

    Returns:
        The best pose of each frame.

    Raises:
        Stopped: before the first step was over.
    """
    if targets.device.type != "cpu":
        from core.fitting.solver.masked_steps import fit_poses_masked

        return fit_poses_masked(
            by,
            pose,
            targets,
            terms,
            frozen_steps=frozen_steps,
            curved=curved,
            value=value,
            roughly=roughly,
        )
    count, device, data = targets.shape[2], targets.device, by.data(targets)
    best: PoseFit | None = None
    active = torch.arange(count, device=device)
    steps = torch.zeros(count, dtype=torch.int32, device=device)
    go_on(by)
    if value is None:
        value = data.evaluate(pose, terms, frozen=frozen_steps > 0)
    damping = torch.full((count,), START_DAMPING, device=device, dtype=targets.dtype)
    factors, secants, lengths = Factors(damping), Secants(), Lengths(damping, by.curvature.by_core)
    go_on(by)
    for step_number in range(by.iterations + 1):
        frozen = step_number < frozen_steps
        if by.seen is not None and len(active) == count:
            by.seen(float(value.energy.mean()))
        if by.watch is not None and len(active) == count:
            by.watch(PoseFit(pose, value.energy, value.residual, damping < 0, steps, curved))
        if bool(factors.stale.any()):
            _renew(factors, by, data, pose, value, terms, damping, curved and not frozen, share)
        slope = gradient(value, by.unknowns)
        step, predicted_reduction = secants.step(slope, factors.solve)
        done = (predicted_reduction <= by.tolerance * value.energy) & (not frozen)
        # With more damping little is promised wherever frames stand.
        done &= (damping <= LITTLE_DAMPING) | (not lengths.shortened)
        step, predicted_reduction = lengths.of(step, predicted_reduction, by.turn)
        hopeless = damping >= MOST_DAMPING
        ends = bool((done | hopeless).all()) or step_number == by.iterations or by.stopped()
        if ends and len(active) == count:
            return PoseFit(pose, value.energy, value.residual, done, steps, curved)
        leaving = torch.ones_like(done) if ends else done | hopeless
        sampled = step_number == 0 and not frozen and not ends and count >= SAMPLE_FROM
        # A step more costs less than taking a few frames out.
        if not sampled and bool(leaving.any()):
            best = best or _nowhere(pose, data.targets, steps)
            residual = value.residual[..., leaving]
            store(best, active[leaving], pose[leaving], value.energy[leaving], residual, done[leaving])
            if ends:
                break
            stay = ~leaving
            active, pose, terms, damping = active[stay], pose[stay], terms[stay], damping[stay]
            data, slope, step = data[stay], slope[stay], step[stay]
            predicted_reduction, value = predicted_reduction[stay], value[stay]
            factors.keep(stay)
            lengths.keep(stay)
            secants.keep(stay)
        thaws = step_number + 1 == frozen_steps
        trial = moved(pose, step, by.unknowns)
        steps[active] += 1
        if sampled:
            best = _check_by_sample(
                by, trial, value, predicted_reduction, data, terms, factors, steps, step, slope
            )
            if best is not None:
                best.curved = curved
                stay = ~best.converged
                if roughly:
                    _take_back(best, pose, value)
                if roughly or not bool(stay.any()):
                    return best
                active, pose, terms, damping = active[stay], pose[stay], terms[stay], damping[stay]
                data, slope, step = data[stay], slope[stay], step[stay]
                predicted_reduction, value, trial = predicted_reduction[stay], value[stay], trial[stay]
                factors.keep(stay)
                lengths.keep(stay)
        after = data.evaluate(trial, terms, frozen=step_number + 1 < frozen_steps)
        gain = value.energy - after.energy
        good = gain >= 0
        if not frozen:
            secants.learn(step, gradient(after, by.unknowns) - slope, good)
        again = lengths.again(good)
        damping = torch.where(
            good, (damping * 0.1).clamp_min(START_DAMPING), torch.where(again, 1, 10) * damping
        )
        short = (gain < KEEP_FACTOR_ABOVE * predicted_reduction) & ~again
        if bool(short.any()):
            factors.stale = short
            curved = curved or (not frozen and step_number > 0)
        if curved and thaws:
            factors.stale = torch.ones_like(short)
        if bool(good.all()):
            pose, value = trial, after
            continue
        pose = merged(good, trial, pose)
        if thaws:
            # What was kept has the gradient of constant correctives: take the true one from here on.
            damping = torch.full_like(damping, START_DAMPING)
            value = data.evaluate(pose, terms)
        else:
            value = merged_values(good, after, value)
    assert best is not None
    best.curved = curved
    return best


def go_on(by: SolverContext) -> None:
    """Raises `Stopped` where the run was cancelled."""
    # Asked between the long parts of the first step: together they take longer than people wait.
    if by.stopped():
        raise Stopped


def _check_by_sample(
    by: SolverContext,
    trial: Pose,
    before: Evaluation,
    predicted_reduction: Tensor,
    data: DataTerm,
    terms: Terms,
    factors: Factors,
    steps: Tensor,
    step: Tensor,
    slope: Tensor,
) -> PoseFit | None:
    """Whether n frames have converged with the step just tried, without differentiating all of them.

    What the next step would promise is measured on the frames that had furthest to go. The others fall by at
    least the same factor, as steps get better towards the end.

    Returns:
        The frames after the step and which of them have converged; None where too few have.
    """
    energy, residual = data.value_and_residuals(trial, terms)
    go_on(by)
    delivered = before.energy - energy >= torch.where(
        predicted_reduction > by.tolerance * before.energy,
        SAMPLE_GAIN * predicted_reduction,
        -1e-6 * before.energy,
    )
    if float(delivered.float().mean()) < SAMPLE_SUFFICES:
        return None
    hardest = torch.topk((predicted_reduction / before.energy).masked_fill(~delivered, 0), SAMPLE).indices
    value = data[hardest].evaluate(trial[hardest], terms[hardest])
    further = gradient(value, by.unknowns)
    _, left = factors.solve(further, hardest)
    # Where the step has met with less curvature than the factors have, they promise too little.
    met = (step[hardest] * (further - slope[hardest])).sum(1)
    met = met / (2 * predicted_reduction[hardest]).clamp_min(1e-30)
    left = left / torch.where(delivered[hardest], met, 1).clamp(LEAST_MET, 1)
    rate = (left / predicted_reduction[hardest].clamp_min(1e-30))[delivered[hardest]].max()
    done = delivered & (rate * predicted_reduction <= by.tolerance * energy)
    done[hardest] = left <= by.tolerance * energy[hardest]
    if float(done.float().mean()) < SAMPLE_SUFFICES:
        return None
    return PoseFit(trial, energy, residual, done, steps)


def _renew(
    factors: Factors,
    by: SolverContext,
    data: DataTerm,
    pose: Pose,
    value: Evaluation,
    terms: Terms,
    damping: Tensor,
    curved: bool,
    share: int,
) -> None:
    """Makes new factors for the frames whose old ones are stale."""
    robust_weights, bends = value.robust_weights, value.bends
    if not bool(factors.stale.all()):
        pose, terms, damping = pose[factors.stale], terms[factors.stale], damping[factors.stale]
        robust_weights = None if robust_weights is None else robust_weights[:, factors.stale]
        bends = None if bends is None else bends[factors.stale]
    matrix = data.matrix(pose, terms, by.unknowns, robust_weights, curved=curved, share=share, bends=bends)
    factors.set(factorise(matrix, damping))


def _take_back(best: PoseFit, pose: Pose, before: Evaluation) -> None:
    """Frames that rose, or that went where there is no number, are again where they were."""
    rose = torch.nonzero(~(best.energy <= before.energy)).squeeze(1)
    if len(rose):
        energy, residual = before.energy[rose], before.residual[..., rose]
        store(best, rose, pose[rose], energy, residual, best.converged[rose])


def _nowhere(pose: Pose, targets: Tensor, steps: Tensor) -> PoseFit:
    return PoseFit(
        Pose(pose.world.clone(), pose.root.clone(), None if pose.betas is None else pose.betas.clone()),
        torch.full_like(targets[0, 0], torch.inf),
        torch.empty_like(targets),
        torch.zeros_like(steps, dtype=torch.bool),
        steps,
    )


def merged(good: Tensor, new: Pose, old: Pose) -> Pose:
    """The new poses of frames that are ``good`` (n,) bool, the old ones of the others."""
    return Pose(
        torch.where(good[:, None, None, None], new.world, old.world),
        torch.where(good[:, None], new.root, old.root),
        None if new.betas is None or old.betas is None else torch.where(good[:, None], new.betas, old.betas),
    )


def merged_values(good: Tensor, new: Evaluation, old: Evaluation) -> Evaluation:
    """Likewise of what was found there."""
    return Evaluation(
        torch.where(good, new.energy, old.energy),
        torch.where(good[:, None, None], new.torque, old.torque),
        torch.where(good[:, None], new.force, old.force),
        None if new.betas is None or old.betas is None else torch.where(good[:, None], new.betas, old.betas),
        torch.where(good, new.residual, old.residual),
        None
        if new.robust_weights is None or old.robust_weights is None
        else torch.where(good, new.robust_weights, old.robust_weights),
        None if new.bends is None or old.bends is None else Bends.merged(good, new.bends, old.bends),
    )


def store(best: PoseFit, frames: Tensor, pose: Pose, energy: Tensor, residual: Tensor, done: Tensor) -> None:
    """Puts what was found of the ``frames`` (m,) into a fit of more."""
    best.pose.world[frames] = pose.world
    best.pose.root[frames] = pose.root
    if best.pose.betas is not None and pose.betas is not None:
        best.pose.betas[frames] = pose.betas
    best.energy[frames] = energy
    best.residual.index_copy_(-1, frames, residual)
    best.converged[frames] = done

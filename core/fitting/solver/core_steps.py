"""Steps on the poses of many frames near their optimum, most of them taken on a core set of vertices.

The frames are evaluated once on the whole skin; where next to nothing is left to gain, they stay. The others
minimise the model of `core_set` from there, with the factors of the whole skin's matrix and what their steps
teach (`Secants`), for as long as these promise much. The end is looked at on the whole skin, and no frame
keeps one that is higher than where it began. How much is left is asked of the frames that had furthest to go,
by their true gradient: of the others the first step promised less, and what is left of it is at most the same
share. Frames with more left go round again, from where they are; those that do not get there so take ordinary
steps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock

import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation, FitSkin, evaluation
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import SkinGradient, SkinLook
from core.fitting.objective.term import Posed, Terms
from core.fitting.solver.core_set import CoreModel, CoreShape
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.gauss_newton import (
    START_DAMPING,
    PoseFit,
    SolverContext,
    Stopped,
    fit_poses,
    go_on,
    merged,
)
from core.fitting.solver.linear_solve import Secants
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.solver.shared_factors import SharedFactors

# From so many frames on.
LEAST_FRAMES = 8
# Rounds, and steps of each.
ROUNDS, STEPS = 3, 8
# Where dense correctives are strong there is one: what the core set lacks shows in the directions that it
# knows least, and steps on the whole skin, by a matrix that knows these, get there sooner. Nor does the round
# go on once its steps promise less than this share of the first: so much the core set may be wrong by.
DENSE_ROUNDS, AS_FAR = 1, 0.02
# Where fewer are asked for than a round and its two looks at the whole skin, frames are left in the middle of
# one; but after two steps no frame is at its end, and either kind is as good.
LEAST_ITERATIONS, TOO_FEW_TO_END = STEPS + 2, 2
# Steps end where the next promises less than this share of what is asked of the stage; and frames stay where
# they are if the first does, unless too few of them stay: to take those along costs less.
INNER, AT_ONCE, MOST_AT_ONCE = 0.3, 0.25, 0.2
# So few frames may still be on their way when steps end: another costs all of them the same.
LATE = 0.05
# So much of the objective is lost in rounding.
ROUNDING = 1e-5
# Frames whose true gradient is taken in the end.
SAMPLE = 16
# Of a step that has raised the model, so much is tried next.
SHORTER = 0.25


def by_core(by: SolverContext, frames: int = LEAST_FRAMES) -> bool:
    """Whether `fit_poses_by_core` takes so many frames, by that skin and so many steps at most. Nor may
    frames have coefficients of their own."""
    enough = by.iterations <= TOO_FEW_TO_END or by.iterations >= LEAST_ITERATIONS
    return enough and core_serves(by.skin, frames)


def core_serves(skin: FitSkin, frames: int) -> bool:
    """Whether a core set of a skin is worth while for so many frames: what a vertex adds to the data term
    must depend on no other."""
    on_processor = skin.joint_template.device.type == "cpu"
    return frames >= LEAST_FRAMES and on_processor and skin.metric.local and skin.metric.sees_vertices


def made_once(make: Callable[[], CoreShape]) -> Callable[[], CoreShape]:
    """Makes a core set for the first thread that asks, while others wait for it."""
    made, lock = cache(make), Lock()

    def given() -> CoreShape:
        with lock:
            return made()

    return given


@torch.inference_mode()
def fit_poses_by_core(
    by: SolverContext,
    core: Callable[[], CoreShape],
    pose: Pose,
    targets: Tensor,
    terms: Terms,
    *,
    curved: bool = False,
    share: int = 1,
    known: SkinLook | None = None,
) -> PoseFit:
    """Fits n frames, each on its own, from near their optimum.

    Args:
        by: what all frames share.
        core: gives that of the skin and shape that they step by; not asked where all stay as they are.
        pose: n poses to start from.
        targets: (V, 3, n) metres.
        terms: of the frames beside the data term, which see each by itself.
        curved: have the correctives in the matrix from the start.
        share: so many frames in a row share factors.
        known: what is seen of the whole skin where they start, if somebody has looked.

    Raises:
        Stopped: before the first step was over.
    """
    # Where few features move a vertex, a step more on the core set costs less than they do in the matrix.
    curved = curved and not by.skin.patches.sparse
    count, data = targets.shape[2], by.data(targets)
    go_on(by)
    start = _start(by, data, pose, terms, curved, share, known)
    if by.seen is not None:
        by.seen(float(start.value.energy.mean()))
    go_on(by)
    stays = start.promised <= AT_ONCE * by.tolerance * start.value.energy
    if float(stays.float().mean()) < MOST_AT_ONCE:
        stays = torch.zeros_like(stays)
    left = torch.nonzero(~stays).squeeze(1)
    steps = torch.zeros(count, dtype=torch.int32, device=targets.device)
    at = Pose(pose.world.clone(), pose.root.clone())
    found = PoseFit(at, start.value.energy, start.value.residual, stays, steps, curved)
    for number in range(DENSE_ROUNDS if by.skin.patches.strong else ROUNDS):
        used = int(found.steps.max())
        if not len(left) or used >= by.iterations or (number and by.stopped()):
            return found
        if number:
            start = _start(by, data[left], found.pose[left], terms[left], curved, 1)
        elif len(left) < count:
            start = start[left]
        end = _round(by, core(), start, min(STEPS, by.iterations - used))
        if len(left) == count:
            end.steps, end.curved = end.steps + found.steps, curved
            found = end
        else:
            found.put(left, end)
        left = torch.nonzero(~found.converged).squeeze(1)
    used = int(found.steps.max())
    if len(left) and used < by.iterations:
        rest = replace(by, iterations=by.iterations - used, seen=None, watch=None)
        with contextlib.suppress(Stopped):
            found.put(left, fit_poses(rest, found.pose[left], targets[..., left], terms[left], curved=True))
    return found


@dataclass(eq=False)
class _Start:
    """n frames, looked at on the whole skin.

    Attributes:
        data: their data term.
        terms: beside it.
        at: where they are.
        value: the objective there.
        by_skin: (n,) the data term there.
        back: its derivatives.
        factors: to step by.
        slope: (n, D) gradient.
        step: (n, D) the first.
        promised: (n,) what it promises.
    """

    data: DataTerm
    terms: Terms
    at: Posed
    value: Evaluation
    by_skin: Tensor
    back: SkinGradient
    factors: SharedFactors
    slope: Tensor
    step: Tensor
    promised: Tensor

    def __getitem__(self, which: Tensor) -> _Start:
        return _Start(
            self.data[which],
            self.terms[which],
            Posed(self.at.tree, self.at.pose[which]),
            self.value[which],
            self.by_skin[which],
            self.back[which],
            self.factors[which],
            self.slope[which],
            self.step[which],
            self.promised[which],
        )


def _start(
    by: SolverContext,
    data: DataTerm,
    pose: Pose,
    terms: Terms,
    curved: bool,
    share: int,
    known: SkinLook | None = None,
) -> _Start:
    at = Posed(by.skin.tree, pose)
    energy, residual, _, back = known or by.skin.derivatives(at, by.shape, data.targets)
    value = evaluation(at, energy, residual, back, terms)
    factors = SharedFactors(
        data, pose, terms, by.unknowns, START_DAMPING, share=share, curved=curved, bends=value.bends
    )
    slope = gradient(value, by.unknowns)
    return _Start(data, terms, at, value, energy, back, factors, slope, *factors.solve(slope))


def _round(by: SolverContext, core: CoreShape, start: _Start, most: int) -> PoseFit:
    """So many steps at most on the core set, and a look at where they lead."""
    model = CoreModel(core, start.at, start.by_skin, start.back, start.data.targets[core.rows])
    secants = Secants()
    enough = (AS_FAR if by.skin.patches.strong else 0.0) * start.promised
    here, value, slope = start.at.pose, start.value.energy, start.slope
    step, promised = start.step, start.promised
    bold, taken = torch.ones_like(promised), 0
    while taken < most and not (taken and by.stopped()):
        tried = bold[:, None] * step
        there = moved(here, tried, by.unknowns)
        after = model.evaluate(Posed(by.skin.tree, there), start.terms)
        change = gradient(after, by.unknowns) - slope
        good = after.energy <= value + ROUNDING * start.value.energy
        secants.learn(tried, change, good)
        taken += 1
        if bool(good.all()):
            here, slope, value = there, slope + change, after.energy
        else:
            here = merged(good, there, here)
            slope = torch.where(good[:, None], slope + change, slope)
            value = torch.where(good, after.energy, value)
            bold = torch.where(good, 1.0, SHORTER * bold)
        step, promised = secants.step(slope, start.factors.solve)
        far = promised > torch.maximum(INNER * by.tolerance * value, enough)
        if float(far.float().mean()) <= LATE:
            break
    energy, residual = start.data.value_and_residuals(here, start.terms)
    rose = torch.nonzero(~(energy <= start.value.energy)).squeeze(1)
    if len(rose):
        here.world[rose], here.root[rose] = start.at.pose.world[rose], start.at.pose.root[rose]
        energy[rose], residual[..., rose] = start.value.energy[rose], start.value.residual[..., rose]
    # What is left, of those that had furthest to go; where strong correctives bend the objective, frame by
    # frame as it likes, of all.
    sample = len(energy) if by.skin.patches.strong else min(SAMPLE, len(energy))
    hardest = torch.topk(start.promised / energy, sample).indices
    true = start.data[hardest].evaluate(here[hardest], start.terms[hardest])
    _, left = start.factors[hardest].solve(gradient(true, by.unknowns))
    rate = (left / start.promised[hardest].clamp_min(1e-30)).max()
    promised = torch.maximum(rate * start.promised, promised)
    promised[hardest], promised[rose] = left, start.promised[rose]
    steps = torch.full_like(start.promised, taken, dtype=torch.int32)
    return PoseFit(here, energy, residual, promised <= by.tolerance * energy, steps)

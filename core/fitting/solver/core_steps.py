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
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from threading import Lock

import torch
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.objective import Evaluation, FitSkin, evaluation, evaluation_of
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
DENSE_ROUNDS, DENSE_AS_FAR = 1, 0.02
# Likewise elsewhere; and after more steps than these factors are made anew.
AS_FAR, LONG = 5e-4, 3
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
# Frames whose true gradient is taken in the end, and the share of doubtful ones from which it is of all.
SAMPLE, DOUBTFUL = 16, 0.25
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
    start = start if len(left) == count else start[left]
    few = long = False
    for number in range(DENSE_ROUNDS if by.skin.patches.strong else ROUNDS):
        used = int(found.steps.max())
        if not len(left) or few or used >= by.iterations or (number and by.stopped()):
            break
        if number and long:
            start.renew(by, curved)
        end, seen, rose = _round(by, core(), start, min(STEPS, by.iterations - used))
        if bool(rose.any()):
            end.residual[..., rose] = found.residual[..., left[rose]]
        if len(left) == count:
            end.steps, end.curved = end.steps + found.steps, curved
            found = end
        else:
            found.put(left, end)
        again = torch.nonzero(~end.converged & ~rose).squeeze(1)
        left, few, long = left[again], len(again) < LEAST_FRAMES, int(end.steps.max()) > LONG
        if not len(left):
            break
        start = _go_on(by, start, again, found.pose[left], None if seen is None else seen.of(again))
        # Now that each has its own gradient, some are found to be there.
        there = start.promised <= by.tolerance * start.value.energy
        if bool(there.any()):
            found.converged[left[there]] = True
            some = torch.nonzero(~there).squeeze(1)
            start, left = start[some], left[some]
    left, used = torch.nonzero(~found.converged).squeeze(1), int(found.steps.max())
    if len(left) and used < by.iterations:
        rest = replace(by, iterations=by.iterations - used, seen=None, watch=None)
        value = None
        if start.place is not None and torch.equal(left, start.place):
            value = replace(start.value, residual=frames_last.some(found.residual, left))
        curved = curved or not few
        with contextlib.suppress(Stopped):
            found.put(
                left,
                fit_poses(
                    rest, found.pose[left], targets[..., left], terms[left], curved=curved, value=value
                ),
            )
    return found


@dataclass(eq=False)
class _Start:
    """n frames, looked at on the whole skin.

    Attributes:
        lot: the data term of a lot.
        place: (n,) which of it they are; None for all.
        terms: of the n frames, beside it.
        at: where they are.
        value: the objective there; without residuals where these are some of a lot.
        by_skin: (n,) the data term there.
        back: its derivatives.
        factors: to step by.
        slope: (n, D) gradient.
        step: (n, D) the first.
        promised: (n,) what it promises.
        secants: what steps have taught.
    """

    lot: DataTerm
    place: Tensor | None
    terms: Terms
    at: Posed
    value: Evaluation
    by_skin: Tensor
    back: SkinGradient
    factors: SharedFactors
    slope: Tensor
    step: Tensor
    promised: Tensor
    secants: Secants = field(default_factory=Secants)

    @cached_property
    def data(self) -> DataTerm:
        """Their data term."""
        return self.lot if self.place is None else self.lot[self.place]

    def data_of(self, which: Tensor) -> DataTerm:
        """That of the frames ``which`` (m,)."""
        return self.lot[which if self.place is None else self.place[which]]

    def renew(self, by: SolverContext, curved: bool) -> None:
        """Makes factors of where the frames are now."""
        self.factors = SharedFactors(
            self.lot,
            self.at.pose,
            self.terms,
            by.unknowns,
            START_DAMPING,
            curved=curved,
            bends=self.value.bends,
        )
        self.secants = Secants()
        self.step, self.promised = self.factors.solve(self.slope)

    def __getitem__(self, which: Tensor) -> _Start:
        return _Start(
            self.lot,
            which if self.place is None else self.place[which],
            self.terms[which],
            Posed(self.at.tree, self.at.pose[which]),
            replace(self.value, residual=self.value.residual[:0])[which],
            self.by_skin[which],
            self.back[which],
            self.factors[which],
            self.slope[which],
            self.step[which],
            self.promised[which],
            self.secants.of(which),
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
    return _Start(data, None, terms, at, value, energy, back, factors, slope, *factors.solve(slope))


def _round(
    by: SolverContext, core: CoreShape, start: _Start, most: int
) -> tuple[PoseFit, SkinLook | None, Tensor]:
    """So many steps at most on the core set, and a look at where they lead; what that sees, if it sees the
    gradient of all, and (n,) bool which frames rose, and are where they were."""
    targets = start.lot.targets[core.rows]
    if start.place is not None:
        targets = frames_last.some(targets, start.place)
    model = CoreModel(core, start.at, start.by_skin, start.back, targets)
    secants = start.secants
    enough = (DENSE_AS_FAR if by.skin.patches.strong else AS_FAR) * start.promised
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
    # What is left, by the true gradient of those that had furthest to go; of all, where those say that many
    # others have more left than they may.
    sees_all = by.skin.patches.strong
    if not sees_all:
        hardest = torch.topk(start.promised / start.value.energy, min(SAMPLE, len(value))).indices
        true = start.data_of(hardest).evaluate(here[hardest], start.terms[hardest])
        _, left = start.factors[hardest].solve(gradient(true, by.unknowns))
        rate = (left / start.promised[hardest].clamp_min(1e-30)).max()
        promised = torch.maximum(rate * start.promised, promised)
        promised[hardest] = left
        sees_all = float((promised > by.tolerance * value).float().mean()) > DOUBTFUL
    seen: SkinLook | None = None
    if sees_all:
        at = Posed(by.skin.tree, here)
        seen = by.skin.derivatives(at, by.shape, start.data.targets)
        true = evaluation_of(at, seen, start.terms)
        energy, residual = true.energy, true.residual
        _, promised = start.factors.solve(gradient(true, by.unknowns))
    else:
        energy, residual = start.data.value_and_residuals(here, start.terms)
    rose = ~(energy <= start.value.energy)
    if bool(rose.any()):
        here.world[rose], here.root[rose] = start.at.pose.world[rose], start.at.pose.root[rose]
        energy[rose], promised[rose] = start.value.energy[rose], start.promised[rose]
    steps = torch.full_like(start.promised, taken, dtype=torch.int32)
    return PoseFit(here, energy, residual, promised <= by.tolerance * energy, steps), seen, rose


def _go_on(by: SolverContext, start: _Start, which: Tensor, pose: Pose, seen: SkinLook | None) -> _Start:
    """Frames ``which`` (m,) of an earlier start where they are now, with its factors and what it has learnt;
    what is seen of the skin there, if somebody has looked."""
    at, terms = Posed(by.skin.tree, pose), start.terms[which]
    factors, secants = start.factors[which], start.secants.of(which)
    seen = seen or by.skin.derivatives(at, by.shape, start.data_of(which).targets)
    value = evaluation_of(at, seen, terms)
    slope = gradient(value, by.unknowns)
    step = secants.step(slope, factors.solve)
    place = which if start.place is None else start.place[which]
    return _Start(start.lot, place, terms, at, value, seen.energy, seen.back, factors, slope, *step, secants)

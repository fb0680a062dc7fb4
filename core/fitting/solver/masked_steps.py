"""The steps of `core.fitting.solver.gauss_newton` as a device wants them: all frames take part in every
operation, and the processor waits for what came of it once a step.

Frames that are done are masked, not taken out, until they are many. What the next step would promise is found
before the processor is told of this one, so that it can tell whether there will be another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.solver import gauss_newton
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.frame_rows import serves
from core.fitting.solver.linear_solve import steps_against
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.solver.row_steps import TAKE_OUT_BELOW, TAKE_OUT_FROM, fit_poses_in_rows
from core.fitting.solver.stacked_secants import StackedSecants


@dataclass(eq=False)
class _State:
    """Where n frames are.

    Attributes:
        index: (n,) their places among all frames; None for all.
        pose, value, slope: and its gradient (n, D).
        damping: (n,).
        live: (n,) bool: not at their end.
        done: (n,) bool: converged.
        steps: (n,) tried.
        factor: (n, D, D), or None before the first.
    """

    index: Tensor | None
    data: DataTerm
    terms: Terms
    pose: Pose
    value: Evaluation
    slope: Tensor
    damping: Tensor
    live: Tensor
    done: Tensor
    steps: Tensor
    factor: Tensor | None = None


def factorise_at_once(matrix: Tensor, damping: Tensor) -> Tensor:
    """As `core.fitting.solver.linear_solve.factorise`, without a look at what came of it: a matrix that is
    none to step by gives way to its diagonal."""
    diagonal = matrix.diagonal(dim1=1, dim2=2)
    floor = 1e-6 * diagonal.mean(1, keepdim=True) + 1e-12
    diagonal.add_(torch.addcmul(floor, diagonal, damping[:, None]))
    factor, info = torch.linalg.cholesky_ex(matrix)
    alone = torch.diag_embed((2 * diagonal).clamp_min(floor).sqrt())
    return torch.where((info > 0)[:, None, None], alone, factor)


@torch.inference_mode()
def fit_poses_masked(
    by: gauss_newton.SolverContext,
    pose: Pose,
    targets: Tensor,
    terms: Terms,
    *,
    frozen_steps: int = 0,
    curved: bool = False,
    value: Evaluation | None = None,
    roughly: bool = False,
) -> gauss_newton.PoseFit:
    """Fits n frames, each on its own; arguments and errors as of `gauss_newton.fit_poses`.

    Returns:
        The best pose of each frame.
    """
    if serves(terms, by.unknowns):
        return fit_poses_in_rows(
            by, pose, targets, terms, frozen_steps=frozen_steps, curved=curved, roughly=roughly
        )
    count, device, data = targets.shape[2], targets.device, by.data(targets)
    _go_on(by)
    if value is None:
        value = data.evaluate(pose, terms, frozen=frozen_steps > 0)
    live = torch.ones(count, dtype=torch.bool, device=device)
    at = _State(
        None,
        data,
        terms,
        pose,
        value,
        gradient(value, by.unknowns),
        torch.full((count,), gauss_newton.START_DAMPING, device=device, dtype=targets.dtype),
        live,
        torch.zeros_like(live),
        torch.zeros(count, dtype=torch.int32, device=device),
    )
    secants, whole = StackedSecants(), _Whole(at, count)
    means: list[Tensor] = []
    # How many frames need new factors, and which: all of them at first.
    stale_count, stale = count, live
    left, ahead = count, None
    _go_on(by)
    for number in range(by.iterations + 1):
        frozen = number < frozen_steps
        if left == count:
            means.append(at.value.energy.mean())
            if by.watch is not None:
                by.watch(_found(at, curved))
        if stale_count:
            _renew(at, by, stale, stale_count, curved and not frozen)
            ahead = None
        step, promise = ahead or _step(at, secants)
        _end(at, by, promise, frozen)
        if number == by.iterations or by.stopped():
            break
        thaws = number + 1 == frozen_steps
        trial = moved(at.pose, step, by.unknowns)
        after = at.data.evaluate(trial, at.terms, frozen=number + 1 < frozen_steps)
        at.steps += at.live
        gain = at.value.energy - after.energy
        risen, before = ~(gain >= 0), at.slope
        good = at.live & ~risen
        stale = at.live & (gain < gauss_newton.KEEP_FACTOR_ABOVE * promise)
        damping = torch.where(
            risen, at.damping * 10, (at.damping * 0.1).clamp_min_(gauss_newton.START_DAMPING)
        )
        at.damping = torch.where(at.live, damping, at.damping)
        if not frozen:
            secants.learn(step, gradient(after, by.unknowns) - before, good)
        at.pose = gauss_newton.merged(good, trial, at.pose)
        at.value = gauss_newton.merged_values(good, after, at.value)
        at.slope = gradient(at.value, by.unknowns)
        if thaws:
            stay_frozen = at.live & risen
            left, stale_count, kept = _told(at.live, stale, stay_frozen)
            if kept:
                # What was kept has the gradient of constant correctives: take the true one from here on.
                at.damping = torch.full_like(at.damping, gauss_newton.START_DAMPING)
                at.value = at.data.evaluate(at.pose, at.terms)
                at.slope = gradient(at.value, by.unknowns)
            if curved:
                stale, stale_count = at.live, left
            ahead = None
        else:
            ahead = _step(at, secants)
            left, stale_count = _told(at.live & ~(_ends(at, by, ahead[1], frozen) & ~stale), stale)
        if stale_count:
            curved = curved or (not frozen and number > 0)
        if not left or (roughly and not frozen and 2 * left <= count):
            if ahead is not None:
                _end(at, by, ahead[1], frozen, ~stale)
            break
        if left < TAKE_OUT_BELOW * len(at.live) and len(at.live) >= TAKE_OUT_FROM and ahead is not None:
            _end(at, by, ahead[1], frozen, ~stale)
            order = torch.argsort(at.live, descending=True, stable=True)[:left]
            whole.put(at)
            at, stale = _some(at, order), stale[order]
            secants.keep(order)
            ahead = ahead[0][order], ahead[1][order]
    found = whole.with_last(at, curved)
    if by.seen is not None and means:
        for mean in torch.stack(means).tolist():
            by.seen(mean)
    return found


def _go_on(by: gauss_newton.SolverContext) -> None:
    if by.stopped():
        raise gauss_newton.Stopped


def _told(*which: Tensor) -> list[int]:
    """How many frames there are in each (n,) bool: what the processor waits for."""
    counts: list[int] = torch.stack(which).sum(1).tolist()
    return counts


def _step(at: _State, secants: StackedSecants) -> tuple[Tensor, Tensor]:
    factor = at.factor
    assert factor is not None
    return secants.step(at.slope, lambda slope: steps_against(factor, slope))


def _ends(at: _State, by: gauss_newton.SolverContext, promise: Tensor, frozen: bool) -> Tensor:
    """(n,) bool: frames that have converged, or that no step can be found for."""
    hopeless = at.damping >= gauss_newton.MOST_DAMPING
    return hopeless if frozen else hopeless | (promise <= by.tolerance * at.value.energy)


def _end(
    at: _State,
    by: gauss_newton.SolverContext,
    promise: Tensor,
    frozen: bool,
    known: Tensor | None = None,
) -> None:
    """Frames at their end take no further part; those that are not ``known`` stay."""
    ends = at.live & _ends(at, by, promise, frozen)
    if known is not None:
        ends &= known
    if not frozen:
        at.done |= ends & (promise <= by.tolerance * at.value.energy)
    at.live = at.live & ~ends


def _renew(at: _State, by: gauss_newton.SolverContext, stale: Tensor, stale_count: int, curved: bool) -> None:
    """Makes new factors for the frames whose old ones are stale."""
    robust_weights = at.value.robust_weights
    if at.factor is None or 2 * stale_count > len(stale):
        matrix = at.data.matrix(at.pose, at.terms, by.unknowns, robust_weights, curved=curved)
        at.factor = factorise_at_once(matrix, at.damping)
        return
    some = torch.argsort(stale, descending=True)[:stale_count]
    weights = None if robust_weights is None else robust_weights[:, some]
    matrix = at.data.matrix(at.pose[some], at.terms[some], by.unknowns, weights, curved=curved)
    at.factor[some] = factorise_at_once(matrix, at.damping[some])


def _some(at: _State, order: Tensor) -> _State:
    return _State(
        order if at.index is None else at.index[order],
        at.data[order],
        at.terms[order],
        at.pose[order],
        at.value[order],
        at.slope[order],
        at.damping[order],
        at.live[order],
        at.done[order],
        at.steps[order],
        None if at.factor is None else at.factor[order],
    )


def _found(at: _State, curved: bool) -> gauss_newton.PoseFit:
    return gauss_newton.PoseFit(at.pose, at.value.energy, at.value.residual, at.done, at.steps, curved)


class _Whole:
    """All frames, from when some are taken out."""

    def __init__(self, at: _State, count: int) -> None:
        self.count = count
        self.found: gauss_newton.PoseFit | None = None

    def put(self, at: _State) -> None:
        """Takes in the frames as they are now."""
        if at.index is None or self.found is None:
            found = _found(at, False)
            pose = Pose(
                found.pose.world.clone(),
                found.pose.root.clone(),
                None if found.pose.betas is None else found.pose.betas.clone(),
            )
            self.found = replace(
                found,
                pose=pose,
                energy=found.energy.clone(),
                residual=found.residual.clone(),
                converged=found.converged.clone(),
                steps=found.steps.clone(),
            )
            return
        gauss_newton.store(self.found, at.index, at.pose, at.value.energy, at.value.residual, at.done)
        self.found.steps[at.index] = at.steps

    def with_last(self, at: _State, curved: bool) -> gauss_newton.PoseFit:
        """All frames, those that were left to the end as they are."""
        if at.index is None:
            return _found(at, curved)
        self.put(at)
        assert self.found is not None
        return replace(self.found, curved=curved)

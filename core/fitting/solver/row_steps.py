"""The steps of `core.fitting.solver.gauss_newton` on `core.fitting.solver.frame_rows`: as devices want them
where terms beside the data term are nothing but pulls.

All frames take part in every operation, those that are done are masked until they are many, every step has
new factors, and the processor waits once a step: for how many frames are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.solver import gauss_newton
from core.fitting.solver.frame_rows import FrameRows

# Frames are taken out once fewer than this share of them are left, where there are so many.
TAKE_OUT_BELOW, TAKE_OUT_FROM = 0.5, 64
# Where few features move a vertex, most frames are done before what steps teach is worth its operations.
LEARNS_FROM = 2


@dataclass(eq=False)
class _Lot:
    """The frames that take part.

    Attributes:
        index: (n,) their places among all frames; None for all.
        frames: where they are.
        live: (n,) bool: not at their end.
        tried: (n,) bool of each step.
    """

    index: Tensor | None
    frames: FrameRows
    live: Tensor
    tried: list[Tensor] = field(default_factory=list)

    @property
    def steps(self) -> Tensor:
        """(n,) tried since frames were last taken out."""
        if not self.tried:
            return torch.zeros_like(self.live, dtype=torch.int32)
        return torch.stack(self.tried).sum(0, dtype=torch.int32)

    def some(self, order: Tensor) -> _Lot:
        """The frames ``order`` (m,) alone."""
        index = order if self.index is None else self.index[order]
        return _Lot(index, self.frames[order], self.live[order])


@torch.inference_mode()
def fit_poses_in_rows(
    by: gauss_newton.SolverContext,
    pose: Pose,
    targets: Tensor,
    terms: Terms,
    *,
    frozen_steps: int = 0,
    curved: bool = False,
    roughly: bool = False,
) -> gauss_newton.PoseFit:
    """Fits n frames, each on its own; arguments and errors as of `gauss_newton.fit_poses`.

    Returns:
        The best pose of each frame.
    """
    count, dense = targets.shape[2], not by.skin.patches.sparse
    gauss_newton.go_on(by)
    own = pose.betas is not None
    frames = FrameRows(by.data(targets), terms, by.unknowns, gauss_newton.START_DAMPING, own=own)
    frames.begin(pose, frozen=frozen_steps > 0)
    lot, whole = _Lot(None, frames, torch.ones(count, dtype=torch.bool, device=targets.device)), None
    shorter, longer = targets.new_tensor(0.1), targets.new_tensor(10.0)
    means: list[Tensor] = []
    gauss_newton.go_on(by)
    for number in range(by.iterations + 1):
        frozen, frames = number < frozen_steps, lot.frames
        if lot.index is None:
            if by.seen is not None:
                means.append(frames.now.energy.mean())
            if by.watch is not None:
                by.watch(_found(lot, curved))
        curved = dense and (curved or number > frozen_steps)
        step, promise = frames.step(curved=curved and not frozen)
        if not frozen:
            lot.live = lot.live > (promise <= by.tolerance * frames.now.energy)
        if number == by.iterations or by.stopped():
            break
        left = _told(lot.live)
        if not left or (roughly and not frozen and 2 * left <= count):
            break
        if left < TAKE_OUT_BELOW * len(lot.live) and len(lot.live) >= TAKE_OUT_FROM:
            order = torch.argsort(lot.live, descending=True, stable=True)[:left]
            whole = _put(whole, lot, curved)
            lot, step, promise = lot.some(order), step[order], promise[order]
            frames = lot.frames
        thaws = number + 1 == frozen_steps
        frames.try_step(step, frozen=number + 1 < frozen_steps)
        lot.tried.append(lot.live)
        good = lot.live & (frames.next.energy <= frames.now.energy)
        frames.take(good)
        if number - frozen_steps >= (0 if dense else LEARNS_FROM):
            frames.learn(step, promise)
        frames.damping *= torch.where(good[:, None], shorter, longer)
        frames.damping.clamp_min_(gauss_newton.START_DAMPING)
        if thaws:
            # What was kept has the gradient of constant correctives: take the true one from here on.
            frames.damping.fill_(gauss_newton.START_DAMPING)
            frames.evaluate(frames.now, frozen=False)
    found = _put(whole, lot, curved)
    if by.seen is not None and means:
        for mean in torch.stack(means).tolist():
            by.seen(0.5 * mean)
    return found


def _told(live: Tensor) -> int:
    """How many frames are left: what the processor waits for."""
    return int(live.sum())


def _found(lot: _Lot, curved: bool) -> gauss_newton.PoseFit:
    energy, residual = lot.frames.seen()
    return gauss_newton.PoseFit(lot.frames.pose(), energy, residual, ~lot.live, lot.steps, curved)


def _put(whole: gauss_newton.PoseFit | None, lot: _Lot, curved: bool) -> gauss_newton.PoseFit:
    """All frames, those of the lot as they are now."""
    found = _found(lot, curved)
    if whole is None or lot.index is None:
        return found
    whole.put(lot.index, found)
    whole.curved = curved
    return whole

"""What an independent minimisation still finds from where the frames of a fit have ended.

The objective is that of `core.fitting.reference.autograd_objective`, frame by frame, in double precision on
the `smplx` package's layer, its gradient by autograd. L-BFGS goes down from there; the fit's own matrix is no
more than the metric that it starts with, and decides how fast it is, not where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver.convergence import Left, look
from core.fitting.solver.linear_solve import factorise
from core.fitting.solver.normal_equations import largest_turn, moved
from core.fitting.stage.stage import PoseStage
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.skinning import rotation_matrices
from tests.core.fitting.judged import judged

PAIRS, HALVINGS = 15, 12
FURTHEST = 20.0


@dataclass(frozen=True, eq=False)
class Minima:
    """Of n frames.

    Attributes:
        fitted: (n,) objective where the fit has ended, square metres.
        reached: (n,) where the minimisation has.
        degrees: (n,) between the two, of the joint that turns furthest against its parent.
        told: what the fit's own look says of the same frames.
    """

    fitted: np.ndarray
    reached: np.ndarray
    degrees: np.ndarray
    told: Left

    @property
    def left(self) -> np.ndarray:
        """(n,) what was left to gain, as a share of the objective."""
        return self.fitted / self.reached - 1


def frame_minima(
    motion: Motion,
    pair: BodyPair,
    settings: FitSettings,
    result: FitResult,
    ids: np.ndarray,
    iterations: int = 40,
) -> Minima:
    """Minimises the objective of some frames (ids) from where a fit in the vertex metric has left them, its
    shape held."""
    held = replace(settings, shape="fixed")
    run = FitRun(motion, pair, held, device="cpu", threads=1, betas=result.betas)
    problem = run._problem(held, "source")
    by = PoseStage(problem, ids, None, lambda: False).by
    objective, state = judged(motion.some(ids), pair, held, result.take(ids))
    tree, layer, terms = pair.target.tree, objective.layer, problem.terms(ids)
    start = Pose(
        tree.world_rotations(rotation_matrices(state.poses)),
        state.transl - torch.as_tensor(motion.trans[ids]).double() + by.shape.rest[0].double(),
    )
    targets = objective.targets - torch.as_tensor(motion.trans[ids]).double()[:, None]

    betas = torch.nn.functional.pad(state.betas, (0, pair.target.num_betas - len(state.betas)))

    def value(step: Tensor) -> Tensor:
        pose = moved(start, step, by.unknowns)
        relative = tree.relative_rotations(pose.world)
        skin, _ = layer(relative, betas, pose.root - by.shape.rest[0].double(), None)
        apart = skin[:, objective.vertices] - targets
        found = 0.5 * (objective.weights[:, None] * apart.square()).sum((1, 2))
        at = Posed(tree, pose, relative)
        for term in objective.others:
            found = found + term.value(at)
        return found

    with torch.inference_mode():
        single = Pose(start.world.float(), start.root.float())
        told = look(by, single, problem.targets.at(ids), terms)
        matrix = by.data(problem.targets.at(ids)).matrix(single, terms, by.unknowns, None, curved=True)
    factor = factorise(matrix.clone(), torch.full((len(ids),), 1e-4)).double()
    step, fitted, reached = _minimised(
        value, factor, iterations, lambda step: largest_turn(step, by.unknowns, tree.parents)
    )
    degrees = largest_turn(step, by.unknowns, tree.parents)
    return Minima(fitted.numpy(), reached.numpy(), degrees.numpy(), told)


def _minimised(value, factor: Tensor, iterations: int, turn) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[no-untyped-def]
    """L-BFGS on n functions at once from zero: where each ends, its value at first and in the end. It stays
    in the valley where it begins: no joint turns further than `FURTHEST` in a step, by ``turn`` of it."""

    def both(at: Tensor) -> tuple[Tensor, Tensor]:
        at = at.detach().requires_grad_()
        values = value(at)
        return values.detach(), torch.autograd.grad(values.sum(), at)[0]

    at = torch.zeros(factor.shape[:2], dtype=torch.float64)
    now, slope = both(at)
    first, pairs = now, []
    for _ in range(iterations):
        way, amounts = slope, []
        for step, change, share in reversed(pairs):
            amounts.append(share * (step * way).sum(1, keepdim=True))
            way = way - amounts[-1] * change
        half = torch.linalg.solve_triangular(factor, way[..., None], upper=False)
        way = torch.linalg.solve_triangular(factor.transpose(1, 2), half, upper=True).squeeze(-1)
        for (step, change, share), amount in zip(pairs, reversed(amounts), strict=True):
            way = way + (amount - share * (change * way).sum(1, keepdim=True)) * step
        promised = (slope * way).sum(1)
        if bool((promised <= 1e-8 * now).all()):
            break
        length = (FURTHEST / turn(way).clamp_min(FURTHEST)).to(now)
        for _ in range(HALVINGS):
            with torch.no_grad():
                good = value(at - length[:, None] * way) <= now - 1e-4 * length * promised
            if bool(good.all()):
                break
            length = torch.where(good, length, 0.5 * length)
        step = -torch.where(good, length, 0)[:, None] * way
        after, further = both(at + step)
        change = further - slope
        product = (step * change).sum(1, keepdim=True)
        pairs = [*pairs[1 - PAIRS :], (step, change, torch.where(product > 0, 1 / product, 0))]
        at, now, slope = at + step, after, further
    return at, first, now

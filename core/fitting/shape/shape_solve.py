"""Shape and poses solved together: one person has one shape, whatever the frame. Where the shape is known
already, the poses alone.

The first steps take the pose correctives as constant, as is right from afar. Then steps go on from one arrow
of normal equations (`core.fitting.shape.arrow`) for as long as it serves, learning from each.

All that come from afar see a core set of the vertices alone (`core.fitting.solver.core_set`), a tenth of
them, each weighing as much as those nearest to it: with D the data term and D_c that of the core set,

    D_c = sum over c of w_c |v_c - t_c|^2,    w_c = sum of the weights nearest to c,

is D by a coarser quadrature of the same surface. Its optimum leaves less than a percent of D, for a fifth of
a look and a third of an arrow. From there on D itself is minimised, with the arrow that has led there for as
long as steps by it keep their promises. Where they stop is told by D alone: with g its true gradient and A
the arrow with what the steps have taught, once

    1/2 g^T A^-1 g  <=  tolerance times the objective,

so that the optimum is that of the whole skin, whatever was seen on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation, FitSkin, Shape, evaluation_of
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import SkinLook
from core.fitting.objective.term import Posed, Slope, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.shape.arrow import (
    MOST_PAIRS,
    Arrow,
    Eliminated,
    Pairs,
    Vector,
    arrow_of,
    curved_matrix,
)
from core.fitting.shape.in_workers import InWorkers
from core.fitting.shape.shape_frames import ShapeChunk, ShapeUnknowns
from core.fitting.solver.core_jacobian import core_jacobian, seen_by_core
from core.fitting.solver.core_set import CoreSet
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.gauss_newton import (
    KEEP_FACTOR_ABOVE,
    MOST_DAMPING,
    START_DAMPING,
    SolverContext,
)
from core.fitting.solver.normal_equations import coupled_matrix, frame_matrix, gradient, moved
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.model.vertex_errors import lengths_mm

# Steps with constant correctives end when one gains less than this share of the objective, or delivers this
# much of its promise: they have come near.
ROUGH_TOLERANCE, NEAR = 0.05, 0.8
# What a step promises says how far it is to the optimum while it is damped no more than this.
TRUSTED_DAMPING = 0.1
# The arrow is made anew after a step that delivers less than this share of its promise, and after one that
# gains so large a share of the objective: it goes far. But not where the promise was right to so much of it.
RENEW_BELOW, FAR, AS_PROMISED = 0.3, 0.01, 0.4
# Damping of the first arrow where correctives are dense; less after a step that delivers most of its promise,
# more after one that does not.
FIRST_DAMPING, LESS_DAMPING, MORE_DAMPING = 0.1, 0.1, 3.0
# A step must gain this share of what the slope promises; the shortest that is tried.
SUFFICIENT, SHORTEST = 1e-4, 1e-2
# Steps end when the next one promises less than this share of the tolerance: along directions that are hardly
# known, promises are often kept several times over. On the core set they end at so many times as much.
SURE, ON_CORE = 0.3, 30.0


@dataclass(frozen=True, eq=False)
class _Tried:
    """Where a step leads: the shape as it is seen, poses, values and looks of each chunk, the objective."""

    shape: Shape
    poses: list[Pose]
    values: list[Evaluation]
    looks: list[SkinLook]
    energy: float


class ShapeFit:
    """Joint steps on betas and the poses of some frames; call `step` until it says that it is done.

    Args:
        skin: of the target.
        normal: its normal matrices.
        chunks: the frames; their poses are moved.
        unknowns: of each frame. Where the body does not move as a whole, its root joint stays.
        solved: the coefficients.
        iterations: most steps of a frame.
        tolerance: done when a step promises less than this share of the objective.
        pool: runs the chunks.
        stopped: asked between steps; True ends them.
        frozen: begin with constant correctives, as is right from afar.
        counted: places in the skin's order of the vertices that `mean_mm` is over; None for all.
        core: of the skin, to take the first steps on; None for none.

    Attributes:
        curved: steps without the correctives in the matrix fall short, or would.
        converged: at the optimum of the whole skin.
    """

    def __init__(
        self,
        skin: FitSkin,
        normal: NormalMatrix,
        chunks: list[ShapeChunk],
        unknowns: Unknowns,
        solved: ShapeUnknowns,
        *,
        iterations: int,
        tolerance: float,
        pool: Executor,
        stopped: Callable[[], bool],
        frozen: bool = True,
        counted: Tensor | None = None,
        core: CoreSet | None = None,
    ) -> None:
        self.skin, self.normal, self.chunks, self.unknowns = skin, normal, chunks, unknowns
        self.solved, self.iterations, self.tolerance = solved, iterations, tolerance
        self.stopped, self._workers = stopped, InWorkers(pool, len(chunks))
        self.frames = sum(len(chunk.pose.world) for chunk in chunks)
        self._by_betas = bool(solved.free.any())
        # Dense correctives turn with every joint.
        self.curved = not skin.patches.sparse
        self.converged = self._stuck = False
        self.frozen, self.damping = frozen, START_DAMPING
        self._arrow: Arrow | None = None
        self._counted = counted
        self._see(core)
        self._workers.all_of(lambda: self._look(solved.start))
        if not frozen:
            self._thaw()

    def _see(self, core: CoreSet | None) -> None:
        """From now on looks at a core set, or at the whole skin."""
        self._core, self._seen_by, self._told = core, (self.skin, self.normal), self._counted
        self._targets = [chunk.targets for chunk in self.chunks]
        if core is not None:
            self._seen_by = core.skin, core.normal
            self._targets = [targets[core.rows] for targets in self._targets]
            if self._counted is not None:
                self._told = torch.nonzero(torch.isin(core.rows, self._counted)).squeeze(1)

    @property
    def betas(self) -> Tensor:
        """(Z,) now."""
        return self._seen.betas

    @property
    def shape(self) -> Shape:
        """Of the whole skin, now."""
        return self._seen if self._core is None else self._workers.one(lambda: self.skin.shape(self.betas))

    @property
    def energy(self) -> float:
        """Objective of all frames and the shape prior as it is seen, square metres."""
        return self._energy(self.betas, self.values)

    @property
    def mean_mm(self) -> float:
        """Mean v2v over the frames, millimetres; while steps see a core set, of that."""
        which: Tensor | slice = slice(None) if self._told is None else self._told
        distances = (lengths_mm(value.residual[which], 1) for value in self.values)
        return sum(float(distance.mean(0).sum()) for distance in distances) / self.frames

    def _energy(self, betas: Tensor, values: list[Evaluation]) -> float:
        data = sum(float(value.energy.double().sum()) for value in values)
        at = self._alike(betas)
        return data + self.frames * sum(float(term.value(at)) for term in self.solved.terms)

    def _alike(self, betas: Tensor) -> Posed:
        """The coefficients that frames share, as those of a single frame, in double precision."""
        tree, betas = self.skin.tree, betas.double()[None]
        still = torch.eye(3, dtype=betas.dtype, device=betas.device).expand(1, len(tree.parents), 3, 3)
        return Posed(tree, Pose(still, betas.new_zeros(1, 3), betas), still)

    def _pulled(self) -> tuple[Tensor, Tensor]:
        """(Z, Z) and (Z,) second and first derivative of what pulls on shared coefficients."""
        at, count = self._alike(self.betas), len(self.betas)
        slope = Slope.at_rest(at)
        matrix = slope.force.new_zeros(1, count, count)
        none = np.empty(0, dtype=int)
        unknowns = Unknowns(none, np.full(len(self.skin.tree.parents), -1), False, np.arange(count))
        for term in self.solved.terms:
            term.add_gradient(slope, at)
        self.solved.terms.add_blocks([matrix], at, unknowns)
        assert slope.betas is not None
        return self.frames * matrix[0], self.frames * slope.betas[0]

    def _look(self, betas: Tensor) -> None:
        """Takes in what is seen of where the poses stand, with these betas."""
        self._keep(*self._evaluate(betas, [chunk.pose for chunk in self.chunks], frozen=self.frozen))

    def _evaluate(
        self, betas: Tensor, poses: list[Pose], *, frozen: bool = False
    ) -> tuple[Shape, list[Evaluation], list[SkinLook]]:
        skin, _ = self._seen_by
        shape = self._workers.one(lambda: skin.shape(betas))

        def one(chunk: ShapeChunk, targets: Tensor, pose: Pose) -> tuple[Evaluation, SkinLook]:
            at = Posed(skin.tree, pose)
            seen = skin.derivatives(at, shape, targets, by_betas=self._by_betas, frozen=frozen)
            return self._value(at, seen, chunk.terms), seen

        found = self._workers.each(one, self.chunks, self._targets, poses)
        return shape, [value for value, _ in found], [seen for _, seen in found]

    def _value(self, at: Posed, seen: SkinLook, terms: Terms) -> Evaluation:
        return evaluation_of(at, seen._replace(back=seen.back.with_frozen()) if self.frozen else seen, terms)

    def _keep(self, shape: Shape, values: list[Evaluation], looks: list[SkinLook]) -> None:
        self._seen, self.values, self._looks = shape, values, looks
        self._known = True

    def _thaw(self) -> None:
        """From here on with the true gradient; after a step it has been seen already."""
        self.frozen, self._known = False, not any(seen.back.frozen for seen in self._looks)
        if self._known:
            places = [Posed(self.skin.tree, chunk.pose) for chunk in self.chunks]
            terms = [chunk.terms for chunk in self.chunks]
            self.values = self._workers.each(self._value, places, self._looks, terms)
        self.damping = START_DAMPING if self.skin.patches.sparse else FIRST_DAMPING

    def step(self) -> bool:
        """Goes on from one arrow as long as it serves; no step that raises the objective is taken.

        Returns:
            True when a further step would gain less than the tolerance, or none can be found.
        """
        return self._workers.all_of(self._step)

    @torch.inference_mode()
    def _step(self) -> bool:
        if self.frozen:
            self._frozen_step()
            return False
        if not self._known:
            self._look(self.betas)
        return self._from_one_arrow()

    def ends(self) -> list[ShapeChunk]:
        """The frames where they stand, with what is seen there of the whole skin, where that is known."""
        known = self._known and not self.frozen and self._core is None
        looks = self._looks if known else [None] * len(self.chunks)
        return [replace(chunk, seen=seen) for chunk, seen in zip(self.chunks, looks, strict=True)]

    def stepping(self) -> SolverContext:
        """What the poses step by, the shape held as it is now."""
        shape = self.shape
        return SolverContext(
            self.skin,
            shape,
            SkinStatistics(self.skin, self.normal, shape),
            self.unknowns,
            CorrectiveCurvature(self.skin, shape),
            self.iterations,
            self.tolerance,
            self.stopped,
        )

    def _frozen_step(self) -> None:
        """A step as if correctives were constant; one that raises the objective is taken back and damped."""
        arrow, slope = self._eliminated(curved=False), self._workers.one(self._slope)
        if self.stopped():
            return
        before = self.energy
        step, promise = self._workers.one(lambda: Pairs().promising(arrow, slope))
        tried = self._try(step)
        gain = before - tried.energy
        if gain < 0:
            self.damping *= 10
        else:
            self._take(tried)
            self.damping = max(0.1 * self.damping, START_DAMPING)
        # Constant correctives have given what they can.
        if gain < ROUGH_TOLERANCE * before or gain > NEAR * promise:
            self._thaw()

    def _from_one_arrow(self) -> bool:
        arrow = self._arrow or self._eliminated(curved=seen_by_core(self.skin))
        before, slope = self.energy, self._workers.one(self._slope)
        pairs, promise, self._arrow = Pairs(), 0.0, None
        least = (SURE if self._core is None else ON_CORE) * self.tolerance
        for count in range(MOST_PAIRS + 1):
            step, promise = self._workers.one(lambda: pairs.promising(arrow, slope))  # noqa: B023
            if self.stopped() or not promise > least * self.energy:
                break
            gain, share = self._search(step, -2 * promise)
            if not count:
                kept = gain / promise if share == 1 else 0.0
                self.damping *= LESS_DAMPING if kept > 0.75 else MORE_DAMPING if kept < 0.25 else 1.0
                self.damping = max(self.damping, START_DAMPING)
            far = gain > FAR * self.energy
            self.curved = self.curved or (not far and gain < KEEP_FACTOR_ABOVE * promise)
            if gain < RENEW_BELOW * promise or (far and abs(gain - promise) > AS_PROMISED * promise):
                break
            slope = self._workers.one(lambda: self._learnt(pairs, step.times(share), slope))  # noqa: B023
        if self._core is None:
            return self._ends(before, promise, arrow.damping)
        little = 0 <= promise <= least * self.energy
        if little or before - self.energy <= least * self.energy:
            # The core set has given what it can.
            self._arrow = arrow if little else None
            self._see(None)
            self._look(self.betas)
        return False

    def _ends(self, before: float, promise: float, damping: float) -> bool:
        """Whether steps from one arrow were the last, from the objective before them, what the next would
        promise and the arrow's damping."""
        if 0 <= promise <= SURE * self.tolerance * self.energy:
            # Damped much, any step promises little: once more, unless less damped ones gained nothing.
            self.converged = damping <= TRUSTED_DAMPING
            self.damping = START_DAMPING
            return self.converged or self._stuck
        self._stuck = before - self.energy <= 0.1 * self.tolerance * self.energy
        if not self._stuck:
            return False
        # There is no gain along the gradient, which is the true one: only if it is small all is well.
        self.converged = damping <= TRUSTED_DAMPING and promise <= self.tolerance * self.energy
        self.damping = max(self.damping, 10 * damping)
        return self.converged or self.damping > MOST_DAMPING

    def _slope(self) -> Vector:
        """The gradient of all that is solved, as it is seen."""
        betas = self._pulled()[1]
        for value in self.values:
            if value.betas is not None:
                betas = betas + (value.betas.sum(0) if value.betas.dim() == 2 else value.betas).double()
        betas = torch.where(self.solved.free, betas, 0)
        return Vector([gradient(value, self.unknowns) for value in self.values], betas)

    def _learnt(self, pairs: Pairs, step: Vector, before: Vector) -> Vector:
        """The gradient after a step, from that before it; what the step teaches is taken in."""
        after = self._slope()
        pairs.learn(step, after.plus(before, -1.0))
        return after

    def _search(self, step: Vector, slope: float) -> tuple[float, float]:
        """Goes down a step as far as that gains; what it gained, and the share of the step that was taken."""
        before, share = self.energy, 1.0
        while share >= SHORTEST and not self.stopped():
            tried = self._try(step.times(share))
            if tried.energy <= before + SUFFICIENT * share * slope:
                self._take(tried)
                return before - tried.energy, share
            share *= 0.5 if tried.energy < 2 * before else 0.25
        return 0.0, 0.0

    def _try(self, step: Vector) -> _Tried:
        """What is seen after a step."""
        betas, poses = self._workers.one(lambda: self._after(step))
        shape, values, looks = self._evaluate(betas, poses)
        return _Tried(shape, poses, values, looks, self._energy(betas, values))

    def _take(self, tried: _Tried) -> None:
        """Goes there."""
        self._keep(tried.shape, tried.values, tried.looks)
        for chunk, pose in zip(self.chunks, tried.poses, strict=True):
            chunk.pose = pose

    def _after(self, step: Vector) -> tuple[Tensor, list[Pose]]:
        """Where a step leads."""
        change, poses = step.betas.to(self.betas), []
        for chunk, one in zip(self.chunks, step.frames, strict=True):
            after = moved(chunk.pose, one, self.unknowns)
            own = None if after.betas is None else after.betas + change
            poses.append(Pose(after.world, after.root, own))
        return self.betas + change, poses

    def _eliminated(self, *, curved: bool) -> Arrow:
        """The arrow of where the frames stand, with the correctives' part or without."""
        (skin, normal), shape, damping = self._seen_by, self._seen, self.damping
        found = SkinStatistics(skin, normal, shape)
        jacobian = self._workers.one(lambda: core_jacobian(skin)) if curved else None

        def one(chunk: ShapeChunk, value: Evaluation) -> Eliminated:
            frames = chunk.pose, self.unknowns, chunk.terms, value
            if not self._by_betas and jacobian is None:
                matrix = frame_matrix(found, *frames[:3], value.robust_weights)
                return Eliminated.uncoupled(matrix, len(self.betas), damping)
            if jacobian is None:
                return Eliminated.of(*coupled_matrix(found, *frames), damping)
            return Eliminated.of(*curved_matrix(jacobian, skin, shape, *frames), damping)

        parts = self._workers.each(one, self.chunks, self.values)
        pulled = self._pulled()[0] if self._by_betas else None
        return self._workers.one(lambda: arrow_of(parts, pulled, self.solved.free, damping))

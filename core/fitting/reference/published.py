"""The published way to convert a body, as a yardstick: three stages by autograd, frame by frame.

What the tool `transfer_model` of the `smplx` repository does, written anew on the `smplx` package's layers:

1. edge: the pose, by differences along edges; all joints together, or one by one (``order='chain'``),
2. translation: the body as a whole, by vertices,
3. vertex: every parameter, each frame with a shape and an expression of its own,

with SciPy's trust-ncg (the tool's choice from SMPL-H to SMPL-X) or torch's L-BFGS (its choice back). The tool
starts at zero in everything. On purpose this differs from it in these points:

* A start from known rotations is possible, and the edge stage turns the root as well. The tool leaves
  ``global_orient`` out of that stage's gradient and starts it at zero, which suits meshes that face one way.
* The translation stage runs. The tool looks for a variable 'translation', has one called 'transl', and so
  leaves the stage out.
* Edges count with both ends valid. The tool counts all edges of faces with one valid vertex.
* The loss has the factor one half, and its gradient's tolerance with it. The tool ends a step's search by the
  largest entry of the gradient, or once steps are shorter than 1e-5; SciPy's by the gradient's length.
* Repeated rounds of L-BFGS end when they gain nothing more; the tool goes through all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.errors import RefitError
from core.fitting.recipe.recipe import PUBLISHED_STAGES
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_objective import AutogradObjective, counted_targets, valid_edges
from core.fitting.reference.autograd_unknowns import FitState, StageUnknowns, free_joint_mask, root_at_rest
from core.fitting.reference.minimise import Iterate, lbfgs, trust_ncg
from core.fitting.reference.smplx_layer import SmplxLayer
from core.model.body import BodyModel
from core.model.skinning import rotation_vectors
from core.model.vertex_errors import frame_errors

OPTIMISERS = ("trust-ncg", "l-bfgs")
# The tool's 1e-6, for a loss with the factor one half.
GRADIENT_TOLERANCE = 5e-7
# L-BFGS steps that the tool takes in one of its iterations.
LBFGS_STEPS = 50


@dataclass(frozen=True)
class PublishedProgress:
    """One step.

    Attributes:
        stage: ``'edge'``, ``'translation'`` or ``'vertex'``.
        iteration: steps of this stage so far; in a chain, of this joint.
        frames: positions of the frames that are being fitted.
        loss: the stage's objective a frame, square metres.
        mean_mm: mean v2v of these frames, millimetres; NaN in the edge stage, which does not place the body.
        done: the stage of these frames is finished.
        evaluations: gradients and second-derivative products so far in this stage.
    """

    stage: str
    iteration: int
    frames: tuple[int, ...]
    loss: float
    mean_mm: float
    done: bool = False
    evaluations: int = 0


def never() -> bool:
    """The answer of a caller who does not stop."""
    return False


class PublishedFit:
    """Fits frames the published way; iterate it, then read its arrays.

    Args:
        body: target.
        targets: (V, 3, n) points that the vertices should meet, or those of the valid ones; metres, relative
            to the source's trans.
        valid: (V,) bool, or weights.
        source: (n, J, 3, 3) the source's relative rotations by joint name: where held joints stay.
        stages: in their order.
        edges: (m, 2) vertex ids; None for the body's with both ends valid.
        optimiser: ``'trust-ncg'`` or ``'l-bfgs'``.
        start: ``'source'`` for the source's rotations, ``'zero'`` for the rest pose as the tool has it.
        batch: frames of one minimisation; they share its steps, no term.
        dtype: of the layer; the tool's is float32.
        source_has_fingers: whether fingers turn where the settings leave it open.
        stopped: asked before and after each step.
        roots: (n, 3) where the source's root joint is, in the coordinates of the targets: where that of a
            stage without a free translation is held; None for where it starts.

    Attributes:
        poses, transl, betas, expression: (n, J, 3), (n, 3), (n, B) and (n, E) float32; frames that were not
            reached keep the start.
        mean_mm, p95_mm, max_mm: (n,), NaN for frames that were not reached.
        finished: (n,) bool, frames that went through every stage.

    Raises:
        RefitError: a stage that couples frames.
        ValueError: an unknown optimiser or start.
    """

    def __init__(
        self,
        body: BodyModel,
        targets: Tensor,
        valid: np.ndarray,
        source: Tensor,
        stages: Sequence[FitSettings] = PUBLISHED_STAGES,
        *,
        edges: np.ndarray | None = None,
        optimiser: str = "trust-ncg",
        start: str = "source",
        batch: int = 1,
        dtype: torch.dtype = torch.float64,
        source_has_fingers: bool = True,
        stopped: Callable[[], bool] = never,
        roots: Tensor | None = None,
    ) -> None:
        if optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser is {optimiser!r}, expected one of {', '.join(OPTIMISERS)}")
        if start not in ("source", "zero"):
            raise ValueError(f"start is {start!r}, expected source or zero")
        for stage in stages:
            if stage.coupled or "shared" in (stage.shape, stage.expression):
                raise RefitError(
                    "The published method fits each frame on its own: no smoothness, no shared shape."
                )
        self.body, self.stages, self.optimiser, self.batch = body, tuple(stages), optimiser, batch
        self.weights = np.asarray(valid, dtype=np.float64)
        mask = self.weights > 0
        self.edges = valid_edges(body.faces, mask) if edges is None else edges
        self.part = body.vertex_part[mask]
        self.targets = counted_targets(targets, mask).permute(2, 0, 1)
        self.source, self.roots = source, roots
        self.source_has_fingers, self.stopped = source_has_fingers, stopped
        self.layer = SmplxLayer(body, dtype)
        count = len(self.targets)
        rest = FitState.rest(body, count, dtype)
        poses = rotation_vectors(source).to(rest.poses)
        if start == "zero":
            masks = [free_joint_mask(body, stage, source_has_fingers) for stage in self.stages]
            poses[:, np.logical_or.reduce(masks)] = 0
        self._start = replace(rest, poses=poses)
        self.poses, self.transl, self.betas, self.expression = map(_float32, vars(self._start).values())
        self.mean_mm, self.p95_mm, self.max_mm = (np.full(count, np.nan) for _ in range(3))
        self.finished = np.zeros(count, dtype=bool)

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[PublishedProgress]:
        for first in range(0, len(self), self.batch):
            part = slice(first, min(first + self.batch, len(self)))
            state = self._start.frames(part)
            for stage in self.stages:
                if self.stopped():
                    return
                state = yield from self._stage(stage, state, part)
                self._store(part, state)
            if self.stopped():
                return
            self.finished[part] = True

    def _objective(self, settings: FitSettings, part: slice) -> AutogradObjective:
        return AutogradObjective(
            self.body,
            self.targets[part],
            self.weights,
            settings,
            self.source[part],
            edges=self.edges,
            source_has_fingers=self.source_has_fingers,
            layer=self.layer,
        )

    def _stage(
        self, settings: FitSettings, state: FitState, part: slice
    ) -> Generator[PublishedProgress, None, FitState]:
        objective = self._objective(settings, part)
        if self.roots is not None and settings.metrics[0] and not settings.free_transl:
            place = self.roots[part].to(state.transl) - root_at_rest(self.body, state)
            state = replace(state, transl=place)
        turns = [objective.free]
        if settings.order == "chain" and objective.free.any():
            turns = [np.arange(len(objective.free)) == joint for joint in np.flatnonzero(objective.free)]
        frames = tuple(range(part.start, part.stop))
        spent, last = 0, None
        for joints in turns:
            unknowns = StageUnknowns(self.body, state, settings, joints=joints)
            state = unknowns.base
            for step in self._minimised(objective, unknowns, settings.iterations):
                state = unknowns.unpack(step.flat)
                last = self._progress(objective, step, frames, state, spent)
                yield last
                if self.stopped():
                    return state
            spent = 0 if last is None else last.evaluations
        if last is not None:
            yield replace(last, done=True)
        return state

    def _minimised(
        self, objective: AutogradObjective, unknowns: StageUnknowns, iterations: int
    ) -> Iterator[Iterate]:
        start = unknowns.start()
        if not len(start):
            return iter(())

        def loss(flat: Tensor) -> Tensor:
            return objective.value(unknowns.unpack(flat))

        tolerance = GRADIENT_TOLERANCE
        if self.optimiser == "l-bfgs":
            return lbfgs(loss, start, iterations, tolerance, LBFGS_STEPS)
        return trust_ncg(loss, start, iterations, tolerance)

    def _progress(
        self,
        objective: AutogradObjective,
        step: Iterate,
        frames: tuple[int, ...],
        state: FitState,
        spent: int,
    ) -> PublishedProgress:
        mean = float("nan")
        if objective.settings.metrics[0]:
            mean = 1000 * float(objective.distances(state).mean())
        return PublishedProgress(
            objective.settings.stage,
            step.iteration,
            frames,
            step.loss / len(frames),
            mean,
            evaluations=spent + step.evaluations,
        )

    def _store(self, part: slice, state: FitState) -> None:
        values = map(_float32, (state.poses, state.transl, state.betas, state.expression))
        self.poses[part], self.transl[part], self.betas[part], self.expression[part] = values
        with torch.no_grad():
            vertices, _ = self.layer(state.poses, state.betas, state.transl, state.expression)
        residual = vertices[:, torch.as_tensor(self.weights > 0)] - self.targets[part]
        errors = frame_errors(residual.permute(1, 2, 0), self.part)
        self.mean_mm[part], self.p95_mm[part], self.max_mm[part] = errors.mean, errors.p95, errors.max


def _float32(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float32)

"""The objective that `FitSettings` defines, by autograd on the `smplx` package's own layer.

The data term shares no line with the Gauss-Newton engine's sums and derivatives: what the engine finds is
tested against it. The other terms are the engine's own (`core.fitting.terms`), but of them the values alone,
differentiated by autograd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Posed
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_unknowns import (
    FitState,
    StageUnknowns,
    free_joint_mask,
    root_at_rest,
    solves_expression,
    solves_shape,
)
from core.fitting.reference.smplx_layer import SmplxLayer
from core.fitting.terms.given import Given, StageFacts, terms_of
from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS, PARTS
from core.model.skinning import rotation_matrices

# Pieces of the objective that `FitSettings` defines: robust losses, edges that count.


def robust_loss(mean_square: Tensor, kind: str, scale: float) -> Tensor:
    """rho of a mean square distance.

    ``none``: m. ``huber``: m up to c², then 2 c sqrt(m) - c². ``geman-mcclure``: m c² / (m + c²).

    Args:
        mean_square: (...) square metres, not negative.
        kind: as `FitSettings.robust`.
        scale: c, metres.

    Returns:
        (...) square metres.
    """
    square = scale * scale
    if kind == "huber":
        far = mean_square > square
        # Away from 0, where the root has no slope, also on the side that is not taken.
        root = torch.where(far, mean_square, torch.full_like(mean_square, square)).sqrt()
        return torch.where(far, 2 * scale * root - square, mean_square)
    if kind == "geman-mcclure":
        return mean_square * square / (mean_square + square)
    return mean_square


def valid_edges(faces: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(n, 2) unique edges of (F, 3) faces with both ends valid, the lower vertex id first."""
    pairs = np.concatenate((faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]])).astype(np.int64)
    pairs = np.unique(np.sort(pairs, 1), axis=0)
    return pairs[valid[pairs].all(1) & (pairs[:, 0] != pairs[:, 1])]


def counted_targets(targets: Tensor, valid: np.ndarray) -> Tensor:
    """(V or valid V, ...) targets to those of the valid vertices.

    Raises:
        ValueError: there are neither as many as vertices nor as many as valid ones.
    """
    count = int(valid.sum())
    if len(targets) == count:
        return targets
    if len(targets) != len(valid):
        raise ValueError(f"{len(targets)} targets for {len(valid)} vertices, {count} of them valid")
    return targets[torch.as_tensor(np.flatnonzero(valid), device=targets.device)]


@dataclass(frozen=True, eq=False)
class Polished:
    """What a polish came to.

    Attributes:
        before, after: value of the objective, square metres.
        state: where it ended.
    """

    before: float
    after: float
    state: FitState


class AutogradObjective:
    """The objective of one stage, summed over n frames.

    Priors and smoothness count the joints that are free; of the others they would be constants.

    Args:
        body: target.
        targets: (n, V, 3) points that the vertices should meet, or those of the valid ones alone; metres.
        vertex_weights: (V,) weights w_i, 0 or False where a vertex does not count.
        settings: of the stage.
        source: (n, J, 3, 3) the source's relative rotations, which priors and smoothness refer to.
        source_transl: (n, 3) the source's translation in the coordinates of the targets, which smoothness
            refers to; None for zero.
        trans: (n, 3) where those coordinates are in each frame, metres; None for the same in all.
        fps: frames a second.
        unseen: (J,) bool, joints that the source does not have; None for jaw and eyes.
        edges: (m, 2) vertex ids; None for the body's with both ends valid. Those without are left out.
        source_has_fingers: whether fingers turn where the settings leave it open.
        layer: of this body, to share one; its dtype is the objective's. None for a new one in float64.

    Attributes:
        num_edges: edges that count.
        free: (J,) bool, the joints that turn.

    Raises:
        ValueError: shapes that do not match.
    """

    def __init__(
        self,
        body: BodyModel,
        targets: Tensor,
        vertex_weights: np.ndarray,
        settings: FitSettings,
        source: Tensor,
        *,
        source_transl: Tensor | None = None,
        trans: np.ndarray | None = None,
        fps: float = 30.0,
        unseen: np.ndarray | None = None,
        edges: np.ndarray | None = None,
        source_has_fingers: bool = True,
        layer: SmplxLayer | None = None,
    ) -> None:
        self.body, self.settings = body, settings
        self.source_has_fingers = source_has_fingers
        self.layer = layer or SmplxLayer(body)
        self.options: dict[str, Any] = {"dtype": self.layer.dtype, "device": body.device}
        weights = np.asarray(vertex_weights, dtype=np.float64)
        valid = weights > 0
        self.vertices = self._ids(np.flatnonzero(valid))
        self.targets = counted_targets(targets.transpose(0, 1), valid).transpose(0, 1).to(**self.options)
        weights = weights * np.asarray(settings.part_weights)[body.vertex_part]
        self.weights = torch.as_tensor(weights[valid], **self.options)
        self.part = self._ids(body.vertex_part[valid])
        self.part_sums = torch.zeros(len(PARTS), **self.options).index_add(0, self.part, self.weights)
        edges = valid_edges(body.faces, valid) if edges is None else edges[valid[edges].all(1)]
        self.num_edges = len(edges)
        place = np.cumsum(valid) - 1
        self.edges = self._ids(place[edges])
        self.edge_weights = torch.as_tensor(0.5 * weights[edges].sum(1), **self.options)
        self.free = free_joint_mask(body, settings, source_has_fingers)
        self.joints = self._ids(np.flatnonzero(self.free))
        frames = len(self.targets)
        transl = torch.zeros(frames, 3) if source_transl is None else source_transl
        like = torch.zeros((), **self.options)
        if unseen is None:
            unseen = np.array([name in FACE_JOINTS for name in body.joint_names])
        moves = settings.free_transl and settings.metrics[0] > 0
        count = body.num_betas + body.num_expression
        is_beta = np.arange(count) < body.num_betas
        facts = StageFacts(settings, body.joint_names, self.free, moves, unseen, like, is_beta, fps)
        rotations = source.to(**self.options).clone()
        # Where the source has no joint it is at rest.
        rotations[:, torch.as_tensor(unseen, device=body.device)] = torch.eye(3, **self.options)
        solved = np.where(is_beta, solves_shape(settings), solves_expression(settings))
        given = Given(
            facts,
            np.arange(frames),
            solved,
            source=lambda: rotations,
            roots=lambda: transl.to(**self.options),
            trans=np.zeros((frames, 3)) if trans is None else trans,
            together=True,
        )
        self.others = terms_of(given)

    def _ids(self, ids: np.ndarray) -> Tensor:
        return torch.as_tensor(ids, dtype=torch.long, device=self.body.device)

    def residual(self, state: FitState) -> Tensor:
        """(n, valid V, 3) vertices minus targets, metres."""
        vertices, _ = self.layer(state.poses, state.betas, state.transl, state.expression)
        return vertices[:, self.vertices] - self.targets

    def distances(self, state: FitState) -> Tensor:
        """(n, valid V) metres."""
        with torch.no_grad():
            return self.residual(state).norm(dim=-1)

    def terms(self, state: FitState) -> dict[str, Tensor]:
        """The terms of the objective by name, each with its weight; their sum is the objective."""
        settings = self.settings
        vertex_weight, edge_weight = settings.metrics
        residual = self.residual(state)
        frames, out = len(residual), {}
        if vertex_weight:
            out["vertex"] = 0.5 * vertex_weight * self._vertex_metric(residual)
        if edge_weight:
            steps = residual[:, self.edges[:, 0]] - residual[:, self.edges[:, 1]]
            out["edge"] = 0.5 * edge_weight * (self.edge_weights * steps.square().sum(-1)).sum()
        if self.others.parts:
            at = self._posed(state, frames)
            for term in self.others:
                out[term.name] = out.get(term.name, 0) + term.value(at).sum()
        return out

    def _posed(self, state: FitState, frames: int) -> Posed:
        """The state as terms take it."""
        tree, relative = self.body.tree, rotation_matrices(state.poses)
        coefficients = torch.cat((state.betas.expand(frames, -1), state.expression.expand(frames, -1)), -1)
        root = state.transl + root_at_rest(self.body, state)
        return Posed(tree, Pose(tree.world_rotations(relative), root, coefficients), relative)

    def _vertex_metric(self, residual: Tensor) -> Tensor:
        settings, square = self.settings, residual.square().sum(-1)
        scale = 1e-3 * settings.robust_scale
        if settings.robust == "none" or settings.robust_by == "vertex":
            return (self.weights * robust_loss(square, settings.robust, scale)).sum()
        sums = torch.zeros(len(square), len(PARTS), **self.options)
        sums = sums.index_add(1, self.part, self.weights * square)
        there = self.part_sums > 0
        count = self.part_sums[there]
        return (count * robust_loss(sums[:, there] / count, settings.robust, scale)).sum()

    def value(self, state: FitState) -> Tensor:
        """The objective, summed over the frames; square metres."""
        return torch.stack(list(self.terms(state).values())).sum()

    def unknowns(self, start: FitState) -> StageUnknowns:
        """What the stage may change from a state of this dtype."""
        return StageUnknowns(self.body, start, self.settings, joints=self.free)

    def polish(self, start: FitState, iterations: int) -> Polished:
        """L-BFGS with strong Wolfe line search from a state; what the settings hold stays as it is."""
        values = (start.poses, start.transl, start.betas, start.expression)
        unknowns = self.unknowns(FitState(*(value.detach().to(**self.options) for value in values)))
        flat = unknowns.start().requires_grad_()
        optimiser = torch.optim.LBFGS(
            [flat],
            max_iter=iterations,
            history_size=100,
            line_search_fn="strong_wolfe",
            tolerance_grad=1e-12,
            tolerance_change=1e-14,
        )

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = self.value(unknowns.unpack(flat))
            loss.backward()
            return loss

        with torch.no_grad():
            before = float(self.value(unknowns.base))
        optimiser.step(closure)
        with torch.no_grad():
            state = unknowns.unpack(flat.detach())
            return Polished(before, float(self.value(state)), state)

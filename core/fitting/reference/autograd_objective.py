"""The objective that `FitSettings` defines, by autograd on the `smplx` package's own layer.

It shares no line with the Gauss-Newton engine's sums and derivatives: what the engine finds is tested
against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.autograd_unknowns import (
    FitState,
    StageUnknowns,
    free_joint_mask,
    solves_expression,
    solves_shape,
)
from core.fitting.reference.smplx_layer import SmplxLayer
from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS, PARTS
from core.model.skinning import rotation_matrices

# Pieces of the objective that `FitSettings` defines: robust losses, rotation angles, edges that count.


def squared_angle(rotation: Tensor) -> Tensor:
    """(..., 3, 3) to squared rotation angle, smooth at the identity."""
    axis = 0.5 * torch.stack(
        (
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ),
        -1,
    )
    square = axis.square().sum(-1)
    sine = square.clamp_min(1e-16).sqrt()
    trace = rotation.diagonal(dim1=-2, dim2=-1).sum(-1)
    angle = torch.atan2(sine, (trace - 1) / 2)
    # The series close to the identity only: half a turn has no sine either.
    return torch.where((square < 1e-8) & (trace > 1), square * (1 + square / 3), angle.square())


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


# Smoothness of the translation against that of rotations: m²/rad² to no unit, times this in 1/m².
TRANSL_SMOOTHNESS = 100.0


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
        prior: (n, J, 3, 3) rotations that the pose prior points to in place of those that the settings name;
            needed for ``pose_prior_to='previous'``, where it is the frames before.
        source_transl: (n, 3) the source's translation, which smoothness refers to; None for zero.
        edges: (m, 2) vertex ids; None for the body's with both ends valid. Those without are left out.
        source_has_fingers: whether fingers turn where the settings leave it open.
        layer: of this body, to share one; its dtype is the objective's. None for a new one in float64.

    Attributes:
        num_edges: edges that count.
        free: (J,) bool, the joints that turn.

    Raises:
        ValueError: a prior on the frames before without `prior`, or shapes that do not match.
    """

    def __init__(
        self,
        body: BodyModel,
        targets: Tensor,
        vertex_weights: np.ndarray,
        settings: FitSettings,
        source: Tensor,
        *,
        prior: Tensor | None = None,
        source_transl: Tensor | None = None,
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
        self.source = source.to(**self.options)
        self.prior = self._prior(prior)
        self.prior_weights = torch.as_tensor(self._joint_weights(), **self.options)
        transl = torch.zeros(len(self.targets), 3) if source_transl is None else source_transl
        self.source_transl = transl.to(**self.options)

    def _ids(self, ids: np.ndarray) -> Tensor:
        return torch.as_tensor(ids, dtype=torch.long, device=self.body.device)

    def _prior(self, given: Tensor | None) -> Tensor:
        identity = torch.eye(3, **self.options)
        to = self.settings.pose_prior_to
        if given is None and to == "previous" and self.settings.pose_prior:
            raise ValueError("a prior on the frames before needs their rotations")
        if given is None:
            given = self.source if to == "source" else identity.expand_as(self.source)
        out = given.to(**self.options).clone()
        # Jaw closed and eyes straight, whatever the others are pulled to.
        names = self.body.joint_names
        out[:, [names.index(name) for name in FACE_JOINTS if name in names]] = identity
        return out

    def _joint_weights(self) -> np.ndarray:
        weights = np.full(self.body.num_joints, self.settings.pose_prior)
        for joint, name in enumerate(self.body.joint_names):
            if name in FACE_JOINTS:
                weights[joint] = self.settings.jaw_prior if name == "jaw" else self.settings.eyes_prior
        return weights * self.free

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
        residual, rotations = self.residual(state), rotation_matrices(state.poses)
        frames, out = len(residual), {}
        if vertex_weight:
            out["vertex"] = 0.5 * vertex_weight * self._vertex_metric(residual)
        if edge_weight:
            steps = residual[:, self.edges[:, 0]] - residual[:, self.edges[:, 1]]
            out["edge"] = 0.5 * edge_weight * (self.edge_weights * steps.square().sum(-1)).sum()
        pull = squared_angle(rotations @ self.prior.transpose(-1, -2))[:, self.joints]
        out["pose prior"] = 0.5 * (self.prior_weights[self.joints] * pull).sum()
        if solves_shape(settings):
            out["shape prior"] = 0.5 * settings.shape_prior * _square_sum(state.betas, frames)
        if solves_expression(settings):
            out["expression prior"] = 0.5 * settings.expression_prior * _square_sum(state.expression, frames)
        if settings.smoothness and frames > 1:
            turn = (rotations @ self.source.transpose(-1, -2))[:, self.joints]
            change = squared_angle(turn[1:] @ turn[:-1].transpose(-1, -2)).sum()
            offset = (state.transl - self.source_transl).diff(dim=0).square().sum()
            out["smoothness"] = 0.5 * settings.smoothness * (change + TRANSL_SMOOTHNESS * offset)
        return out

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


def _square_sum(coefficients: Tensor, frames: int) -> Tensor:
    """Sum of squares; what all frames share counts once a frame."""
    return coefficients.square().sum() * (frames if coefficients.dim() == 1 else 1)

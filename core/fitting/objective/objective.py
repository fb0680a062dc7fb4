"""The objective of a fit on the skin: its value and its true gradient, correctives included.

The gradient is written out by hand instead of by autograd: one forward and one backward pass over the patches
of the skin, each a few products of small matrices, cost a fraction of a forward pass of the `smplx` package.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.files.kept.array_store import stored
from core.fitting.objective import frames_last
from core.fitting.objective import patch_products as products
from core.fitting.objective.metric import Metric, graph_laplacian
from core.fitting.objective.patches import Patches, with_mean
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import Bends, SkinGradient, SkinLook
from core.fitting.objective.term import NO_TERMS, Posed, Slope, Terms
from core.model.body import BodyModel
from core.model.skinning import KinematicTree, axial


@dataclass(frozen=True, eq=False)
class Shape:
    """One shape of the target.

    Attributes:
        betas: (Z,) shape coefficients, and expression coefficients where they are solved.
        bases: U of each patch of the skin.
        rest: (J, 3) rest joints, metres.
    """

    betas: Tensor
    bases: list[Tensor]
    rest: Tensor


@dataclass(eq=False)
class Evaluation:
    """Objective of n frames and its derivatives.

    Attributes:
        energy: (n,) square metres.
        torque: (n, J, 3) derivative by a world rotation increment of each joint, exp([w]x) G.
        force: (n, 3) derivative by the root position.
        betas: (Z,) derivative of the summed energy by betas, (n, Z) where frames have their own; or None
            where not asked for.
        residual: (V, 3, n) fit minus target on the vertices that count, metres.
        robust_weights: (p, n) weights of the groups as the robust loss sees them, or None without one.
        bends: what the data term adds to the second derivative with these; None without the correctives' own
            derivative.
    """

    energy: Tensor
    torque: Tensor
    force: Tensor
    betas: Tensor | None
    residual: Tensor
    robust_weights: Tensor | None = None
    bends: Bends | None = None

    def __getitem__(self, index: Tensor) -> Evaluation:
        return Evaluation(
            self.energy[index],
            self.torque[index],
            self.force[index],
            None if self.betas is None or self.betas.dim() == 1 else self.betas[index],
            self.residual[..., index],
            None if self.robust_weights is None else self.robust_weights[:, index],
            None if self.bends is None else self.bends[index],
        )


@dataclass(frozen=True)
class Weighing:
    """Which metric a skin is seen through; see `core.fitting.objective.metric`.

    Attributes:
        vertex: weight of the vertex metric.
        edge: weight of the edge metric.
        loss: robust loss of the vertex metric.
        by_vertex: the loss takes every vertex by itself, not body parts.
        scale: of the loss, metres.
    """

    vertex: float = 1.0
    edge: float = 0.0
    loss: str = "none"
    by_vertex: bool = False
    scale: float = 0.01


class FitSkin:
    """The target body's skin where it counts: vertices with a positive weight, and nothing else.

    Args:
        body: target, on the device to fit on.
        vertex_weights: (V,) non-negative; vertices with weight 0 take no part.
        coefficients: (Z,) ids of the shape and expression coefficients that are solved.
        weighing: the metric.
        dtype: float32, or float64 for checks.

    Attributes:
        vertices: ids of those vertices, in the skin's own order.
        metric: of those vertices.
    """

    def __init__(
        self,
        body: BodyModel,
        vertex_weights: np.ndarray,
        coefficients: np.ndarray,
        weighing: Weighing = Weighing(),
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.body = body
        # One of many that come and go, as while a mask is painted.
        self._passing = False
        self._last: Shape | None = None
        self.tree: KinematicTree = body.tree
        self.coefficients = coefficients
        self.patches = Patches(body, np.flatnonzero(vertex_weights > 0), coefficients, dtype)
        self.vertices = self.patches.vertices
        wanted = torch.as_tensor(coefficients, device=body.device)
        self.joint_template = body.joint_template.to(dtype)
        self.joint_basis = body.joint_basis[..., wanted].to(dtype)
        self.subtree = torch.as_tensor(self.tree.subtree, device=body.device).to(dtype)
        self.parents = self.tree.above(body.device)
        self.metric = self._metric(vertex_weights, weighing)

    def weighed(self, vertex_weights: np.ndarray, weighing: Weighing = Weighing()) -> FitSkin:
        """The same skin through another metric, whose (V,) weights may be 0 for some of its vertices."""
        other = copy(self)
        other.__dict__.pop("corrective_squares", None)
        other._passing = True
        other.metric = self._metric(vertex_weights, weighing)
        return other

    def _metric(self, vertex_weights: np.ndarray, weighing: Weighing) -> Metric:
        like, device = self.joint_template, self.body.device
        weights = torch.as_tensor(vertex_weights[self.vertices], device=device).to(like)
        parts, groups = np.unique(self.body.vertex_part[self.vertices], return_inverse=True)
        edges, edge_weights, laplacian = None, None, None
        if weighing.edge > 0:
            edges = torch.as_tensor(self.edges, device=device)
            edge_weights = weighing.edge * weights[edges].mean(1)
            laplacian = graph_laplacian(edges, edge_weights, len(weights))
        return Metric(
            weighing.vertex * weights[:, None, None],
            laplacian,
            edges,
            edge_weights,
            None if weighing.by_vertex else torch.as_tensor(groups, device=device),
            len(parts),
            weighing.loss,
            weighing.scale,
        )

    @cached_property
    def edges(self) -> np.ndarray:
        """(E, 2) valid edges, both ends of which count, in the skin's order; each once."""
        place = np.full(self.body.num_vertices, -1)
        place[self.vertices] = np.arange(len(self.vertices))
        faces = place[self.body.faces.astype(np.int64)]
        pairs = np.sort(np.concatenate((faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]])), 1)
        return np.unique(pairs[(pairs[:, 0] >= 0) & (pairs[:, 0] != pairs[:, 1])], axis=0)

    @cached_property
    def corrective_squares(self) -> Tensor:
        """(P, P) posedirs^T diag(w) posedirs; where that takes long it is kept on the disk."""
        if self.patches.sparse or self._passing or self.joint_template.dtype != torch.float32:
            return self._made_corrective_squares()
        weights = self.metric.vertex_weights.cpu().numpy()
        made_of = [weights]
        for patch in self.patches.patches:
            made_of += [patch.features.cpu().numpy(), patch.directions.cpu().numpy()]
        width = 9 * (self.body.num_joints - 1)
        found = stored(
            "corrective_squares",
            1,
            made_of,
            (width, width),
            lambda: self._made_corrective_squares().cpu().numpy(),
        )
        return torch.as_tensor(found).to(self.joint_template)

    def _made_corrective_squares(self) -> Tensor:
        width = 9 * (self.body.num_joints - 1)
        out = self.joint_template.new_zeros(width, width)
        for patch in self.patches.patches:
            if len(patch.weights):
                weights = self.metric.vertex_weights[patch.bent].expand(-1, 3, 1).reshape(-1, 1)
                products = (patch.directions * weights).T @ patch.directions
                out[patch.features[:, None], patch.features] += products
        return out

    def shape(self, betas: Tensor) -> Shape:
        """The shape of (Z,) coefficients; the last one is kept."""
        compared = betas.device.type == "cpu" and not betas.requires_grad
        last = self._last  # read once: other threads ask for other shapes of the same skin
        if compared and last is not None and torch.equal(last.betas, betas):
            return last
        if compared:
            betas = betas.clone()  # whoever writes into theirs changes no shape that is kept
        found = Shape(betas, self.patches.bases(betas), self.joint_template + self.joint_basis @ betas)
        if compared:
            self._last = found
        return found

    def value_and_residuals(
        self, pose: Pose, shape: Shape, targets: Tensor, terms: Terms = NO_TERMS
    ) -> tuple[Tensor, Tensor]:
        """The objective of n frames (n,) and their residuals (V, 3, n) alone: a third of the time of
        `evaluate`, whose arguments it takes."""
        at = Posed(self.tree, pose)
        features = self.patches.features_of(at.features)
        energy, residual, _ = self._data(at.stacked, _own(pose), features, shape, targets)
        for term in terms:
            energy = energy + term.value(at)
        return energy, residual

    def _data(
        self,
        stacked: Tensor,
        own: Tensor | None,
        features: tuple[Tensor, Tensor | None],
        shape: Shape,
        targets: Tensor,
        back: SkinGradient | None = None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """The data term (n,), residuals (V, 3, n), and the weights of the robust groups; the derivative goes
        to ``back``."""
        residual, energy = torch.empty_like(targets), torch.zeros_like(targets[0, 0])
        # Where vertices count by themselves, a patch goes there and back while it is in the caches.
        local, waiting = self.metric.local, []
        if local and own is None and frames_last.serves(stacked):
            self._compare(stacked, features, shape, targets, residual, energy, back)
            return energy, residual, None
        patches = self.patches.posing
        bases = shape.bases if own is None else [patch.side_by_side for patch in patches]
        for patch, basis in zip(patches, bases, strict=True):
            part = residual[patch.rows]
            kept = patch.pose(basis, stacked, features, part, own, targets[patch.rows])
            if local:
                added, pulled = self.metric.local_energy_and_pull(part, patch.rows)
                energy += added
                if back is not None:
                    back.add(patch, basis, kept, pulled)
            elif back is not None:
                waiting.append((patch, basis, kept))
        if local:
            return energy, residual, None
        energy, pulled, robust_weights = self.metric.energy_and_pull(residual)
        if back is not None:
            for patch, basis, kept in waiting:
                back.add(patch, basis, kept, pulled[patch.rows])
        return energy, residual, robust_weights

    def _compare(
        self,
        stacked: Tensor,
        features: tuple[Tensor, Tensor | None],
        shape: Shape,
        targets: Tensor,
        residual: Tensor,
        energy: Tensor,
        back: SkinGradient | None,
    ) -> None:
        """As `_data`, some rows at a time: residuals and data term go to where these are to be."""
        targets, frames = targets.contiguous(), targets.shape[2]
        room = targets.new_empty(products.ROOM * max(products.AT_ONCE, frames))
        for patch, basis in zip(self.patches.posing, shape.bases, strict=True):
            counts = None if self.metric.unit_weights else self.metric.vertex_weights[patch.rows]
            ways = (None, None, None) if back is None else back.ways(basis)
            products.compare(
                basis,
                *patch.layout,
                stacked,
                *features,
                targets[patch.rows],
                counts,
                residual[patch.rows],
                energy,
                room,
                *ways,
            )
            if back is not None:
                back.add_by_basis(patch, ways[2])

    def evaluate(
        self,
        pose: Pose,
        shape: Shape,
        targets: Tensor,
        terms: Terms = NO_TERMS,
        *,
        by_betas: bool = False,
        frozen: bool = False,
    ) -> Evaluation:
        """Objective and gradient of n frames.

        Args:
            pose: n poses.
            shape: shared by the frames.
            targets: (V, 3, n) metres, for the vertices of this skin.
            terms: of the same n frames, beside the data term.
            by_betas: also differentiate by the shared betas, the root position held (their prior is not part
                of it). Betas of the frames' own are always differentiated by.
            frozen: leave the correctives' own derivative out of the gradient. Far from the solution it
                misleads: a finger's correctives, however small, meet the residual of the whole body.
        """
        at = Posed(self.tree, pose)
        return evaluation_of(
            at, self.derivatives(at, shape, targets, by_betas=by_betas, frozen=frozen), terms
        )

    def derivatives(
        self, at: Posed, shape: Shape, targets: Tensor, *, by_betas: bool = False, frozen: bool = False
    ) -> SkinLook:
        """The data term of n frames and its derivatives by what the skin is posed with; arguments as in
        `evaluate`."""
        own = _own(at.pose)
        back = SkinGradient(at.stacked, own, shape.betas if by_betas else None, frozen)
        features = self.patches.features_of(at.features)
        return SkinLook(*self._data(at.stacked, own, features, shape, targets, back), back)


def evaluation_of(at: Posed, seen: SkinLook, terms: Terms) -> Evaluation:
    """The objective of n frames of which this is seen."""
    return evaluation(at, seen.energy, seen.residual, seen.back, terms, seen.robust_weights)


def evaluation(
    at: Posed,
    energy: Tensor,
    residual: Tensor,
    back: SkinGradient,
    terms: Terms,
    robust_weights: Tensor | None = None,
) -> Evaluation:
    """The objective of n frames from a data term and its derivatives as `FitSkin.derivatives` gives them."""
    torque, twist, bends = (_turning_last if frames_last.serves(at.pose.world) else _turning)(at, back)
    by_shape = back.by_betas if back.by_own is None else back.by_own[1:].T
    own_slope = None if back.by_own is None else by_shape
    slope = Slope(torque, twist, back.by_stacked[-1].T, own_slope)
    for term in terms:
        energy = energy + term.add_gradient(slope, at)
    return Evaluation(energy, slope.turned(at), slope.force, by_shape, residual, robust_weights, bends)


def _turning(at: Posed, back: SkinGradient) -> tuple[Tensor, Tensor, Bends | None]:
    """(n, J, 3) derivatives by how joints turn in the world and against their parents, and what bends."""
    world = at.pose.world
    by_turning = back.by_stacked[:-1].view(-1, 3, 3, len(world))
    turns = by_turning.permute(3, 0, 2, 1) @ world.transpose(-1, -2)
    torque = axial(turns)
    twist = torch.zeros_like(torque)
    if back.frozen:
        return torque, twist, None
    # Back through the correctives, which see relative rotations.
    through = back.by_features.T.unflatten(1, (-1, 3, 3))
    twists = through @ at.relative[:, 1:].transpose(-1, -2)
    twist[:, 1:] = axial(twists)
    return torque, twist, Bends(turns, twists)


def _turning_last(at: Posed, back: SkinGradient) -> tuple[Tensor, Tensor, Bends | None]:
    """The same with frames last in memory."""
    world = at.world_last
    by_turning = back.by_stacked[:-1].view(-1, 3, 3, world.shape[-1]).permute(2, 1, 0, 3)
    turns = frames_last.product(by_turning, world.transpose(0, 1))
    torque = frames_last.axial(turns)
    twist = torch.zeros_like(torque)
    seen = torque.permute(2, 1, 0), twist.permute(2, 1, 0)
    if back.frozen:
        return *seen, None
    through = back.by_features.view(-1, 3, 3, world.shape[-1]).permute(1, 2, 0, 3)
    twists = frames_last.product(through, at.relative_last[:, :, 1:].transpose(0, 1))
    twist[:, 1:] = frames_last.axial(twists)
    return *seen, Bends(frames_last.first(turns), frames_last.first(twists))


def _own(pose: Pose) -> Tensor | None:
    """(Z + 1, n) coefficients of the frames' own, a one first, if they have any."""
    return None if pose.betas is None else with_mean(pose.betas).T.contiguous()

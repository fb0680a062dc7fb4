"""How distances between skin and targets are weighed: the data term of the objective, and nothing else.

    1/2 sum_p c_p rho(1/c_p sum_{i in p} w_i |r_i|^2)  +  1/2 sum_{ij} w_ij |r_i - r_j|^2

with r the residual, fit minus target. Edges are seen through their weighted graph Laplacian.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


def loss_value(loss: str, square: Tensor, scale: float) -> Tensor:
    """rho of mean squared distances, square metres.

    Args:
        loss: as `FitSettings.robust`.
        square: any shape, square metres.
        scale: metres at which the loss begins to let go.
    """
    if loss == "huber":
        away = square.clamp_min(scale * scale).sqrt()
        return torch.where(square <= scale * scale, square, 2 * scale * away - scale * scale)
    if loss == "geman-mcclure":
        return square * scale * scale / (square + scale * scale)
    return square


def loss_weight(loss: str, square: Tensor, scale: float) -> Tensor:
    """rho', the weight that makes a weighted least squares step of the loss."""
    if loss == "huber":
        return scale / square.clamp_min(scale * scale).sqrt()
    if loss == "geman-mcclure":
        return (scale * scale / (square + scale * scale)).square()
    return torch.ones_like(square)


@dataclass(frozen=True, eq=False)
class Metric:
    """How much the V vertices of a skin count, in the skin's order.

    Attributes:
        vertex_weights: (V, 1, 1) weights of the vertices, 0 for a pure edge metric.
        laplacian: (V, V) sparse (CSR) weighted graph Laplacian of the edges, or None.
        edges: (E, 2) pairs of vertices, in the skin's order.
        edge_weights: (E,).
        groups: (V,) group p of each vertex, for a robust loss; or None for each vertex its own.
        group_count: number of groups.
        loss: as `FitSettings.robust`.
        scale: of the loss, metres.
    """

    vertex_weights: Tensor
    laplacian: Tensor | None = None
    edges: Tensor | None = None
    edge_weights: Tensor | None = None
    groups: Tensor | None = None
    group_count: int = 0
    loss: str = "none"
    scale: float = 0.01

    @cached_property
    def sees_vertices(self) -> bool:
        """Any vertex counts by its place, not by its edges alone."""
        return bool((self.vertex_weights > 0).any())

    @cached_property
    def unit_weights(self) -> bool:
        """Every vertex weighs 1."""
        return bool((self.vertex_weights == 1).all())

    def group_squares(self, residual: Tensor) -> Tensor:
        """(p, n) weighted mean square of each group, square metres."""
        square = self._squares(residual)
        if self.groups is None:
            return square / self.vertex_weights[:, :, 0].clamp_min(1e-12)
        return self._sum(square) / self.group_weights[:, None]

    def _squares(self, residual: Tensor) -> Tensor:
        return (residual * residual).sum(1) * self.vertex_weights[:, :, 0]

    def _sum(self, values: Tensor) -> Tensor:
        assert self.groups is not None
        out = values.new_zeros(self.group_count, values.shape[1])
        return out.index_add_(0, self.groups, values)

    @cached_property
    def group_weights(self) -> Tensor:
        """(p,) c_p, the sum of the weights of a group; never zero."""
        weights = self.vertex_weights[:, 0]
        return (weights if self.groups is None else self._sum(weights))[:, 0].clamp_min(1e-12)

    @property
    def local(self) -> bool:
        """What a vertex adds depends on no other vertex."""
        return self.loss == "none" and self.laplacian is None

    def local_energy_and_pull(self, residual: Tensor, rows: slice) -> tuple[Tensor, Tensor]:
        """What the vertices ``rows`` add to a `local` data term, (n,) square metres, and (r, 3, n) its
        derivative by their residual (r, 3, n)."""
        pulled = residual if self.unit_weights else residual * self.vertex_weights[rows]
        return 0.5 * (pulled * residual).sum((0, 1)), pulled

    def energy_and_pull(self, residual: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """The data term and its derivative.

        Args:
            residual: (V, 3, n) fit minus target, metres.

        Returns:
            (n,) square metres; (V, 3, n) its derivative by the residual; (p, n) weights of the groups, or
            None without a robust loss.
        """
        weights: Tensor | None = None
        if self.loss == "none":
            energy, pulled = self.local_energy_and_pull(residual, slice(None))
        else:
            squares = self.group_squares(residual)
            value = loss_value(self.loss, squares, self.scale)
            energy = 0.5 * (self.group_weights[:, None] * value).sum(0)
            weights = loss_weight(self.loss, squares, self.scale)
            by_vertex = weights if self.groups is None else weights[self.groups]
            pulled = residual * (self.vertex_weights * by_vertex[:, None])
        if self.laplacian is not None:
            tied = (self.laplacian @ residual.flatten(1)).view_as(residual)
            energy = energy + 0.5 * (tied * residual).sum((0, 1))
            pulled = pulled + tied
        return energy, pulled, weights


def graph_laplacian(edges: Tensor, weights: Tensor, vertices: int) -> Tensor:
    """(E, 2) edges and (E,) weights to the (V, V) CSR matrix L with r^T L r = sum w |r_i - r_j|^2."""
    first, second = edges.unbind(1)
    rows = torch.cat((first, second, first, second))
    columns = torch.cat((first, second, second, first))
    values = torch.cat((weights, weights, -weights, -weights))
    matrix = torch.sparse_coo_tensor(torch.stack((rows, columns)), values, (vertices, vertices))
    return matrix.coalesce().to_sparse_csr()


def frame_weights(robust_weights: Tensor | None, terms: int) -> Tensor | None:
    """(terms, n) weights of the terms of `NormalMatrix` in each frame, from those of the robust groups; the
    edges, if there is a term left for them, weigh 1."""
    if robust_weights is None or terms == len(robust_weights):
        return robust_weights
    return torch.cat((robust_weights, torch.ones_like(robust_weights[:1])))

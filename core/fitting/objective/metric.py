"""How distances between skin and targets are weighed: the data term of the objective, and nothing else.

    1/2 sum_p c_p rho(1/c_p sum_{i in p} w_i |r_i|^2)  +  1/2 sum_{ij} w_ij |r_i - r_j|^2

with r the residual, fit minus target. Edges are seen through their weighted graph Laplacian.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


def loss_and_weight(loss: str, square: Tensor) -> tuple[Tensor, Tensor]:
    """rho of mean squared distances, and rho', the weight that makes a weighted least squares step of it.

    Args:
        loss: as `FitSettings.robust`.
        square: any shape, in squares of the distance at which the loss begins to let go, as rho is.
    """
    if loss == "huber":
        away = square.clamp_min(1).sqrt()
        weight = away.reciprocal()
        # With weights below 1 its root counts, less what the square is too much.
        return torch.addcmul(away - 1, weight, square), weight
    if loss == "geman-mcclure":
        near = (1 + square).reciprocal()
        return square * near, near * near
    return square, torch.ones_like(square)


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

    @cached_property
    def group_weights(self) -> Tensor:
        """(p,) c_p, the sum of the weights of a group; never zero."""
        weights = self.vertex_weights[:, 0, 0]
        if self.groups is not None:
            weights = weights.new_zeros(self.group_count).index_add_(0, self.groups, weights)
        return weights.clamp_min(1e-12)

    @cached_property
    def _spread(self) -> Tensor:
        """(V, p) the weight of each vertex, in its group."""
        assert self.groups is not None
        weights = self.vertex_weights[:, :, 0]
        out = weights.new_zeros(len(weights), self.group_count)
        return out.scatter_(1, self.groups[:, None], weights)

    @cached_property
    def _gather(self) -> Tensor:
        """(p, V) from squared distances to the weighted mean of each group, in squares of the scale."""
        return (self._spread / (self.group_weights * self.scale**2)).T.contiguous()

    @cached_property
    def _group_energies(self) -> Tensor:
        """(p,) half a square of the scale for each group, square metres."""
        return 0.5 * self.scale**2 * self.group_weights

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
            square, alone = (residual * residual).sum(1), self.groups is None
            square = square / self.scale**2 if alone else self._gather @ square
            value, weights = loss_and_weight(self.loss, square)
            energy = value.T @ self._group_energies
            by_vertex = weights * self.vertex_weights[:, 0] if alone else self._spread @ weights
            pulled = residual * by_vertex[:, None]
        if self.laplacian is not None:
            tied = (self.laplacian @ residual.flatten(1)).view_as(residual)
            energy = torch.add(energy, (tied * residual).sum((0, 1)), alpha=0.5)
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

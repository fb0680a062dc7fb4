"""Gauss-Newton matrices without vertices.

As v = U X with U a function of the shape alone, the normal matrices of all frames come from one H = U^T L U,
L the metric, and, as U is linear in betas, H(betas) is a short sum of products that are computed once for a
body and its weights. With a robust loss by body part there is one H for each part.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.fitting.patches import with_mean
from core.fitting.skin import FitSkin


class NormalMatrix:
    """H(betas) = U^T L U and its derivatives by betas, for one skin and its metric.

    Attributes:
        blocks: (p, Z + 1, Z + 1, K, K), K = 3J + 1: U_y^T L U_z, the mean shape first; p is 1, or with a
            robust loss by part the number of groups, and one more for the edges where they count. With a
            robust loss by vertex only the edges are in it.
    """

    def __init__(self, skin: FitSkin) -> None:
        metric = skin.metric
        like = skin.patches.patches[0].basis
        robust = metric.loss != "none" and metric.groups is not None
        terms = metric.group_count + (metric.laplacian is not None) if robust else 1
        count, width = len(like), 3 * skin.body.num_joints + 1
        self.blocks = torch.zeros(terms, count, count, width, width, dtype=like.dtype, device=like.device)
        by_vertex = metric.loss != "none" and metric.groups is None
        if metric.sees_vertices and not by_vertex:
            for patch in skin.patches.patches:
                # A patch lies in one body part, and so in one group.
                term = int(metric.groups[patch.rows.start]) if robust and metric.groups is not None else 0
                self._add(term, patch.basis, metric.vertex_weights[patch.rows, :, 0], patch.columns)
        if metric.edges is not None:
            self._add_edges(skin)

    def _add(self, term: int, rows: Tensor, weights: Tensor, columns: Tensor) -> None:
        """Adds the rows (Z + 1, r, c) of U with weights (r, 1)."""
        count = len(rows)
        flat = rows.permute(1, 0, 2).flatten(1)
        product = ((flat * weights).T @ flat).view(count, len(columns), count, len(columns)).transpose(1, 2)
        self.blocks[term, :, :, columns[:, None], columns] += product

    def _add_edges(self, skin: FitSkin) -> None:
        metric, patches = skin.metric, skin.patches.patches
        assert metric.edges is not None
        assert metric.edge_weights is not None
        starts = torch.tensor([patch.rows.start for patch in patches], device=metric.edges.device)
        inside = torch.searchsorted(starts, metric.edges, right=True) - 1  # (E, 2) patch of each end
        pairs, which = torch.unique(inside, dim=0, return_inverse=True)
        width = self.blocks.shape[-1]
        for index, (first, second) in enumerate(pairs.tolist()):
            one, two = patches[first], patches[second]
            chosen = torch.nonzero(which == index).squeeze(1)
            ends = metric.edges[chosen]
            columns = torch.unique(torch.cat((one.columns, two.columns)))
            place = torch.full((width,), -1, device=columns.device)
            place[columns] = torch.arange(len(columns), device=columns.device)
            rows = one.basis.new_zeros(len(one.basis), len(ends), len(columns))
            rows[:, :, place[one.columns]] += one.basis[:, ends[:, 0] - one.rows.start]
            rows[:, :, place[two.columns]] -= two.basis[:, ends[:, 1] - two.rows.start]
            self._add(len(self.blocks) - 1, rows, metric.edge_weights[chosen][:, None], columns)

    def at(self, betas: Tensor) -> Tensor:
        """(p, K, K) H of (Z,) betas."""
        coefficients = with_mean(betas).double()
        found = self.blocks.new_zeros((), dtype=torch.float64)
        # Row by row: all blocks in double precision at once would not stay in a processor's caches.
        for index, coefficient in enumerate(coefficients):
            row = torch.tensordot(coefficients, self.blocks[:, index].double(), ([0], [1]))
            found = found + coefficient * row
        return found.to(betas)

    def derivatives(self, betas: Tensor) -> Tensor:
        """(p, Z, K, K): U(betas)^T L U_z for each beta z."""
        return torch.tensordot(with_mean(betas), self.blocks[:, :, 1:], ([0], [1]))


def frame_weights(pull: Tensor | None, terms: int) -> Tensor | None:
    """(terms, n) weights of the terms of `NormalMatrix` in each frame, from those of the robust groups; the
    edges, if there is a term left for them, weigh 1."""
    if pull is None or terms == len(pull):
        return pull
    return torch.cat((pull, torch.ones_like(pull[:1])))

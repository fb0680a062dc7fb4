"""What Gauss-Newton needs to know of the skin: products of U with itself, for each frame where frames differ.

While shape and weights are shared, one H serves all frames. Coefficients of the frames' own make H a sum of
precomputed blocks for each frame; a robust loss on single vertices means summing over the vertices of every
frame, which is the slowest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.patches import stack, with_mean
from core.fitting.objective.pose import Pose

# Gauss-Newton matrices without vertices.


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


def frame_weights(robust_weights: Tensor | None, terms: int) -> Tensor | None:
    """(terms, n) weights of the terms of `NormalMatrix` in each frame, from those of the robust groups; the
    edges, if there is a term left for them, weigh 1."""
    if robust_weights is None or terms == len(robust_weights):
        return robust_weights
    return torch.cat((robust_weights, torch.ones_like(robust_weights[:1])))


# Frames at once where each has matrices of its own for every coefficient.
FRAMES_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Statistics:
    """Products for n frames; K = 3J + 1.

    Attributes:
        normal: (K, K) or (n, K, K) U^T L U.
        products: (n, Z, K, 3) U^T L U_z X, or None where not asked for.
        squares: (n, Z, Z) <U_y X, L U_z X>, or None.
    """

    normal: Tensor
    products: Tensor | None = None
    squares: Tensor | None = None


class SkinStatistics:
    """The products of one skin at one shape.

    Args:
        skin: with its metric.
        normal: of the skin.
        shape: that frames have where they have none of their own.
    """

    def __init__(self, skin: FitSkin, normal: NormalMatrix, shape: Shape) -> None:
        self.skin, self.normal, self.shape = skin, normal, shape
        metric = skin.metric
        self.by_vertex = metric.loss != "none" and metric.groups is None

    @cached_property
    def _at(self) -> Tensor:
        return self.normal.at(self.shape.betas)

    @cached_property
    def _derivatives(self) -> Tensor:
        return self.normal.derivatives(self.shape.betas)

    def of(self, pose: Pose, robust_weights: Tensor | None, by_coefficients: bool) -> Statistics:
        """The products of n frames.

        Args:
            pose: n poses.
            robust_weights: (p, n) weights of the groups as a robust loss sees them, or None.
            by_coefficients: also those with the derivatives of U.
        """
        if pose.betas is None and not by_coefficients and not self.by_vertex:
            weights = frame_weights(robust_weights, len(self._at))
            return Statistics(self._at.sum(0) if weights is None else torch.tensordot(weights.T, self._at, 1))
        parts = []
        for start in range(0, len(pose.world), FRAMES_AT_ONCE):
            some = slice(start, start + FRAMES_AT_ONCE)
            part_weights = None if robust_weights is None else robust_weights[:, some]
            part = self._of_few(pose[some], part_weights, by_coefficients)
            parts.append(part)
        shared = parts[0].normal.dim() == 2
        if len(parts) == 1 or (shared and not by_coefficients):
            return parts[0]
        normal = parts[0].normal if shared else torch.cat([part.normal for part in parts])
        if not by_coefficients:
            return Statistics(normal)
        products = torch.cat([part.products for part in parts if part.products is not None])
        return Statistics(
            normal, products, torch.cat([part.squares for part in parts if part.squares is not None])
        )

    def _of_few(self, pose: Pose, robust_weights: Tensor | None, by_coefficients: bool) -> Statistics:
        stacked = stack(pose.world, pose.root)
        weights = frame_weights(None if self.by_vertex else robust_weights, len(self.normal.blocks))
        found = self._from_blocks(pose, stacked, weights, by_coefficients)
        if not self.by_vertex:
            return found
        assert robust_weights is not None
        return self._from_vertices(pose, stacked, robust_weights, found)

    def _from_blocks(
        self, pose: Pose, stacked: Tensor, weights: Tensor | None, by_coefficients: bool
    ) -> Statistics:
        blocks = self.normal.blocks
        columns = stacked.permute(2, 0, 1)  # (n, K, 3)
        if pose.betas is None:
            normal, derivatives = self._at, self._derivatives if by_coefficients else None
            if weights is None:
                normal = normal.sum(0)
                derivatives = None if derivatives is None else derivatives.sum(0)
            else:
                normal = torch.tensordot(weights.T, normal, 1)
                derivatives = None if derivatives is None else torch.tensordot(weights.T, derivatives, 1)
        else:
            # (p, Z + 1, Z + 1, K, K) to (n, Z + 1, K, K): U_n^T L U_z of each frame.
            own = with_mean(pose.betas)
            if weights is None:
                each = torch.tensordot(own, blocks.sum(0), 1)
            else:
                # Term by term: every term is large.
                each = sum(
                    torch.tensordot(own * weight[:, None], block, 1)
                    for weight, block in zip(weights, blocks, strict=True)
                )
            normal, derivatives = torch.einsum("nz,nzkl->nkl", own, each), each[:, 1:]
        if not by_coefficients:
            return Statistics(normal)
        assert derivatives is not None
        if derivatives.dim() == 3:
            flat = columns.permute(1, 0, 2).flatten(1)
            products = (derivatives @ flat).unflatten(2, columns.shape[::2]).permute(2, 0, 1, 3)
        else:
            products = derivatives @ columns[:, None]
        outer = (columns @ columns.transpose(1, 2)).flatten(1)
        # With those of the mean shape, which are left out at the end: to take them out first is to copy all.
        terms = blocks.flatten(1, 2).flatten(2)  # (p, (Z + 1)^2, K K)
        outers = [outer] * len(terms) if weights is None else (outer * weight[:, None] for weight in weights)
        squares = sum(one @ term.T for one, term in zip(outers, terms, strict=True))
        squares = squares.unflatten(1, blocks.shape[1:3])[:, 1:, 1:]
        return Statistics(normal, products, squares)

    def _from_vertices(
        self, pose: Pose, stacked: Tensor, robust_weights: Tensor, base: Statistics
    ) -> Statistics:
        """Adds the vertex metric with a weight for each vertex and frame; ``base`` holds the edges."""
        frames = len(pose.world)
        normal = base.normal.expand(frames, -1, -1).clone()
        products, squares = base.products, base.squares
        own = None if pose.betas is None else with_mean(pose.betas)
        weights = (robust_weights * self.skin.metric.vertex_weights[:, 0]).T  # (n, V)
        for patch, shared in zip(self.skin.patches.patches, self.shape.bases, strict=True):
            basis = shared.expand(frames, -1, -1)
            if own is not None:
                basis = torch.einsum("nz,zrc->nrc", own, patch.basis)
            weighted = (basis * weights[:, patch.rows, None]).transpose(1, 2)
            columns = patch.columns
            normal[:, columns[:, None], columns] += weighted @ basis
            if products is None or squares is None:
                continue
            moved = torch.einsum("zrc,cin->nzri", patch.basis[1:], stacked[columns])
            products[:, :, columns] += weighted[:, None] @ moved
            squares += torch.einsum("nzri,nr,nyri->nzy", moved, weights[:, patch.rows], moved)
        return Statistics(normal, products, squares)

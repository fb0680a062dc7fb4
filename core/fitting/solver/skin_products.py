"""What Gauss-Newton needs to know of the skin: products of U with itself, for each frame where frames differ.

While shape and weights are shared, one H serves all frames. Coefficients of the frames' own make H a sum of
precomputed blocks for each frame, or where they are many, a sum over the vertices; a robust loss on single
vertices means summing over the vertices of every frame, which is the slowest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import torch
from torch import Tensor

from core.fitting.objective.metric import frame_weights
from core.fitting.objective.objective import FitSkin, Shape
from core.fitting.objective.patches import Patch, of_coefficients, stack, with_mean
from core.fitting.objective.pose import Pose

# Blocks of all pairs of so many coefficients take 120 MB. More than these would take gigabytes, and longer
# than summing over the vertices.
MOST_IN_BLOCKS = 32
# Edges at once on a device: their rows of 100 coefficients take half a gigabyte.
EDGES_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Rows:
    """r rows of U, of vertices or of edges, with the c columns that are not zero in them.

    Attributes:
        term: which of the terms of `NormalMatrix` they are of.
        basis: (Z + 1, r, c) U of the mean shape, then its derivative by each coefficient.
        weights: (r, 1).
        columns: (c,) of U.
        vertices: which vertices of the skin they are; None for edges.
    """

    term: int
    basis: Tensor
    weights: Tensor
    columns: Tensor
    vertices: slice | Tensor | None = None

    def of(self, betas: Tensor) -> Tensor:
        """(r, c) rows of U of (Z,) betas."""
        return of_coefficients(self.basis, betas)


class NormalMatrix:
    """H(betas) = U^T L U and its derivatives by betas, for one skin and its metric.

    Each is of p terms: one, or with a robust loss by part the groups, and one more for the edges where they
    count. With a robust loss by vertex only the edges are in it.

    Attributes:
        terms: p.
        width: K = 3J + 1, columns of U.
        wide: there are too many coefficients for `blocks`.
        by_vertex: every vertex has a weight of its own in each frame, by a robust loss.
    """

    def __init__(self, skin: FitSkin) -> None:
        metric = skin.metric
        self.skin, self._making = skin, Lock()
        robust = metric.loss != "none" and metric.groups is not None
        self.terms = metric.group_count + (metric.laplacian is not None) if robust else 1
        self.width = 3 * skin.body.num_joints + 1
        self.wide = len(skin.coefficients) > MOST_IN_BLOCKS
        # Edges have no robust loss.
        self.by_vertex = metric.loss != "none" and metric.groups is None and metric.sees_vertices

    def rows(self) -> Iterable[Rows]:
        """All that counts in these matrices, a patch of the skin at a time and then the edges."""
        return self._edges() if self.by_vertex else self.all_rows()

    def all_rows(self) -> Iterator[Rows]:
        """As `rows`, with the vertices whatever the loss is."""
        metric = self.skin.metric
        if metric.sees_vertices:
            yield from self._by_patch() if self._patches is self.skin.patches.patches else self._by_group
        yield from self._edges()

    @property
    def _patches(self) -> list[Patch]:
        return self.skin.patches.posing

    def _by_patch(self) -> Iterator[Rows]:
        metric = self.skin.metric
        for patch in self._patches:
            # A patch lies in one body part, and so in one group.
            grouped = metric.loss != "none" and metric.groups is not None
            term = int(metric.groups[patch.rows.start]) if grouped and metric.groups is not None else 0
            weights = metric.vertex_weights[patch.rows, :, 0]
            yield Rows(term, patch.basis, weights, patch.columns, patch.rows)

    @cached_property
    def _by_group(self) -> list[Rows]:
        """On a device: all vertices together, or those of each group."""
        metric, (whole,) = self.skin.metric, self._patches
        weights = metric.vertex_weights[:, :, 0]
        if metric.loss == "none" or metric.groups is None:
            return [Rows(0, whole.basis, weights, whole.columns, whole.rows)]
        found = []
        for term in range(metric.group_count):
            own = torch.nonzero(metric.groups == term).squeeze(1)
            found.append(Rows(term, whole.basis[:, own], weights[own], whole.columns, own))
        return found

    def _edges(self) -> Iterable[Rows]:
        return self._made_edges() if self.wide else self._few_edges

    @cached_property
    def _few_edges(self) -> list[Rows]:
        return list(self._made_edges())

    def _made_edges(self) -> Iterator[Rows]:
        metric, patches = self.skin.metric, self.skin.patches.patches
        if metric.edges is None:
            return
        assert metric.edge_weights is not None
        if self._patches is not patches:
            # On a device all patches at once, some edges at a time.
            (whole,) = self._patches
            for start in range(0, len(metric.edges), EDGES_AT_ONCE):
                ends, weights = (
                    each[start : start + EDGES_AT_ONCE] for each in (metric.edges, metric.edge_weights)
                )
                rows = whole.basis[:, ends[:, 0]] - whole.basis[:, ends[:, 1]]
                yield Rows(self.terms - 1, rows, weights[:, None], whole.columns)
            return
        starts = torch.tensor([patch.rows.start for patch in patches], device=metric.edges.device)
        inside = torch.searchsorted(starts, metric.edges, right=True) - 1  # (E, 2) patch of each end
        pairs, which = torch.unique(inside, dim=0, return_inverse=True)
        for index, (first, second) in enumerate(pairs.tolist()):
            one, two = patches[first], patches[second]
            chosen = torch.nonzero(which == index).squeeze(1)
            ends = metric.edges[chosen]
            columns = torch.unique(torch.cat((one.columns, two.columns)))
            place = torch.full((self.width,), -1, device=columns.device)
            place[columns] = torch.arange(len(columns), device=columns.device)
            rows = one.basis.new_zeros(len(one.basis), len(ends), len(columns))
            rows[:, :, place[one.columns]] += one.basis[:, ends[:, 0] - one.rows.start]
            rows[:, :, place[two.columns]] -= two.basis[:, ends[:, 1] - two.rows.start]
            yield Rows(self.terms - 1, rows, metric.edge_weights[chosen][:, None], columns)

    @property
    def blocks(self) -> Tensor:
        """(p, Z + 1, Z + 1, K, K) U_y^T L U_z, the mean shape first; made when first asked for."""
        with self._making:
            return self._blocks

    @property
    def nbytes(self) -> int:
        """Bytes of what has been made so far."""
        made = [self._blocks] if "_blocks" in self.__dict__ else []
        made += [rows.basis for rows in self.__dict__.get("_few_edges", ())]
        return sum(tensor.numel() * tensor.element_size() for tensor in made)

    @cached_property
    def _blocks(self) -> Tensor:
        like, count = self.skin.joint_template, len(self.skin.coefficients) + 1
        blocks = like.new_zeros(self.terms, count, count, self.width, self.width)
        for rows in self.rows():
            columns = rows.columns
            flat = rows.basis.permute(1, 0, 2).flatten(1)
            product = (flat * rows.weights).T @ flat
            product = product.view(count, len(columns), count, len(columns)).transpose(1, 2)
            blocks[rows.term, :, :, columns[:, None], columns] += product
        return blocks

    def _at(self, betas: Tensor, bases: list[Tensor] | None) -> Iterator[tuple[Rows, Tensor]]:
        """All that counts with (r, c) its rows of U at (Z,) betas, those of patches as ``bases`` has them."""
        ready = iter(bases or ())
        for rows in self.rows():
            found = next(ready, None) if isinstance(rows.vertices, slice) else None
            yield rows, rows.of(betas) if found is None else found

    def at(self, betas: Tensor, bases: list[Tensor] | None = None) -> Tensor:
        """(p, K, K) H of (Z,) betas, for which `Patches.bases` may have been asked already."""
        found = betas.new_zeros(self.terms, self.width, self.width, dtype=torch.float64)
        for rows, single in self._at(betas, bases):
            basis = single.double()
            found[rows.term, rows.columns[:, None], rows.columns] += (basis * rows.weights).T @ basis
        return found.to(betas)

    def derivatives(self, betas: Tensor, bases: list[Tensor] | None = None) -> Tensor:
        """(p, Z, K, K): U(betas)^T L U_z for each beta z; arguments as of `at`."""
        found = betas.new_zeros(self.terms, len(betas), self.width, self.width)
        for rows, basis in self._at(betas, bases):
            weighted = (basis * rows.weights).T
            found[rows.term][:, rows.columns[:, None], rows.columns] += weighted @ rows.basis[1:]
        return found

    def squares(self, outer: Tensor) -> Tensor:
        """(Z, Z) sum over frames of <U_y X, L U_z X>.

        Args:
            outer: (p, K, K) sum over the frames of X X^T, each with the term's weight in it.
        """
        count = len(self.skin.coefficients)
        found = outer.new_zeros(count, count, dtype=torch.float64)
        for rows in self.rows():
            directions = rows.basis[1:]
            turned = directions @ outer[rows.term][rows.columns[:, None], rows.columns]
            found += (turned * rows.weights).flatten(1) @ directions.flatten(1).T
        return found


# Frames at once where each has matrices of its own for every coefficient.
FRAMES_AT_ONCE = 16
# So few frames are posed by each coefficient: there are fewer of their columns than of U.
FEW_FRAMES = 32


@dataclass(frozen=True, eq=False)
class Statistics:
    """Products for n frames; K = 3J + 1.

    Attributes:
        normal: (K, K) or (n, K, K) U^T L U.
        products: (n, Z, K, 3) U^T L U_z X, or None where not asked for.
        squares: (n, Z, Z) <U_y X, L U_z X>, or (Z, Z) summed over frames of one shape; or None.
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
        self.by_vertex = normal.by_vertex

    @cached_property
    def shared(self) -> Tensor:
        """(K, K) U^T L U of the shape, where no robust loss weighs frames differently."""
        return self._at.sum(0)

    @cached_property
    def _at(self) -> Tensor:
        return self.normal.at(self.shape.betas, self.shape.bases)

    @cached_property
    def _derivatives(self) -> Tensor:
        return self.normal.derivatives(self.shape.betas, self.shape.bases)

    def of(self, pose: Pose, robust_weights: Tensor | None, by_coefficients: bool) -> Statistics:
        """The products of n frames.

        Args:
            pose: n poses.
            robust_weights: (p, n) weights of the groups as a robust loss sees them, or None.
            by_coefficients: also those with the derivatives of U.
        """
        if self.skin.metric.groups is None and not self.by_vertex:
            robust_weights = None
        if pose.betas is None and not self.by_vertex:
            weights = frame_weights(robust_weights, len(self._at))
            normal = self.shared if weights is None else torch.tensordot(weights.T, self._at, 1)
            return self._shared(pose, weights, normal) if by_coefficients else Statistics(normal)
        parts = []
        # How many a device holds is up to who chose them.
        at_once = FRAMES_AT_ONCE if pose.world.device.type == "cpu" else len(pose.world)
        for start in range(0, len(pose.world), at_once):
            some = slice(start, start + at_once)
            part_weights = None if robust_weights is None else robust_weights[:, some]
            parts.append(self._of_few(pose[some], part_weights, by_coefficients))
        if len(parts) == 1:
            return parts[0]
        normal = torch.cat([part.normal for part in parts])
        if not by_coefficients:
            return Statistics(normal)
        products = torch.cat([part.products for part in parts if part.products is not None])
        squares = [part.squares for part in parts if part.squares is not None]
        together = squares[0].dim() == 2
        return Statistics(normal, products, torch.stack(squares).sum(0) if together else torch.cat(squares))

    def _shared(self, pose: Pose, weights: Tensor | None, normal: Tensor) -> Statistics:
        """With the derivatives by coefficients that the n frames share.

        Args:
            pose: n poses.
            weights: (p, n) of the terms in each frame, or None.
            normal: of the frames.
        """
        stacked = stack(pose.world, pose.root)  # (K, 3, n)
        if weights is None and len(pose.world) <= FEW_FRAMES and stacked.device.type == "cpu":
            return Statistics(normal, *self._of_each(stacked))
        products, outers = [], []
        for term, derivatives in enumerate(self._derivatives):
            weighted = stacked if weights is None else stacked * weights[term]
            products.append((derivatives @ weighted.flatten(1)).unflatten(2, weighted.shape[1:]))
            outers.append(weighted.flatten(1) @ stacked.flatten(1).T)
        return Statistics(
            normal,
            torch.stack(products).sum(0).permute(3, 0, 1, 2),
            self.normal.squares(torch.stack(outers)),
        )

    def _of_each(self, stacked: Tensor) -> tuple[Tensor, Tensor]:
        """(n, Z, K, 3) U^T L U_z X and (Z, Z) sum of <U_y X, L U_z X>, by U_z X of n frames."""
        normal, (width, _, frames) = self.normal, stacked.shape
        count = len(self.skin.coefficients)
        products = stacked.new_zeros(count, width, 3 * frames)
        squares = stacked.new_zeros(count, count, dtype=torch.float64)
        for rows, basis in normal._at(self.shape.betas, self.shape.bases):
            moved = rows.basis[1:] @ stacked[rows.columns].flatten(1)
            weighted = moved * rows.weights
            products[:, rows.columns] += torch.bmm(basis.T.expand(count, -1, -1), weighted)
            squares += weighted.flatten(1) @ moved.flatten(1).T
        return products.view(count, width, 3, frames).permute(3, 0, 1, 2), squares

    def _of_few(self, pose: Pose, robust_weights: Tensor | None, by_coefficients: bool) -> Statistics:
        stacked = stack(pose.world, pose.root)
        weights = frame_weights(None if self.by_vertex else robust_weights, self.normal.terms)
        if self.normal.wide or pose.betas is None:
            found = self._nothing(len(pose.world), by_coefficients)
            rows = self.normal.all_rows()
            return self._from_rows(rows, pose, stacked, robust_weights, weights, found)
        found = self._from_blocks(pose.betas, stacked, weights, by_coefficients)
        if not self.by_vertex:
            return found
        rows = (each for each in self.normal.all_rows() if each.vertices is not None)
        return self._from_rows(rows, pose, stacked, robust_weights, None, found)

    def _nothing(self, frames: int, by_coefficients: bool) -> Statistics:
        like, width, count = self.skin.joint_template, self.normal.width, len(self.skin.coefficients)
        normal = like.new_zeros(frames, width, width)
        if not by_coefficients:
            return Statistics(normal)
        return Statistics(
            normal, like.new_zeros(frames, count, width, 3), like.new_zeros(frames, count, count)
        )

    def _from_blocks(
        self, betas: Tensor, stacked: Tensor, weights: Tensor | None, by_coefficients: bool
    ) -> Statistics:
        """Of n frames with (n, Z) betas of their own."""
        blocks = self.normal.blocks
        columns = stacked.permute(2, 0, 1)  # (n, K, 3)
        # (p, Z + 1, Z + 1, K, K) to (n, Z + 1, K, K): U_n^T L U_z of each frame.
        own = with_mean(betas)
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
        products = derivatives @ columns[:, None]
        outer = (columns @ columns.transpose(1, 2)).flatten(1)
        # With those of the mean shape, which are left out at the end: to take them out first is to copy all.
        terms = blocks.flatten(1, 2).flatten(2)  # (p, (Z + 1)^2, K K)
        outers = [outer] * len(terms) if weights is None else (outer * weight[:, None] for weight in weights)
        squares = sum(one @ term.T for one, term in zip(outers, terms, strict=True))
        squares = squares.unflatten(1, blocks.shape[1:3])[:, 1:, 1:]
        return Statistics(normal, products, squares)

    def _from_rows(
        self,
        rows: Iterator[Rows],
        pose: Pose,
        stacked: Tensor,
        robust_weights: Tensor | None,
        weights: Tensor | None,
        found: Statistics,
    ) -> Statistics:
        """Adds rows of U to what was ``found`` of n frames.

        Args:
            rows: of the skin.
            pose: n poses.
            stacked: (K, 3, n) X of them.
            robust_weights: (V, n) of a robust loss by vertex; not read without one.
            weights: (p, n) of the terms in each frame, or None.
            found: what there is already; taken over.
        """
        frames = len(pose.world)
        normal, products, squares = found.normal, found.products, found.squares
        for each in rows:
            if pose.betas is None:
                basis = each.of(self.shape.betas).expand(frames, -1, -1)
            else:
                basis = torch.tensordot(with_mean(pose.betas), each.basis, 1)
            # (n, r) of each row in each frame.
            in_frames = each.weights[:, 0].expand(frames, -1)
            if self.by_vertex and each.vertices is not None:
                assert robust_weights is not None
                in_frames = in_frames * robust_weights[each.vertices].T
            elif weights is not None:
                in_frames = in_frames * weights[each.term][:, None]
            columns = each.columns
            weighted = (basis * in_frames[..., None]).transpose(1, 2)
            normal[:, columns[:, None], columns] += weighted @ basis
            if products is None or squares is None:
                continue
            moved = torch.einsum("zrc,cin->nrzi", each.basis[1:], stacked[columns])
            by_each = (weighted @ moved.flatten(2)).unflatten(2, moved.shape[2:])
            products[:, :, columns] += by_each.transpose(1, 2)
            squares += torch.einsum("nrzi,nr,nryi->nzy", moved, in_frames, moved)
        if squares is not None and pose.betas is None:
            squares = squares.sum(0)
        return Statistics(normal, products, squares)

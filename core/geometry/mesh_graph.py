"""The skin as a graph: neighbours of vertices, and distances along the surface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


@dataclass(frozen=True, eq=False)
class MeshGraph:
    """V vertices joined by their edges; prepare it once for each shape.

    Attributes:
        faces: (F, 3) vertex ids.
        shape: (V, 3) metres in which lengths are measured.
    """

    faces: np.ndarray
    shape: np.ndarray

    @cached_property
    def edges(self) -> np.ndarray:
        """(E, 2) ids of the ends, the smaller first, each edge once."""
        return _pairs(self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]])

    @cached_property
    def neighbours(self) -> sparse.csr_matrix:
        """(V, V) CSR int8: 1 where two vertices share an edge."""
        count = len(self.shape)
        return _symmetric(self.edges, np.ones(len(self.edges), np.int8), count)

    @cached_property
    def lengths(self) -> sparse.csr_matrix:
        """(V, V) CSR float64 metres: edges, and straight across each pair of triangles with a common edge.

        The steps across make paths less jagged than along edges alone, so that a brush is round.
        """
        pairs = _pairs(self.edges, self._across())
        apart = np.linalg.norm(self.shape[pairs[:, 0]].astype(float) - self.shape[pairs[:, 1]], axis=1)
        # An edge without a length would be no edge in a sparse matrix.
        return _symmetric(pairs, np.maximum(apart, 1e-9), len(self.shape))

    @cached_property
    def pieces(self) -> np.ndarray:
        """(V,) number of the connected piece that each vertex belongs to."""
        return np.asarray(csgraph.connected_components(self.neighbours, directed=False)[1])

    def distances(self, start: int | np.ndarray, limit: float = np.inf) -> np.ndarray:
        """(V,) metres along the surface from the nearest of some vertices; inf beyond ``limit`` metres.

        Paths follow the graph: somewhat longer than the geodesic, by a few per cent.
        """
        ids = np.atleast_1d(np.asarray(start, dtype=np.int32))
        if not len(ids):
            return np.full(len(self.shape), np.inf)
        if len(ids) == 1:
            found = csgraph.dijkstra(self.lengths, indices=int(ids[0]), limit=limit)
        else:
            found = csgraph.dijkstra(self.lengths, indices=ids, limit=limit, min_only=True)
        return np.asarray(found)

    def pieces_of(self, mask: np.ndarray) -> list[np.ndarray]:
        """Ids of each connected piece of a mask, the largest first."""
        ids = np.flatnonzero(mask)
        count, piece = csgraph.connected_components(self.neighbours[ids][:, ids], directed=False)
        return sorted((ids[piece == number] for number in range(count)), key=len, reverse=True)

    def brush(self, vertex: int, radius: float) -> np.ndarray:
        """Ids of the vertices within ``radius`` metres of one, along the surface and never through it."""
        return np.flatnonzero(self.distances(vertex, radius) <= radius)

    def _across(self) -> np.ndarray:
        """(n, 2) the two corners that face each other over each inner edge."""
        corners = np.concatenate([self.faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
        facing = np.concatenate([self.faces[:, c] for c in (2, 0, 1)])
        corners = np.sort(corners, axis=1).astype(np.int64)
        order = np.lexsort((corners[:, 1], corners[:, 0]))
        corners, facing = corners[order], facing[order]
        twice = np.flatnonzero((corners[:-1] == corners[1:]).all(1))
        return np.stack((facing[twice], facing[twice + 1]), axis=1)


def _pairs(*parts: np.ndarray) -> np.ndarray:
    """Each pair once, the smaller id first, no vertex with itself."""
    pairs = np.sort(np.concatenate(parts).astype(np.int64), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _symmetric(pairs: np.ndarray, values: np.ndarray, count: int) -> sparse.csr_matrix:
    first, second = pairs.T
    rows, columns = np.concatenate((first, second)), np.concatenate((second, first))
    return sparse.csr_matrix((np.concatenate((values, values)), (rows, columns)), shape=(count, count))

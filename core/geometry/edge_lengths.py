"""Lengths of edges, by which the size of a mesh is told."""

from __future__ import annotations

import numpy as np


def edge_lengths(vertices: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(E,) float64 lengths of edges, in the unit of the vertices.

    Args:
        vertices: (V, 3).
        edges: (E, 2) ids of their ends.
    """
    ends = vertices[edges].astype(np.float64)
    return np.asarray(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1))

"""Whether triangles are the skin of something that is looked at from outside."""

from __future__ import annotations

import numpy as np

from core.files.bodies.enclosed import face_volumes
from core.geometry.mesh_graph import MeshGraph


def encloses(faces: np.ndarray, vertices: np.ndarray) -> bool:
    """Triangles (F, 3) of points (V, 3) have neither rim nor seam: each edge belongs to two, once in each
    direction. Of several pieces none is inside out where another is not."""
    size = int(faces.max(initial=0)) + 1
    ends = np.concatenate([faces[:, (0, 1)], faces[:, (1, 2)], faces[:, (2, 0)]]).astype(np.int64)
    there = np.sort(ends[:, 0] * size + ends[:, 1])
    back = np.sort(ends[:, 1] * size + ends[:, 0])
    closed = len(there) > 0 and bool((there[1:] > there[:-1]).all()) and np.array_equal(there, back)
    if not closed:
        return False
    _, piece = np.unique(MeshGraph(faces, vertices).pieces[faces[:, 0]], return_inverse=True)
    outwards = np.bincount(piece, face_volumes(vertices.astype(np.float64), faces)) > 0
    return bool(outwards.all() or not outwards.any())

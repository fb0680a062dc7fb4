"""Sets of vertices: grown, shrunk, by body part, by side, by distance along the surface.

A mask is (V,) bool. Every function gives a new one. Inverting is ``~mask``, mirroring `MirrorMap.image`.
"""

from __future__ import annotations

import numpy as np

from core.errors import RefitError
from core.geometry.mesh_graph import MeshGraph
from core.model.body import BodyModel
from core.model.joints import PARTS


def mask_of(ids: np.ndarray, vertices: int) -> np.ndarray:
    """(vertices,) bool that is True at some ids."""
    mask = np.zeros(vertices, dtype=bool)
    mask[ids] = True
    return mask


def grown(mask: np.ndarray, graph: MeshGraph, steps: int = 1) -> np.ndarray:
    """With the neighbours of the mask, ``steps`` edges far."""
    for _ in range(steps):
        mask = mask | (graph.neighbours @ mask.astype(np.int32) > 0)
    return mask.copy() if steps < 1 else mask


def shrunk(mask: np.ndarray, graph: MeshGraph, steps: int = 1) -> np.ndarray:
    """Without the vertices that lie ``steps`` edges or less from the mask's outside."""
    return ~grown(~mask, graph, steps)


def within(mask: np.ndarray, graph: MeshGraph, metres: float) -> np.ndarray:
    """With everything that lies no further along the surface."""
    return np.asarray(mask | (graph.distances(np.flatnonzero(mask), metres) <= metres))


def part_mask(body: BodyModel, part: str) -> np.ndarray:
    """The vertices of a body part, one of `core.model.joints.PARTS`.

    Raises:
        RefitError: there is no such part.
    """
    if part not in PARTS:
        raise RefitError(f"'{part}' is no body part, expected {', '.join(PARTS)}.")
    return np.asarray(body.vertex_part == PARTS.index(part))

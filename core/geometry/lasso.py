"""The vertices of a posed body that a closed line on the screen goes around, as far as they can be seen."""

from __future__ import annotations

import numpy as np

from core.geometry.hidden_skin import seen_through


def lassoed(shape: np.ndarray, faces: np.ndarray, camera: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Vertices inside a line that nothing of the body stands in front of.

    Args:
        shape: (V, 3) metres, the posed vertices.
        faces: (F, 3) vertex ids of the triangles, turned outwards.
        camera: (4, 4) from metres to clip coordinates, depth from -1 in front to 1 behind.
        line: (n, 2) corners in the plane of the screen, -1 to 1 to the right and upwards; it closes itself.

    Returns:
        (k,) ids.
    """
    clip = shape.astype(np.float64) @ camera[:, :3].T + camera[:, 3]
    ahead = clip[:, 3] > 1e-9
    flat = clip[:, :2] / np.where(ahead, clip[:, 3], 1.0)[:, None]
    inside = np.flatnonzero(ahead & inside_line(flat, line))
    return inside[seen_through(shape, faces, inside, camera)]


def inside_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """(n,) bool: points (n, 2) that a closed line (m, 2) goes around an odd number of times."""
    out = np.zeros(len(points), dtype=bool)
    if len(line) < 3:
        return out
    near = np.flatnonzero(((points >= line.min(0)) & (points <= line.max(0))).all(1))
    x, y = points[near].T
    odd = np.zeros(len(near), dtype=bool)
    for (x0, y0), (x1, y1) in zip(line, np.roll(line, -1, axis=0), strict=True):
        if y0 != y1:
            odd ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    out[near] = odd
    return out

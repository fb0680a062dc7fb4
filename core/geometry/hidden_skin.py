"""Skin that nobody sees from outside: the walls of pockets, such as the inside of the mouth."""

from __future__ import annotations

import numpy as np

_OFF_THE_SKIN = 3e-4
_SEEN_FLAT = 0.05
_AT_ONCE = 32


def hidden_vertices(shape: np.ndarray, faces: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Which vertices see nothing but the body itself, in 26 directions evenly around.

    Args:
        shape: (V, 3) metres.
        faces: (F, 3) vertex ids of the triangles that may be in the way, turned outwards.
        vertices: (n,) ids of the vertices to look from.

    Returns:
        (n,) bool.
    """
    normals = vertex_normals(shape, faces)[vertices]
    eyes = shape[vertices].astype(np.float64) + _OFF_THE_SKIN * normals
    hidden = np.ones(len(vertices), dtype=bool)
    for direction in _directions():
        looking = np.flatnonzero(hidden & (normals @ direction > _SEEN_FLAT))
        hidden[looking] = _blocked(eyes[looking], direction, shape[faces].astype(np.float64))
    return hidden


def vertex_normals(shape: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals, triangles counted by their area; zero for a vertex without a triangle."""
    corners = shape[faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out = np.zeros((len(shape), 3))
    for axis in range(3):
        for corner in range(3):
            out[:, axis] += np.bincount(faces[:, corner], across[:, axis], len(shape))
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.divide(out, length, out=np.zeros_like(out), where=length > 0)


def _directions() -> np.ndarray:
    """(26, 3) unit vectors to the faces, edges and corners of a cube; the front first, where most is seen."""
    steps = np.array([(x, y, z) for z in (1, 0, -1) for y in (0, 1, -1) for x in (0, 1, -1)], float)
    steps = steps[np.abs(steps).sum(1) > 0]
    # A little askew, so that no ray runs along the middle of a symmetric body from vertex to vertex.
    steps += [0.013, 0.007, 0.011]
    return steps / np.linalg.norm(steps, axis=1, keepdims=True)


def _blocked(eyes: np.ndarray, direction: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(n,) bool: a ray from each point in this direction meets one of (F, 3, 3) triangles."""
    across = np.linalg.svd(direction[None])[2][1:]
    frame = np.stack((across[0], across[1], direction))
    eyes, corners = eyes @ frame.T, triangles @ frame.T
    first = corners[:, 0]
    one, two = corners[:, 1] - first, corners[:, 2] - first
    twice_area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    facing = np.abs(twice_area) > 1e-14
    first, one, two, twice_area = first[facing], one[facing], two[facing], twice_area[facing]
    low, high = corners[facing].min(1), corners[facing].max(1)
    out = np.zeros(len(eyes), dtype=bool)
    order = np.argsort(eyes[:, 0])
    for start in range(0, len(eyes), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        here = eyes[some]
        # Those at once lie side by side, so that few triangles can be in front of any.
        band = np.flatnonzero(
            (low[:, :2] <= here[:, :2].max(0)).all(1)
            & (high[:, :2] >= here[:, :2].min(0)).all(1)
            & (high[:, 2] > here[:, 2].min())
        )
        near = (here[:, None, 0] >= low[band, 0]) & (here[:, None, 0] <= high[band, 0])
        near &= (here[:, None, 1] >= low[band, 1]) & (here[:, None, 1] <= high[band, 1])
        eye, face = np.nonzero(near)
        face = band[face]
        away = here[eye] - first[face]
        u = (away[:, 0] * two[face, 1] - away[:, 1] * two[face, 0]) / twice_area[face]
        v = (one[face, 0] * away[:, 1] - one[face, 1] * away[:, 0]) / twice_area[face]
        inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (u * one[face, 2] + v * two[face, 2] > away[:, 2])
        out[some[eye[inside]]] = True
    return out


def seen_through(
    shape: np.ndarray, faces: np.ndarray, vertices: np.ndarray, camera: np.ndarray
) -> np.ndarray:
    """Which vertices a camera sees: they face it, and nothing of the body stands between.

    Args:
        shape: (V, 3) metres.
        faces: (F, 3) vertex ids of the triangles, turned outwards.
        vertices: (n,) ids of the vertices to look at.
        camera: (4, 4) from metres to clip coordinates, depth from -1 in front to 1 behind.

    Returns:
        (n,) bool.
    """
    normals = vertex_normals(shape, faces)[vertices]
    points = shape[vertices].astype(np.float64)
    # Where x, y and w vanish is the eye: a point, or far away the direction in which it lies.
    eye = np.linalg.svd(camera[[0, 1, 3]])[2][-1]
    if abs(eye[3]) > 1e-9 * np.abs(eye[:3]).max():
        toward = eye[:3] / eye[3] - points
    else:
        toward = np.broadcast_to(-np.sign(camera[2, :3] @ eye[:3]) * eye[:3], points.shape)
    toward = toward / np.linalg.norm(toward, axis=1, keepdims=True)
    seen = (normals * toward).sum(1) > _SEEN_FLAT
    # Behind the division by depth all rays to the eye run side by side.
    clip = np.concatenate((points + _OFF_THE_SKIN * normals, shape)) @ camera[:, :3].T + camera[:, 3]
    ahead = clip[:, 3] > 1e-9
    flat = clip[:, :3] / np.where(ahead, clip[:, 3], 1.0)[:, None]
    eyes, corners = flat[: len(vertices)], flat[len(vertices) :]
    here = faces[ahead[len(vertices) :][faces].all(1)]
    looking = np.flatnonzero(seen & ahead[: len(vertices)])
    seen[~ahead[: len(vertices)]] = False
    if len(looking):
        seen[looking] = ~_blocked(eyes[looking], np.array([0.0, 0.0, -1.0]), corners[here])
    return seen

"""The nearest point of a surface, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

_CLASSES = 4
_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """The points of a surface nearest to n others.

    Attributes:
        distance: (n,) metres.
        face: (n,) triangle on which the point lies.
        weights: (n, 3) its barycentric weights.
    """

    distance: np.ndarray
    face: np.ndarray
    weights: np.ndarray


def closest_on_surface(points: np.ndarray, shape: np.ndarray, faces: np.ndarray) -> SurfacePoints:
    """The nearest point of a triangle mesh for each of some points.

    Args:
        points: (n, 3) metres.
        shape: (V, 3) metres.
        faces: (F, 3) vertex ids.
    """
    points, corners = np.asarray(points, np.float64), shape[faces].astype(np.float64)
    centre = corners.mean(1)
    reach = np.linalg.norm(corners - centre[:, None], axis=2).max(1)
    # The nearest vertex bounds the distance. Small triangles first: they are searched in small circles.
    used = np.unique(faces)
    best = cKDTree(shape[used]).query(points)[0] * (1 + 1e-9) + 1e-12
    face, weights = np.full(len(points), -1), np.zeros((len(points), 3))
    for members in np.array_split(np.argsort(reach, kind="stable"), _CLASSES):
        if not len(members):
            continue
        tree, most = cKDTree(centre[members]), reach[members].max()
        for start in range(0, len(points), _AT_ONCE):
            here = slice(start, start + _AT_ONCE)
            near = tree.query_ball_point(points[here], best[here] + most)
            count = np.array([len(ids) for ids in near])
            who = start + np.repeat(np.arange(len(count)), count)
            which = members[np.concatenate([np.asarray(ids, dtype=int) for ids in near])]
            found = on_triangles(points[who], corners[which])
            away = np.linalg.norm(np.einsum("nk,nkc->nc", found, corners[which]) - points[who], axis=1)
            order = np.lexsort((away, who))
            first = order[np.unique(who[order], return_index=True)[1]]
            first = first[away[first] <= best[who[first]]]
            best[who[first]], face[who[first]], weights[who[first]] = away[first], which[first], found[first]
    return SurfacePoints(best, face, weights)


def on_triangles(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(n, 3) barycentric weights of the point of each of (n, 3, 3) triangles nearest to each of (n, 3)."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    away = points - corners[:, 0]
    a, b, c = (np.einsum("nc,nc->n", x, y) for x, y in ((one, one), (one, two), (two, two)))
    p, q = np.einsum("nc,nc->n", one, away), np.einsum("nc,nc->n", two, away)
    area = np.maximum(a * c - b * b, 1e-30)
    plane = np.stack(((c * p - b * q) / area, (a * q - b * p) / area), 1)
    out = np.column_stack((1 - plane.sum(1), plane))
    outside = np.flatnonzero((out < 0).any(1) | (a * c - b * b < 1e-30))
    if len(outside):
        out[outside] = _on_edges(points[outside], corners[outside])
    return out


def _on_edges(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(n, 3) weights of the nearest point on the rims of triangles."""
    ends = np.roll(corners, -1, axis=1)
    along = ends - corners
    length = np.maximum(np.square(along).sum(2), 1e-30)
    part = np.clip(np.einsum("nkc,nkc->nk", points[:, None] - corners, along) / length, 0, 1)
    away = np.square(corners + part[..., None] * along - points[:, None]).sum(2)
    edge, rows = away.argmin(1), np.arange(len(points))
    out = np.zeros((len(points), 3))
    out[rows, edge] = 1 - part[rows, edge]
    out[rows, (edge + 1) % 3] = part[rows, edge]
    return out

"""Barycentric correspondence between the two bodies: closest points in a common pose and shape."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree


def vertex_normals(verts: np.ndarray, tris: np.ndarray) -> np.ndarray:
    """Unit vertex normals (V, 3), area weighted."""
    p = verts[tris]
    n = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    out = np.zeros_like(verts)
    for k in range(3):
        np.add.at(out, tris[:, k], n)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


def closest_on_triangles(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Barycentric weights (N, 3) of the point of each triangle closest to each p (N, 3)."""
    ab, ac = b - a, c - a
    n = np.cross(ab, ac)
    size = np.maximum(np.einsum("ij,ij->i", n, n), 1e-20)
    ap = p - a
    v = np.einsum("ij,ij->i", np.cross(ap, ac), n) / size
    w = np.einsum("ij,ij->i", np.cross(ab, ap), n) / size
    best = np.stack([1 - v - w, v, w], 1)
    inside = best.min(1) >= 0
    dist = np.full(len(p), np.inf)
    corners = (a, b, c)
    out = np.where(inside[:, None], best, 0.0)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        e = corners[j] - corners[i]
        t = np.einsum("ij,ij->i", p - corners[i], e) / np.maximum(np.einsum("ij,ij->i", e, e), 1e-20)
        t = np.clip(t, 0, 1)
        d = np.linalg.norm(p - corners[i] - t[:, None] * e, axis=1)
        take = ~inside & (d < dist)
        dist = np.where(take, d, dist)
        bary = np.zeros((len(p), 3))
        bary[:, i], bary[:, j] = 1 - t, t
        out[take] = bary[take]
    return out


def transfer_matrix(
    target: np.ndarray,
    target_tris: np.ndarray,
    source: np.ndarray,
    source_tris: np.ndarray,
    usable: np.ndarray,
    valid: np.ndarray,
    near: int = 40,
) -> tuple[sp.csr_matrix, np.ndarray]:
    """Matrix (T, 2 S) taking source vertices to target vertices, and distances (T,) in metres.

    The left half holds barycentric weights, the right half (normals) is empty. Only `usable` (F,)
    source triangles are hit, and only ones that face the same way; rows of targets that are not
    `valid` (T,) stay empty.
    """
    tn = vertex_normals(target, target_tris)
    faces = source_tris[usable]
    p = source[faces]
    fn = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    fn /= np.maximum(np.linalg.norm(fn, axis=1, keepdims=True), 1e-20)
    candidates = cKDTree(p.mean(1)).query(target, k=near)[1]
    best = np.full(len(target), np.inf)
    bary, face = np.zeros((len(target), 3)), np.zeros(len(target), int)
    for k in range(near):
        f = candidates[:, k]
        w = closest_on_triangles(target, p[f, 0], p[f, 1], p[f, 2])
        d = np.linalg.norm(np.einsum("ni,nij->nj", w, p[f]) - target, axis=1)
        turned = np.einsum("ij,ij->i", tn, fn[f]) < 0.1
        price = d + np.where(turned, 1.0, 0.0)  # a metre: only when nothing faces the same way
        better = price < best
        best = np.where(better, price, best)
        bary[better], face[better] = w[better], f[better]
    rows = np.repeat(np.flatnonzero(valid), 3)
    cols = faces[face[valid]].ravel()
    mat = sp.csr_matrix((bary[valid].ravel(), (rows, cols)), shape=(len(target), 2 * len(source)))
    mat.eliminate_zeros()
    dist = np.linalg.norm(mat[:, : len(source)] @ source - target, axis=1)
    return mat, np.where(valid, dist, 0.0)

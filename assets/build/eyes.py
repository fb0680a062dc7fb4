"""Eyeballs of the SMPL-X-like body, and the opening behind each of them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from base import EYE_LEFT, Base
from scipy.spatial import ConvexHull
from surface import Half, split_quads

EYE_VERTS = 546  # a ball; 1088 faces
HOLE_FACES = 15  # removed from the back of each socket, so that the face count is SMPL-X's


def eyeball(base: Base, verts: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray]:
    """Left eyeball: rows (546, 19158) and triangles (1088, 3); a spiral of points on the original."""
    k = np.arange(EYE_VERTS) + 0.5
    z, turn = 1 - 2 * k / EYE_VERTS, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    rays = np.stack([r * np.cos(turn), r * np.sin(turn), z], 1)
    tris = ConvexHull(rays).simplices
    p = rays[tris]
    inward = np.einsum("ij,ij->i", np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), p.mean(1)) < 0
    tris[inward] = tris[inward][:, ::-1]

    centre = verts[EYE_LEFT].mean(0)
    ball = split_quads(base.eye_quads, verts)
    inv = np.linalg.inv(np.swapaxes(verts[ball] - centre, 1, 2))
    rows = sp.lil_matrix((EYE_VERTS, len(verts)))
    for i, ray in enumerate(rays):
        part = inv @ ray
        k_best = int(np.argmax(part.min(1)))
        w = np.clip(part[k_best], 0, None)
        for j, x in zip(ball[k_best], w / w.sum(), strict=True):
            rows[i, j] = x
    return rows.tocsr(), tris


def open_socket(half: Half, verts: np.ndarray) -> Half:
    """Cut a strip of faces without inner vertices out of the back of the left socket."""
    at = half.rows @ verts
    centre = verts[EYE_LEFT].mean(0)
    inside = half.hidden & (np.linalg.norm(at - centre, axis=1) < 0.026)
    allowed = set(np.flatnonzero(inside[half.tris].all(1)).tolist())
    depth = at[half.tris][..., 2].mean(1)
    first = min(allowed, key=lambda k: depth[k])
    strip, corners = [first], set(half.tris[first].tolist())
    while len(strip) < HOLE_FACES:
        options = []
        for k in allowed - set(strip):
            new = set(half.tris[k].tolist()) - corners
            shares = any(len(set(half.tris[k]) & set(half.tris[s])) == 2 for s in strip)
            if shares and len(new) == 1:
                options.append((depth[k], k))
        pick = min(options)[1]
        strip.append(pick)
        corners |= set(half.tris[pick].tolist())
    keep = np.setdiff1d(np.arange(len(half.tris)), strip)
    return Half(half.rows, half.tris[keep], half.middle, half.hidden)

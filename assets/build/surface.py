"""Source surfaces to remesh: the open skin (eye sockets, mouth pocket) and the sealed skin."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from base import EYE_LEFT, N_BASE, N_BODY, Base
from scipy.sparse.linalg import spsolve

LIP_SEAM = 474  # midline vertex of the upper lip where the lips touch (base mesh hm08)


@dataclass
class Half:
    """Left half (x >= 0) of a surface, boundary on the midline."""

    rows: sp.csr_matrix  # (n, 19158) each vertex as a mixture of base vertices
    tris: np.ndarray  # (f, 3)
    middle: np.ndarray  # (n,) bool, on the plane x = 0
    hidden: np.ndarray  # (n,) bool, inside an eye socket or the mouth


def _edges(quads: np.ndarray) -> tuple[dict, dict]:
    """Faces of each edge and neighbours of each vertex."""
    faces, near = defaultdict(set), defaultdict(set)
    for k, quad in enumerate(quads):
        for a, b in zip(quad, np.roll(quad, -1), strict=True):
            faces[frozenset((int(a), int(b)))].add(k)
            near[int(a)].add(int(b))
            near[int(b)].add(int(a))
    return faces, near


def lip_loop(base: Base) -> list[int]:
    """Left half of the edge loop where the lips meet, from upper to lower midline vertex."""
    faces, near = _edges(base.quads)
    x = base.verts[:, 0]
    path = [LIP_SEAM, max(near[LIP_SEAM], key=lambda i: x[i])]
    while x[path[-1]] > 1e-9:
        a, b = path[-2:]
        used = faces[frozenset((a, b))]
        path.append(next(i for i in near[b] if i != a and not used & faces[frozenset((b, i))]))
    return path


def pocket_parts(base: Base) -> tuple[np.ndarray, np.ndarray]:
    """Quads inside the mouth and inside the left eye socket, as two masks over `base.quads`."""
    eye = np.zeros(len(base.quads), bool)
    for k in np.unique(base.islands):
        part = base.islands == k
        at = base.verts[base.quads[part]]
        if part.sum() < 350 and at[..., 0].min() > 0:
            eye = part
    # The mouth: flood from the deepest part of the pocket, stopped by the loop where the lips meet.
    loop = lip_loop(base)
    wall = set(loop) | {int(base.mirror[i]) for i in loop}
    mouth_island = [k for k in np.unique(base.islands) if 350 < (base.islands == k).sum() < 500]
    seeds = np.flatnonzero(base.islands == mouth_island[0])
    depth = base.verts[base.quads[seeds]][..., 2].mean(1)
    faces, _ = _edges(base.quads)
    start = int(seeds[np.argmin(depth)])
    seen, todo = {start}, deque([start])
    while todo:
        quad = base.quads[todo.popleft()]
        for a, b in zip(quad, np.roll(quad, -1), strict=True):
            if int(a) in wall and int(b) in wall:
                continue
            for k in faces[frozenset((int(a), int(b)))] - seen:
                seen.add(k)
                todo.append(k)
    mouth = np.zeros(len(base.quads), bool)
    mouth[list(seen)] = True
    return mouth, eye


def split_quads(quads: np.ndarray, verts: np.ndarray) -> np.ndarray:
    """Triangles (2F, 3): each quad cut along its shorter diagonal."""
    q = verts[quads]
    short = np.linalg.norm(q[:, 0] - q[:, 2], axis=1) <= np.linalg.norm(q[:, 1] - q[:, 3], axis=1)
    first = np.where(short[:, None], quads[:, [0, 1, 2]], quads[:, [0, 1, 3]])
    second = np.where(short[:, None], quads[:, [0, 2, 3]], quads[:, [1, 2, 3]])
    return np.concatenate([first, second])


def _eye_cover(base: Base, verts: np.ndarray, quads: np.ndarray) -> dict[int, dict[int, float]]:
    """Rows that lay the inside of the socket (a disc) over the front of the eyeball."""
    faces, near = _edges(quads)
    rim = {i for e, f in faces.items() if len(f) == 1 for i in e}
    inner = sorted(set(quads.ravel().tolist()) - rim)
    slot = {v: i for i, v in enumerate(inner)}
    lap = sp.lil_matrix((len(inner), len(inner)))
    rhs = np.zeros((len(inner), 2))
    for v in inner:
        lap[slot[v], slot[v]] = len(near[v])
        for u in near[v]:
            if u in slot:
                lap[slot[v], slot[u]] = -1
            else:
                rhs[slot[v]] += verts[u, :2]
    flat = spsolve(lap.tocsc(), rhs)

    ball = split_quads(base.eye_quads, verts)
    corner = verts[ball]
    front = corner[..., 2].mean(1) > verts[EYE_LEFT, 2].mean()
    ball, corner = ball[front], corner[front]
    edge1, edge2 = corner[:, 1, :2] - corner[:, 0, :2], corner[:, 2, :2] - corner[:, 0, :2]
    det = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    rows = {}
    for v in inner:
        d = flat[slot[v]] - corner[:, 0, :2]
        s = (d[:, 0] * edge2[:, 1] - d[:, 1] * edge2[:, 0]) / det
        t = (edge1[:, 0] * d[:, 1] - edge1[:, 1] * d[:, 0]) / det
        k = int(np.argmax(np.minimum(np.minimum(s, t), 1 - s - t)))
        w = np.clip([1 - s[k] - t[k], s[k], t[k]], 0, None)
        rows[v] = {int(i): float(x) for i, x in zip(ball[k], w / w.sum(), strict=True)}
    return rows


def half_surface(base: Base, verts: np.ndarray, sealed: bool) -> Half:
    """The left half of the open or the sealed skin; `verts` (19158, 3) gives the geometry."""
    mouth, eye = pocket_parts(base)
    left = base.verts[base.quads][..., 0].min(1) >= 0
    covers = _eye_cover(base, verts, base.quads[eye]) if sealed else {}
    keep = left & ~mouth if sealed else left
    tris = split_quads(base.quads[keep], verts)
    if sealed:  # sew the lower lip to the upper one, vertex by vertex
        loop = lip_loop(base)
        sewn = np.arange(N_BODY)
        for up, low in list(zip(loop, loop[::-1], strict=True))[: len(loop) // 2]:
            sewn[low] = up
            covers[up] = {up: 0.5, low: 0.5}
        tris = sewn[tris]
        tris = tris[(tris != np.roll(tris, 1, axis=1)).all(1)]
    used = np.unique(tris)
    slot = np.full(N_BODY, -1)
    slot[used] = np.arange(len(used))
    rows = sp.lil_matrix((len(used), N_BASE))
    for i, v in enumerate(used):
        for j, w in covers.get(int(v), {int(v): 1.0}).items():
            rows[i, j] = w
    inside = np.zeros(N_BODY, bool)
    if not sealed:
        inside[base.quads[mouth | eye]] = True
    return Half(rows.tocsr(), slot[tris], base.verts[used, 0] == 0, inside[used])


def orientation_ok(tris: np.ndarray) -> bool:
    """True when every directed edge is used once, and its reverse at most once."""
    edges = np.concatenate([tris[:, [0, 1]], tris[:, [1, 2]], tris[:, [2, 0]]])
    return len(np.unique(edges, axis=0)) == len(edges)

"""Landmarks of the SMPL-X-like face: 51 inner points and the contour of the jaw for each head turn."""

from __future__ import annotations

import numpy as np
from base import EYE_LEFT, Base
from correspondence import closest_on_triangles
from surface import lip_loop, pocket_parts


def _front(
    verts: np.ndarray, tris: np.ndarray, origin: np.ndarray, ray: np.ndarray
) -> tuple[int, np.ndarray]:
    """Last triangle a ray leaves through, with barycentric weights; between the lips, the rim beside it."""
    p = verts[tris]
    e1, e2 = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    h = np.cross(ray, e2)
    det = np.einsum("ij,ij->i", e1, h)
    det = np.where(np.abs(det) < 1e-15, 1e-15, det)
    s = origin - p[:, 0]
    u = np.einsum("ij,ij->i", s, h) / det
    q = np.cross(s, e1)
    v = q @ ray / det
    t = np.einsum("ij,ij->i", e2, q) / det
    hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (t > 0)
    if not hit.any():
        return _beside(verts, tris, origin, ray)
    k = int(np.argmax(np.where(hit, t, -np.inf)))
    w = np.clip([1 - u[k] - v[k], u[k], v[k]], 0, None)
    return k, w / w.sum()


def _beside(
    verts: np.ndarray, tris: np.ndarray, origin: np.ndarray, ray: np.ndarray
) -> tuple[int, np.ndarray]:
    """Triangle ahead that comes closest to a ray, with the barycentric weights of its point there."""
    away = verts - origin
    along = away @ ray
    ahead = np.flatnonzero((along[tris] > 0).all(1))
    p = (away - along[:, None] * ray)[tris[ahead]]
    w = closest_on_triangles(np.zeros((len(ahead), 3)), p[:, 0], p[:, 1], p[:, 2])
    k = int(np.argmin(np.linalg.norm(np.einsum("ni,nij->nj", w, p), axis=1)))
    return int(ahead[k]), w[k]


def _nearest(verts: np.ndarray, tris: np.ndarray, point: np.ndarray) -> tuple[int, np.ndarray]:
    """Closest triangle to a point, with barycentric weights."""
    p = verts[tris]
    w = closest_on_triangles(np.tile(point, (len(tris), 1)), p[:, 0], p[:, 1], p[:, 2])
    k = int(np.argmin(np.linalg.norm(np.einsum("ni,nij->nj", w, p) - point, axis=1)))
    return k, w[k]


def _eyelid(base: Base, at: np.ndarray) -> np.ndarray:
    """Six points (6, 3) of the left eye: inner corner, upper two, outer corner, lower two."""
    quads = base.quads[pocket_parts(base)[1]]
    edges = np.sort(np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)]), axis=1)
    pairs, count = np.unique(edges, axis=0, return_counts=True)
    rim = at[np.unique(pairs[count == 1])]
    inner, outer = rim[np.argmin(rim[:, 0])], rim[np.argmax(rim[:, 0])]
    mid_y = 0.5 * (inner[1] + outer[1])

    def lid(x: float, up: bool) -> np.ndarray:
        side = rim[(rim[:, 1] > mid_y) == up]
        return side[np.argmin(np.abs(side[:, 0] - x))]

    xs = [inner[0] + f * (outer[0] - inner[0]) for f in (0.33, 0.67)]
    return np.array([inner, lid(xs[0], True), lid(xs[1], True), outer, lid(xs[1], False), lid(xs[0], False)])


def inner_points(base: Base, at: np.ndarray, nose_y: float) -> list[np.ndarray]:
    """Left and middle landmark positions assembled to the 51 of the iBUG order; `at` (19158, 3)."""
    flip = np.array([-1.0, 1.0, 1.0])
    eye = _eyelid(base, at)
    centre = at[EYE_LEFT].mean(0)
    span = eye[3, 0] - eye[0, 0]

    def front(x: float, y: float) -> np.ndarray:
        return np.array([x, y, np.inf])  # depth is found on the surface

    brow = [
        front(centre[0] + span * dx, centre[1] + span * dy)
        for dx, dy in ((-0.55, 0.52), (-0.2, 0.66), (0.15, 0.70), (0.5, 0.62), (0.8, 0.42))
    ]
    top = centre[1] + 0.1 * span
    bridge = [front(0.0, y) for y in np.linspace(top, nose_y, 4)]
    wing = [front(x, nose_y - dy) for x, dy in ((0.007, 0.0075), (0.0125, 0.0055))]
    nostril = [front(0.0, nose_y - 0.009), *wing]

    loop = lip_loop(base)
    seam = at[loop]
    corner = seam[np.argmax(seam[:, 0])]
    y0 = seam[0, 1]
    w = corner[0]
    up = [front(0.62 * w, y0 + 0.0060), front(0.25 * w, y0 + 0.0085), front(0.0, y0 + 0.0075)]
    low = [front(0.0, y0 - 0.0110), front(0.3 * w, y0 - 0.0100), front(0.66 * w, y0 - 0.0065)]
    lip_up = [front(0.5 * w, y0 + 0.001), front(0.0, y0 + 0.0012)]
    # The lower lip begins further from the seam than the upper one.
    lip_low = [front(0.0, y0 - 0.0026), front(0.5 * w, y0 - 0.0030)]

    def mir(p: np.ndarray) -> np.ndarray:
        return p * flip

    out = [mir(p) for p in brow[::-1]] + brow
    out += [*bridge, mir(nostril[2]), mir(nostril[1]), nostril[0], nostril[1], nostril[2]]
    out += [mir(eye[k]) for k in (3, 2, 1, 0, 5, 4)] + [eye[k] for k in range(6)]
    out += [mir(corner), mir(up[0]), mir(up[1]), up[2], up[1], up[0], corner]
    out += [low[2], low[1], low[0], mir(low[1]), mir(low[2])]
    out += [mir(0.93 * corner + [0, 0.07 * y0, 0.07 * corner[2]]), mir(lip_up[0]), lip_up[1], lip_up[0]]
    out += [0.93 * corner + [0, 0.07 * y0, 0.07 * corner[2]], lip_low[1], lip_low[0], mir(lip_low[1])]
    return out


def embed(
    base: Base, at: np.ndarray, verts: np.ndarray, tris: np.ndarray, outer: np.ndarray, head: np.ndarray
) -> dict[str, np.ndarray]:
    """Landmark faces and weights; `outer` (F,) marks the visible skin, `head` (3,) is the head joint."""
    ids = np.flatnonzero(outer)
    skin = tris[ids]
    face = verts[skin].mean(1)
    close = (face[:, 1] > head[1] - 0.13) & (np.abs(face[:, 0]) < 0.12)
    ids, skin = ids[close], skin[close]
    near = (np.abs(verts[:, 0]) < 0.02) & (verts[:, 1] > head[1] - 0.05)
    nose = verts[np.flatnonzero(near)[np.argmax(verts[near, 2])]]
    found = []
    for p in inner_points(base, at, nose[1]):
        if np.isinf(p[2]):
            found.append(_front(verts, skin, np.array([p[0], p[1], head[2]]), np.array([0.0, 0.0, 1.0])))
        else:
            found.append(_nearest(verts, skin, p))
    contour_ids, contour_w = [], []
    for row in range(79):
        yaw = row if row < 40 else 39 - row
        faces, weights = _contour(verts, skin, head, yaw)
        contour_ids.append(ids[faces])
        contour_w.append(weights)
    return {
        "lmk_faces_idx": ids[[k for k, _ in found]].astype(np.int64),
        "lmk_bary_coords": np.array([w for _, w in found]),
        "dynamic_lmk_faces_idx": np.array(contour_ids, dtype=np.int64),
        "dynamic_lmk_bary_coords": np.array(contour_w),
    }


def _contour(
    verts: np.ndarray, skin: np.ndarray, head: np.ndarray, yaw: int
) -> tuple[np.ndarray, np.ndarray]:
    """17 points along the jaw line, right ear to left ear, sliding a little when the head turns."""
    centre = head + np.array([0.0, 0.025, 0.02])
    faces, weights = [], []
    for s in np.linspace(-1, 1, 17):
        across = np.clip(s + 0.003 * yaw * (1 - s * s), -1, 1)
        turn = across * np.deg2rad(82)
        dip = -np.deg2rad(50) * np.cos(across * np.pi / 2) ** 0.8
        ray = np.array([np.sin(turn) * np.cos(dip), np.sin(dip), np.cos(turn) * np.cos(dip)])
        k, w = _front(verts, skin, centre, ray)
        faces.append(k)
        weights.append(w)
    return np.array(faces), np.array(weights)

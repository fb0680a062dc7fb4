"""Reduce half a surface to an exact number of vertices by quadric edge collapse, then mirror it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from surface import Half


@dataclass
class Mesh:
    """A whole symmetric mesh whose vertices are mixtures of base vertices."""

    rows: sp.csr_matrix  # (V, 19158)
    tris: np.ndarray  # (F, 3)
    mirror: np.ndarray  # (V,)
    hidden: np.ndarray  # (V,) bool


class Collapser:
    """Edge collapse on a half surface, keeping it a disc bounded by the midline."""

    def __init__(self, half: Half, verts: np.ndarray, detail: np.ndarray, noise: np.ndarray):
        self.at = half.rows @ verts
        self.mid = half.middle
        self.detail, self.noise = detail, noise
        self.rows = [
            dict(zip(half.rows[i].indices.tolist(), half.rows[i].data.tolist(), strict=True))
            for i in range(half.rows.shape[0])
        ]
        self.faces = {k: tuple(int(i) for i in f) for k, f in enumerate(half.tris)}
        self.around: list[set[int]] = [set() for _ in self.rows]
        for k, f in self.faces.items():
            for i in f:
                self.around[i].add(k)
        self.alive = np.ones(len(self.rows), bool)
        self.stamp = np.zeros(len(self.rows), int)
        self.quadric = np.zeros((len(self.rows), 4, 4))
        for f in self.faces.values():
            p = self.at[list(f)]
            n = np.cross(p[1] - p[0], p[2] - p[0])
            area = np.linalg.norm(n)
            plane = np.append(n, -n @ p[0]) / max(area, 1e-12)
            for i in f:
                self.quadric[i] += area * np.outer(plane, plane)
        self.heap: list[tuple[float, int, int, int, int]] = []
        for i in range(len(self.rows)):
            for j in self.near(i):
                if i < j:
                    self.push(i, j)

    def near(self, i: int) -> set[int]:
        """Neighbours of a vertex."""
        return {j for k in self.around[i] for j in self.faces[k]} - {i}

    def place(self, i: int, j: int) -> float:
        """Where along the edge the merged vertex goes: 0 at i, 1 at j."""
        if self.mid[i] != self.mid[j]:
            return 0.0 if self.mid[i] else 1.0
        q = self.quadric[i] + self.quadric[j]
        options = (0.0, 0.3, 0.5, 0.7, 1.0)
        return min(options, key=lambda t: self._error(q, (1 - t) * self.at[i] + t * self.at[j]))

    @staticmethod
    def _error(q: np.ndarray, p: np.ndarray) -> float:
        h = np.append(p, 1.0)
        return float(h @ q @ h)

    def push(self, i: int, j: int) -> None:
        """Queue the collapse of an edge with its price."""
        t = self.place(i, j)
        p = (1 - t) * self.at[i] + t * self.at[j]
        length = np.sum((self.at[i] - self.at[j]) ** 2)
        shape = self._error(self.quadric[i] + self.quadric[j], p)
        detail = 0.5 * (self.detail[i] + self.detail[j])
        price = (shape + 2e-3 * length**2) * detail * 0.5 * (self.noise[i] + self.noise[j])
        heapq.heappush(self.heap, (price, i, j, int(self.stamp[i]), int(self.stamp[j])))

    def allowed(self, i: int, j: int, p: np.ndarray) -> bool:
        """Topology stays a disc, no face flips or degenerates, no vertex gets too many edges."""
        shared = self.around[i] & self.around[j]
        ni, nj = self.near(i), self.near(j)
        both = self.mid[i] and self.mid[j]
        if both != (len(shared) == 1) or len(ni & nj) != len(shared):
            return False
        if len(ni | nj) - 2 > 9:
            return False
        if self.mid[i] != self.mid[j]:  # no chord between midline vertices: its mirror would double it
            keep, lose = (i, j) if self.mid[i] else (j, i)
            for c in self.near(lose) - {keep}:
                if self.mid[c] and c not in self.near(keep):
                    return False
                if self.mid[c] and len(self.around[c] & self.around[keep]) != 1:
                    return False
        for k in (self.around[i] | self.around[j]) - shared:
            f = self.faces[k]
            old = self.at[list(f)]
            new = np.array([p if v in (i, j) else self.at[v] for v in f])
            a, b = np.cross(old[1] - old[0], old[2] - old[0]), np.cross(new[1] - new[0], new[2] - new[0])
            la, lb = np.linalg.norm(a), np.linalg.norm(b)
            longest = max(np.sum((new - np.roll(new, 1, 0)) ** 2, axis=1))
            if a @ b < 0.35 * la * lb or lb < 0.06 * longest:
                return False
        return True

    def step(self, want_mid: bool | None) -> bool:
        """Do the cheapest collapse (of a midline edge, or of any other); False when none is left."""
        put_back, done = [], False
        while self.heap:
            item = heapq.heappop(self.heap)
            _, i, j, si, sj = item
            if not (self.alive[i] and self.alive[j]) or (si, sj) != (self.stamp[i], self.stamp[j]):
                continue
            if want_mid is not None and bool(self.mid[i] and self.mid[j]) != want_mid:
                put_back.append(item)
                continue
            t = self.place(i, j)
            p = (1 - t) * self.at[i] + t * self.at[j]
            if self.allowed(i, j, p):
                self.merge(i, j, t, p)
                done = True
                break
        for item in put_back:
            heapq.heappush(self.heap, item)
        return done

    def merge(self, i: int, j: int, t: float, p: np.ndarray) -> None:
        """Collapse j into i."""
        self.at[i] = p
        self.mid[i] = self.mid[i] or self.mid[j]
        row: dict[int, float] = {}
        for part, w in ((self.rows[i], 1 - t), (self.rows[j], t)):
            for k, x in part.items():
                if w * x > 0:
                    row[k] = row.get(k, 0.0) + w * x
        self.rows[i] = row
        self.quadric[i] += self.quadric[j]
        for k in self.around[i] & self.around[j]:
            for v in self.faces.pop(k):
                self.around[v].discard(k)
        for k in self.around[j]:
            self.faces[k] = tuple(i if v == j else v for v in self.faces[k])
            self.around[i].add(k)
        self.around[j] = set()
        self.alive[j] = False
        self.stamp[i] += 1
        for v in self.near(i):
            self.push(min(i, v), max(i, v))


def flip_edges(at: np.ndarray, tris: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Flip edges towards well-shaped (Delaunay) triangles where the surface is nearly flat."""
    tris = tris.copy()
    for _ in range(rounds):
        owner = {(int(f[a]), int(f[(a + 1) % 3])): k for k, f in enumerate(tris) for a in range(3)}
        touched: set[int] = set()
        count = 0
        for (a, b), k in list(owner.items()):
            m = owner.get((b, a))
            if m is None or a > b or k in touched or m in touched:
                continue
            c = int(next(v for v in tris[k] if v not in (a, b)))
            d = int(next(v for v in tris[m] if v not in (a, b)))
            if (c, d) in owner or (d, c) in owner:
                continue
            angle = sum(_angle(at[a], at[o], at[b]) for o in (c, d))
            new = [(c, a, d), (d, b, c)]
            old_n = np.cross(at[b] - at[a], at[c] - at[a]) + np.cross(at[a] - at[b], at[d] - at[b])
            ns = [np.cross(at[f[1]] - at[f[0]], at[f[2]] - at[f[0]]) for f in new]
            flat = all(n @ old_n > 0.9 * np.linalg.norm(n) * np.linalg.norm(old_n) for n in ns)
            if angle > np.pi + 0.05 and flat:
                tris[k], tris[m] = new
                owner[(c, d)], owner[(d, c)] = k, m
                touched |= {k, m}
                count += 1
        if count == 0:
            break
    return tris


def _angle(a: np.ndarray, o: np.ndarray, b: np.ndarray) -> float:
    u, v = a - o, b - o
    return float(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v))


def reduce_half(half: Half, verts: np.ndarray, target: int, detail: np.ndarray, seed: int) -> Half:
    """Collapse edges until the mirrored mesh has exactly `target` vertices."""
    noise = np.random.default_rng(seed).uniform(0.5, 1.5, half.rows.shape[0])
    work = Collapser(Half(half.rows, half.tris, half.middle.copy(), half.hidden), verts, detail, noise)

    def total() -> int:
        return 2 * int(work.alive.sum()) - int((work.alive & work.mid).sum())

    while total() > target + 1:
        if not work.step(None):
            raise RuntimeError("no edge left to collapse")
    if total() == target + 1:
        work.step(True)
    assert total() == target
    ids = np.flatnonzero(work.alive)
    slot = np.full(len(work.alive), -1)
    slot[ids] = np.arange(len(ids))
    tris = slot[np.array([work.faces[k] for k in sorted(work.faces)])]
    tris = flip_edges(work.at[ids], tris)
    rows = sp.lil_matrix((len(ids), half.rows.shape[1]))
    for n, i in enumerate(ids):
        for k, w in work.rows[i].items():
            rows[n, k] = w
    return Half(rows.tocsr(), tris, work.mid[ids], half.hidden[ids])


def mirror_half(half: Half, base_mirror: np.ndarray) -> Mesh:
    """Join a left half and its mirror image along the midline."""
    n = half.rows.shape[0]
    side = np.flatnonzero(~half.middle)
    other = np.arange(n)
    other[side] = n + np.arange(len(side))
    swapped = sp.csr_matrix(half.rows[:, np.argsort(base_mirror)])
    rows = sp.vstack([half.rows, swapped[side]]).tocsr()
    tris = np.concatenate([half.tris, other[half.tris][:, ::-1]])
    mirror = np.concatenate([other, side])
    return Mesh(rows, tris, mirror, np.concatenate([half.hidden, half.hidden[side]]))


def relax(mesh: Mesh, amount: float | np.ndarray) -> Mesh:
    """Move vertices towards their neighbours (in mixture space, so all attributes follow).

    `amount` is 0 to 1, for all or for each vertex (V,).
    """
    amount = np.broadcast_to(amount, mesh.rows.shape[0])
    v = mesh.rows.shape[0]
    e = np.concatenate([mesh.tris[:, [0, 1]], mesh.tris[:, [1, 2]], mesh.tris[:, [2, 0]]])
    adj = sp.coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(v, v)).tocsr()
    adj = ((adj + adj.T) > 0).astype(float)
    mean = sp.diags(1 / np.asarray(adj.sum(1)).ravel()) @ adj
    rows = (sp.diags(1 - amount) @ mesh.rows + sp.diags(amount) @ (mean @ mesh.rows)).tocsr()
    return Mesh(rows, mesh.tris, mesh.mirror, mesh.hidden)

"""Skin weights of a model: gathered from the base, smoothed over the mesh, a few joints a vertex."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

EXTRA_ROUNDS = 16


def adjacency(tris: np.ndarray, count: int) -> sp.csr_matrix:
    """Row-normalised vertex adjacency (V, V)."""
    e = np.concatenate([tris[:, [0, 1]], tris[:, [1, 2]], tris[:, [2, 0]]])
    adj = sp.coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(count, count)).tocsr()
    adj = ((adj + adj.T) > 0).astype(float)
    return sp.csr_matrix(sp.diags(1 / np.asarray(adj.sum(1)).ravel()) @ adj)


def skin_weights(
    raw: np.ndarray,
    tris: np.ndarray,
    mirror: np.ndarray,
    joint_mirror: np.ndarray,
    rounds: int,
    most: int,
    loose: np.ndarray,
    extra: np.ndarray,
) -> np.ndarray:
    """Smoothed weights (V, J) float32, at most `most` joints a vertex, rows sum to 1.

    `loose` marks vertices (V,) to smooth; the others (fingers, eyeballs) keep what they have.
    `extra` vertices (V,) are smoothed further.
    """
    mean = adjacency(tris, len(raw))
    w = raw / raw.sum(1, keepdims=True)
    for k in range(rounds + EXTRA_ROUNDS):
        now = loose if k < rounds else loose & extra
        w = np.where(now[:, None], 0.5 * w + 0.5 * (mean @ w), w)
    w = 0.5 * (w + w[mirror][:, joint_mirror])
    floor = -np.sort(-w, axis=1)[:, most - 1 : most]
    w = np.where((w >= floor) & (w > 0.004), w, 0.0)
    # Rounding first keeps both sides equal and the file small.
    w = np.round(w / w.sum(1, keepdims=True), 4)
    return (w / w.sum(1, keepdims=True)).astype(np.float32)

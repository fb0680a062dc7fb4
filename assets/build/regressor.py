"""Joint regressor: each joint is a weighted mean of a ring of vertices round it."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from skeleton import FINGER_NUMBER

WIDE = ("pelvis", "spine1", "spine2", "spine3", "neck", "head", "jaw")


def _ring(
    at: np.ndarray, centre: np.ndarray, axis: np.ndarray, near: np.ndarray, bins: int, both: bool
) -> np.ndarray:
    """For each of `bins` sectors about the axis, the vertex closest to the joint's plane.

    With `both`, the closest one on either side of the plane.
    """
    d = at - centre
    axis = axis / np.linalg.norm(axis)
    u = np.cross(axis, [0.3, 0.5, 0.8])
    u /= np.linalg.norm(u)
    v = np.cross(axis, u)
    along = d @ axis
    sector = np.floor((np.arctan2(d @ v, d @ u) / (2 * np.pi) + 0.5) * bins).astype(int) % bins
    radius = np.hypot(d @ u, d @ v)
    price = along**2 + 0.05 * radius**2
    ids = np.flatnonzero(near)
    chosen = []
    for k in range(bins):
        own = ids[sector[ids] == k]
        for part in (own[along[own] >= 0], own[along[own] < 0]) if both else (own,):
            if len(part):
                chosen.append(part[np.argmin(price[part])])
    return np.array(sorted(set(chosen)))


def _solve(at: np.ndarray, centre: np.ndarray, even: float) -> np.ndarray:
    """Non-negative weights summing to 1 whose mean hits the centre within a few mm, as even as possible."""
    n = len(at)
    a = np.concatenate([200 * (at - centre).T, np.full((1, n), 1e3), even * np.eye(n)])
    b = np.concatenate([np.zeros(3), [1e3], np.full(n, even / n)])
    w = nnls(a, b, maxiter=50 * n)[0]
    return w / w.sum()


def joint_regressor(
    at: np.ndarray,
    weights: np.ndarray,
    targets: np.ndarray,
    parents: np.ndarray,
    names: list[str],
    mirror: np.ndarray,
    joint_mirror: np.ndarray,
    usable: np.ndarray,
    bins: int,
    shift: float,
) -> np.ndarray:
    """Regressor (J, V): rows non-negative, summing to 1, 13 to 36 entries.

    `at` (V, 3) template and `targets` (J, 3) in metres; `shift` slides limb rings along the bone, so
    that two models do not share their joints exactly.
    """
    out = np.zeros((len(names), len(at)))
    for j, name in enumerate(names):
        if name.startswith("right"):
            continue
        child = np.flatnonzero(parents == j)
        axis = targets[child[0]] - targets[j] if len(child) else targets[j] - targets[parents[j]]
        centre = targets[j].copy()
        part = name.removeprefix("left_")
        if part.startswith(("pelvis", "spine", "neck", "head", "jaw", "hip")):
            axis = np.array([0.0, 1.0, 0.0])
        elif part == "ankle":
            axis = np.array([0.0, 1.0, 0.35])
        elif part == "foot":
            axis = np.array([0.0, 0.0, 1.0])
        elif part == "collar":
            axis = np.array([1.0, 0.0, 0.0])
        reach = 0.35 if name in WIDE or part in ("hip", "collar", "shoulder") else 0.12
        if part[:-1] in FINGER_NUMBER:
            reach = 0.035
        family = weights[:, j] + (weights[:, parents[j]] if parents[j] >= 0 else 0)
        if len(child):
            family = family + weights[:, child].sum(1)
        near = usable & (family > 0.25) & (np.linalg.norm(at - centre, axis=1) < reach)
        if part == "hip":
            near &= at[:, 0] > 0.004
        if part == "eye_smplhf":
            near = weights[:, j] > 0.99
        if part in ("knee", "ankle", "elbow", "wrist") or part[-1] in "23":
            centre = centre + shift * axis / np.linalg.norm(axis)
        single = joint_mirror[j] == j  # its ring doubles when it is made symmetric
        ids = _ring(at, centre, axis, near, 9 if single else bins, single)
        if part in ("knee", "elbow", "wrist") or part[:-1] in FINGER_NUMBER:
            # The middle of the limb, not the original cube, which drifts with height.
            mid = 0.5 * (at[ids].min(0) + at[ids].max(0))
            axis_n = axis / np.linalg.norm(axis)
            off = mid - centre
            centre = centre + 0.7 * (off - axis_n * (off @ axis_n))
        out[j, ids] = _solve(at[ids], centre, 1.0)
        k = joint_mirror[j]
        if k == j:
            out[j] = 0.5 * (out[j] + out[j][mirror])
        else:
            out[k] = out[j][mirror]
    out[out < 1e-4] = 0
    return out / out.sum(1, keepdims=True)

"""Small rotation helpers: minimal rotations, axis-angle matrices, quaternions, dual quaternions."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def axis_angle(vec: np.ndarray) -> np.ndarray:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians."""
    vec = np.asarray(vec, dtype=np.float64)
    angle = np.linalg.norm(vec, axis=-1, keepdims=True)
    axis = vec / np.maximum(angle, 1e-12)
    x, y, z = np.moveaxis(axis, -1, 0)
    zero = np.zeros_like(x)
    k = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*x.shape, 3, 3)
    s, c = np.sin(angle)[..., None], np.cos(angle)[..., None]
    return np.eye(3) + s * k + (1 - c) * (k @ k)


def about(axis: str, degrees: float) -> np.ndarray:
    """Rotation matrix about a world axis."""
    return axis_angle(np.deg2rad(degrees) * np.eye(3)["xyz".index(axis)])


def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Smallest rotation taking direction `a` to direction `b`."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    cross, dot = np.cross(a, b), float(a @ b)
    sine = np.linalg.norm(cross)
    return axis_angle(cross / max(sine, 1e-12) * np.arctan2(sine, dot))


def frame(forward: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Right-handed orthonormal frame (columns) from a main and a secondary direction."""
    f = forward / np.linalg.norm(forward)
    s = side - f * (f @ side)
    s /= np.linalg.norm(s)
    return np.stack([f, s, np.cross(f, s)], axis=1)


def quaternion(rot: np.ndarray) -> np.ndarray:
    """Quaternions (N, 4), w first and w >= 0, of rotation matrices (N, 3, 3) below half a turn."""
    w = 0.5 * np.sqrt(np.maximum(1 + np.trace(rot, axis1=1, axis2=2), 1e-12))
    v = np.stack([rot[:, 2, 1] - rot[:, 1, 2], rot[:, 0, 2] - rot[:, 2, 0], rot[:, 1, 0] - rot[:, 0, 1]], 1)
    q = np.concatenate([w[:, None], v / (4 * w[:, None])], axis=1)
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def _mul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    w = a[:, :1] * b[:, :1] - np.sum(a[:, 1:] * b[:, 1:], 1, keepdims=True)
    v = a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])
    return np.concatenate([w, v], 1)


def skin_linear(
    verts: np.ndarray, weights: sp.spmatrix | np.ndarray, rot: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Linear blend skinning: posed (N, 3) and the blended matrices (N, 3, 3).

    `rot` (B, 3, 3) and `shift` (B, 3) map rest to posed space for each bone.
    """
    mats = (weights @ rot.reshape(len(rot), 9)).reshape(-1, 3, 3)
    return np.einsum("nij,nj->ni", mats, verts) + weights @ shift, mats


def skin_dual(
    verts: np.ndarray, weights: sp.spmatrix | np.ndarray, rot: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Dual-quaternion skinning: posed (N, 3)."""
    real = quaternion(rot)
    move = np.concatenate([np.zeros((len(shift), 1)), shift], 1)
    dual = 0.5 * _mul(move, real)
    r, d = weights @ real, weights @ dual
    size = np.maximum(np.linalg.norm(r, axis=1, keepdims=True), 1e-9)
    r, d = r / size, d / size
    conj = r * [1, -1, -1, -1]
    point = np.concatenate([np.zeros((len(verts), 1)), verts], 1)
    return (_mul(_mul(r, point), conj) + 2 * _mul(d, conj))[:, 1:]

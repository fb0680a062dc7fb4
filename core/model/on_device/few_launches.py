"""Rotations in as few operations as they take: on a device each one is asked for by itself, which takes
longer than what it does to some frames.

Nothing here is for autograd, which meets roots of zero.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

# R = sum of q_i q_j over the entries of the outer product of a unit quaternion w, x, y, z with itself.
FROM_QUATERNION = np.zeros((4, 4, 3, 3), dtype=np.float64)
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    FROM_QUATERNION[0, 0, _i, _i] += 1
    FROM_QUATERNION[_i + 1, _i + 1, _i, _i] += 1
    FROM_QUATERNION[_j + 1, _j + 1, _i, _i] -= 1
    FROM_QUATERNION[_k + 1, _k + 1, _i, _i] -= 1
    FROM_QUATERNION[_i + 1, _j + 1, _i, _j] += 2
    FROM_QUATERNION[_i + 1, _j + 1, _j, _i] += 2
    FROM_QUATERNION[0, _k + 1, _i, _j] -= 2
    FROM_QUATERNION[0, _k + 1, _j, _i] += 2

# 4 q q^T of a rotation is linear in its matrix and one.
_TO_QUATERNION = np.zeros((4, 4, 3, 3), dtype=np.float64)
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _TO_QUATERNION[0, 0, _i, _i] = 1
    _TO_QUATERNION[_i + 1, _i + 1, _i, _i] = 1
    _TO_QUATERNION[_i + 1, _i + 1, _j, _j] = -1
    _TO_QUATERNION[_i + 1, _i + 1, _k, _k] = -1
    _TO_QUATERNION[_i + 1, _j + 1, _i, _j] = _TO_QUATERNION[_i + 1, _j + 1, _j, _i] = 1
    _TO_QUATERNION[_j + 1, _i + 1, _i, _j] = _TO_QUATERNION[_j + 1, _i + 1, _j, _i] = 1
    for _row, _column in ((0, _k + 1), (_k + 1, 0)):
        _TO_QUATERNION[_row, _column, _j, _i] = 1
        _TO_QUATERNION[_row, _column, _i, _j] = -1

_CROSS = np.zeros((3, 3, 3), dtype=np.float64)
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _CROSS[_i, _k, _j], _CROSS[_i, _j, _k] = 1, -1

# tr(M) I - M^T is linear in M.
_IDENTITY = np.eye(3)
_TURNING = np.einsum("il,rc->ilrc", _IDENTITY, _IDENTITY) - np.einsum("ic,lr->ilrc", _IDENTITY, _IDENTITY)

_TABLES = {
    "turning": _TURNING.reshape(9, 9),
    "from quaternion": FROM_QUATERNION.reshape(16, 9),
    "to quaternion": _TO_QUATERNION.reshape(16, 9).T.copy(),
    "ones of quaternion": np.eye(4).reshape(16),
    # From (l, k) to [e_t]x of it, (i, t, k).
    "across": np.einsum("til,kr->lkitr", _CROSS, _IDENTITY).reshape(9, 27),
    "cross": _CROSS.reshape(3, 9),
    "axial": _CROSS.reshape(3, 9).T.copy(),
}
_TINY = 1e-12


@lru_cache(maxsize=64)
def table(name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
    """One of the constant matrices, kept on its device."""
    with torch.inference_mode(False):
        return torch.as_tensor(_TABLES[name], device=device).to(dtype)


def rotation_matrices(rotvec: Tensor) -> Tensor:
    """(..., 3) axis-angle in radians to (..., 3, 3) rotation matrices, by way of unit quaternions."""
    angle = torch.linalg.vector_norm(rotvec, dim=-1, keepdim=True)
    # sinc is sin(pi x) / (pi x), right at zero too.
    vector = rotvec * (torch.sinc(angle / (2 * math.pi)) * 0.5)
    quaternion = torch.cat((torch.cos(angle * 0.5), vector), -1)
    outer = (quaternion[..., :, None] * quaternion[..., None, :]).flatten(-2)
    return (outer @ table("from quaternion", rotvec.dtype, rotvec.device)).unflatten(-1, (3, 3))


def rotation_vectors(matrices: Tensor) -> Tensor:
    """(..., 3, 3) rotation matrices to (..., 3) axis-angle in radians, angles in [0, pi]; the quaternion is
    taken from the row of q q^T with its largest component (Shepperd 1978)."""
    like = matrices.dtype, matrices.device
    flat = matrices.flatten(-2).flatten(0, -2)
    rows = torch.addmm(table("ones of quaternion", *like), flat, table("to quaternion", *like)).view(-1, 4, 4)
    best = rows.diagonal(dim1=1, dim2=2).argmax(-1)[:, None, None].expand(-1, 1, 4)
    quaternion = rows.gather(1, best).squeeze(1)
    # Of any length: the angle is that between real part and the rest.
    real, vector = quaternion[:, :1], quaternion[:, 1:]
    length = torch.linalg.vector_norm(vector, dim=-1, keepdim=True).clamp_min_(_TINY)
    scale = torch.atan2(length, real.abs()).div_(length).mul_(2)
    return (vector * scale.copysign_(real)).view(*matrices.shape[:-2], 3)


def quaternions(matrices: Tensor) -> Tensor:
    """(..., 3, 3) rotation matrices to (..., 4) unit quaternions w, x, y, z, of either sign."""
    like = matrices.dtype, matrices.device
    flat = matrices.flatten(-2).flatten(0, -2)
    rows = torch.addmm(table("ones of quaternion", *like), flat, table("to quaternion", *like)).view(-1, 4, 4)
    best = rows.diagonal(dim1=1, dim2=2).argmax(-1)[:, None, None].expand(-1, 1, 4)
    quaternion = rows.gather(1, best).squeeze(1)
    length = torch.linalg.vector_norm(quaternion, dim=-1, keepdim=True)
    return (quaternion / length).view(*matrices.shape[:-2], 4)


def axial(matrices: Tensor) -> Tensor:
    """Axial vector of (..., 3, 3)."""
    return matrices.flatten(-2) @ table("axial", matrices.dtype, matrices.device)


def cross_matrices(vectors: Tensor) -> Tensor:
    """(..., 3) to the (..., 3, 3) matrices [v]x of the cross product."""
    return (vectors @ table("cross", vectors.dtype, vectors.device)).unflatten(-1, (3, 3))

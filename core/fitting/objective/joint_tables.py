"""Constant matrices over all joints of a body, for `core.fitting.solver.frame_rows`: what a step turns, what
moves with it, and products of quaternions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.unknowns import Unknowns
from core.model.on_device.few_launches import FROM_QUATERNION

# (r, p, q): component r of the product of quaternions w, x, y, z.
_PRODUCT = np.zeros((4, 4, 4))
_PRODUCT[0] = np.diag([1.0, -1, -1, -1])
for _i, _j, _k in ((1, 2, 3), (2, 3, 1), (3, 1, 2)):
    _PRODUCT[_i, 0, _i] = _PRODUCT[_i, _i, 0] = _PRODUCT[_i, _j, _k] = 1
    _PRODUCT[_i, _k, _j] = -1
_BACK = np.array([1.0, -1, -1, -1])
_LEVI_CIVITA = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _LEVI_CIVITA[_i, _j, _k], _LEVI_CIVITA[_i, _k, _j] = 1, -1

_PRODUCTS = {
    "": _PRODUCT,
    "with the first turned back": _PRODUCT * _BACK[:, None],
    "with the second turned back": _PRODUCT * _BACK,
}
_TABLES = {
    # Rotation matrices column by column.
    "matrix": FROM_QUATERNION.transpose(3, 2, 0, 1).reshape(9, 16),
    "tiny": np.array([0, 1e-12, 0, 0, 0, 0, 0, 0]).reshape(1, 8, 1),
}


@lru_cache(maxsize=64)
def quaternion_table(name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
    """One of the constant tables, kept on its device."""
    with torch.inference_mode(False):
        return torch.as_tensor(np.ascontiguousarray(_TABLES[name]), device=device).to(dtype)


@lru_cache(maxsize=64)
def product_table(name: str, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(4, 16) the product of two quaternions from the products of their components."""
    with torch.inference_mode(False):
        return torch.as_tensor(_PRODUCTS[name].reshape(4, 16), device=device).to(dtype)


@dataclass(frozen=True, eq=False)
class JointTables:
    """J joints of which F turn on their own, with D unknowns, C of them coefficients of the frames' own; a
    joint that does not turn comes before them, so that there are J' = J + 1.

    Attributes:
        joints: J.
        above: (J',) parents.
        spread: (8J', D) from increments, taken backwards, to half of them as quaternions without a real part,
            and the same by pi.
        shifts: (3 + Z', D) from increments to the root position, and to the Z' numbers that coefficients of
            the frames' own take: a one, then all of them.
        own: (C,) which of those Z' the unknowns are; None where they are all but the first.
        product, between: (4, 16) of quaternions; of one turned back with another.
        matrix: (9, 16) rotation matrices, column by column, from products of quaternions.
        levers: (9J', m) from rotation matrices to how their entries change with the turning of joints.
        places: (m,) where these lie among (3J + 1, 3, D).
        ends: (F + 1, 2J' + 1) from the derivatives by the root position, relative rotations and world
            rotations to those by the unknowns; without the last row where the body does not move.
        turning: (F + 1, 2J) those of them that matter to a skin: root position, relative rotations without
            the root's, and world rotations.
    """

    joints: int
    above: Tensor
    spread: Tensor
    shifts: Tensor
    own: Tensor | None
    product: Tensor
    between: Tensor
    matrix: Tensor
    levers: Tensor
    places: Tensor
    ends: Tensor
    turning: Tensor

    @classmethod
    def of(
        cls, parents: np.ndarray, unknowns: Unknowns, own: int, dtype: torch.dtype, device: torch.device
    ) -> JointTables:
        """Those of a tree of joints, kept with the unknowns; ``own`` is Z', 0 where frames have no
        coefficients of their own."""
        kept = unknowns.__dict__.setdefault("_joint_tables", {})
        if (own, dtype, device) not in kept:
            with torch.inference_mode(False):
                kept[own, dtype, device] = cls._made(parents, unknowns, own, dtype, device)
        found: JointTables = kept[own, dtype, device]
        return found

    @classmethod
    def _made(
        cls, parents: np.ndarray, unknowns: Unknowns, own: int, dtype: torch.dtype, device: torch.device
    ) -> JointTables:
        joints, owner = len(parents), unknowns.owner
        count, turning = joints + 1, np.flatnonzero(owner >= 0)
        turns, coefficients = 3 * len(unknowns.free), unknowns.coefficients
        size = turns + 3 * unknowns.moves + len(coefficients)
        above = np.concatenate(([0], parents + 1))
        spread, axes = np.zeros((count, 2, 4, size)), np.arange(3)
        ends = np.zeros((len(unknowns.free) + unknowns.moves, 2 * count + 1))
        for joint in turning.tolist():
            spread[joint + 1, 0, 1 + axes, 3 * owner[joint] + axes] = -0.5
            # What its relative rotation and what its world rotation add.
            ends[owner[joint], [joint + 2, count + joint + 2]] += 1
        spread[:, 1] = spread[:, 0] / np.pi
        for joint in range(1, joints):
            if owner[parents[joint]] >= 0:
                ends[owner[parents[joint]], joint + 2] -= 1
        shifts = np.zeros((3 + own, size))
        if unknowns.moves:
            ends[-1, 0] = 1
            shifts[axes, turns + axes] = 1
        shifts[4 + coefficients, size - len(coefficients) + np.arange(len(coefficients))] = 1
        # Entry i of column k changes by e_l x that column where the joint turns about e_l.
        levers = np.zeros((count, 3, 3, len(turning), 3, 3, 3))
        places = np.zeros((len(turning), 3, 3, 3), dtype=np.int64)
        for place, joint in enumerate(turning.tolist()):
            for column in range(3):
                levers[joint + 1, column, :, place, column] = _LEVI_CIVITA.transpose(2, 0, 1)
                row = (3 * (3 * joint + column) + axes) * size
                places[place, column] = row[:, None] + 3 * owner[joint] + axes

        def tensor(array: np.ndarray) -> Tensor:
            found = torch.as_tensor(np.ascontiguousarray(array), device=device)
            return found.to(dtype) if array.dtype.kind == "f" else found

        return cls(
            joints,
            tensor(above.astype(np.int64)),
            tensor(spread.reshape(8 * count, size)),
            tensor(shifts),
            None if len(coefficients) == own - 1 else tensor(1 + coefficients.astype(np.int64)),
            product_table("", dtype, device),
            product_table("with the first turned back", dtype, device),
            quaternion_table("matrix", dtype, device),
            tensor(levers.reshape(9 * count, -1)),
            tensor(places.flatten()),
            tensor(ends),
            tensor(np.delete(ends, (1, 2, count + 1), 1)),
        )

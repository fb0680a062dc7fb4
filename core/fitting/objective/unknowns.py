"""What a stage may change in a frame: which joints turn, and whether the body moves as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.model.on_device.device_index import DeviceIndex


@dataclass(frozen=True, eq=False)
class Unknowns:
    """F joints that turn on their own; the others keep their relative rotation and follow the nearest free
    ancestor, or stay where they are.

    Attributes:
        free: (F,) joint ids.
        owner: (J,) for each joint, the position in ``free`` of the joint it turns with, or -1.
        moves: the root position is free; else the root joint stays where it is, whatever the shape.
        coefficients: (C,) ids of the shape and expression coefficients that each frame has for itself.
    """

    free: np.ndarray
    owner: np.ndarray
    moves: bool = True
    coefficients: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))

    @classmethod
    def of(
        cls,
        parents: np.ndarray,
        held: set[int],
        moves: bool = True,
        coefficients: np.ndarray | None = None,
    ) -> Unknowns:
        """All joints but ``held``."""
        free = [j for j in range(len(parents)) if j not in held]
        owner = np.full(len(parents), -1)
        for joint, parent in enumerate(parents):
            owner[joint] = free.index(joint) if joint in free else (owner[parent] if parent >= 0 else -1)
        own = np.empty(0, dtype=int) if coefficients is None else coefficients
        return cls(np.array(free, dtype=int), owner, moves, own)

    def alone(self, joint: int, parents: np.ndarray) -> Unknowns:
        """That joint and nothing else, with all that hangs below it."""
        owner = np.full(len(parents), -1)
        owner[joint] = 0
        for child in range(joint + 1, len(parents)):
            owner[child] = owner[parents[child]]
        return Unknowns(np.array([joint]), owner, self.moves and joint == 0)

    def without_joints(self) -> Unknowns:
        """The root position and coefficients alone."""
        return Unknowns(np.empty(0, dtype=int), np.full(len(self.owner), -1), self.moves, self.coefficients)

    @cached_property
    def _index(self) -> dict[str, DeviceIndex]:
        count, turns = len(self.free), 3 * len(self.free)
        first = np.arange(turns + 3 * self.moves)
        arrays = {
            "free": self.free,
            "owner": self.owner,
            "gathered": np.where(self.owner < 0, count, self.owner),
            "coefficients": self.coefficients,
            "chosen": np.concatenate((first, turns + 3 + self.coefficients)),
        }
        return {name: DeviceIndex(array.astype(np.int64)) for name, array in arrays.items()}

    def index(self, name: str, device: torch.device) -> Tensor:
        """An index array on a device.

        Args:
            name: ``'free'``, ``'owner'`` or ``'coefficients'``; ``'gathered'``, the owner of each joint or F
                where it has none; ``'chosen'``, places of the unknowns in a matrix over rotations, root
                position and all coefficients.
            device: of what is indexed.
        """
        return self._index[name].on(device)

    @cached_property
    def _all(self) -> bool:
        return len(self.free) == len(self.owner)

    def gather(self, values: Tensor, dim: int) -> Tensor:
        """Sums over the joints that turn together: J entries along ``dim`` become F."""
        if self._all:
            return values
        count = len(self.free)
        shape = list(values.shape)
        shape[dim] = count + 1
        owner = self.index("gathered", values.device)
        out = torch.zeros(shape, dtype=values.dtype, device=values.device).index_add_(dim, owner, values)
        return out.narrow(dim, 0, count)

    def spread(self, values: Tensor) -> Tensor:
        """(n, F, 3) increments of the free joints to (n, J, 3)."""
        if self._all:
            return values
        padded = torch.cat((values, values.new_zeros(len(values), 1, 3)), 1)
        return padded[:, self.index("owner", values.device)]

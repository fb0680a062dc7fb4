"""Poses as the solver moves them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(eq=False)
class Pose:
    """Poses of n frames in world terms, as the solver moves them.

    Attributes:
        world: (n, J, 3, 3) world rotations.
        root: (n, 3) world position of the root joint, metres; the source's trans taken off.
        betas: (n, Z) coefficients of each frame in place of the shape's, or None where all share the shape.
    """

    world: Tensor
    root: Tensor
    betas: Tensor | None = None

    def __getitem__(self, index: Tensor | slice) -> Pose:
        betas = None if self.betas is None else self.betas[index]
        return Pose(self.world[index], self.root[index], betas)

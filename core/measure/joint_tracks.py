"""The joints of a fit and of its source over some frames: what figures of joints are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class JointTracks:
    """n frames in a row of the k joints that source and target share.

    Attributes:
        names: k names, in the target's order.
        error: (n, k, 3) millimetres from the source's joint to the fit's; NaN where there is no fit.
        source: (n, k, 3) millimetres, the source's joints in its own world; NaN where they are not finite.
        apart: (n, k, 3, 3) the fit's rotation relative to its parent, seen from the source's.
        turned: (n, k, 3, 3) the source's rotation relative to its parent.
    """

    names: tuple[str, ...]
    error: np.ndarray
    source: np.ndarray
    apart: torch.Tensor
    turned: torch.Tensor

    @property
    def length(self) -> np.ndarray:
        """(n, k) millimetres between the fit's joint and the source's."""
        return np.linalg.norm(self.error, axis=2)


def steps_of(rotations: torch.Tensor) -> np.ndarray:
    """(n - 1, k) degrees from each frame of (n, k, 3, 3) rotations to the next."""
    # |R Q^T - 1| = |R - Q|.
    return _degrees(rotations[1:] - rotations[:-1])


def degrees(matrices: torch.Tensor) -> np.ndarray:
    """(..., 3, 3) rotations to their angles."""
    import torch  # thresholds are known long before anything is measured

    return _degrees(matrices - torch.eye(3, dtype=matrices.dtype))


def _degrees(apart: torch.Tensor) -> np.ndarray:
    import torch

    # |R - 1| = 2 sqrt(2) sin(angle / 2): keeps the digits of small angles, which the trace loses.
    half = apart.square().sum((-2, -1)).div(8).sqrt().clamp(max=1)
    return np.degrees(2 * torch.asin(half).numpy())

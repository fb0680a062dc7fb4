"""What a shape is solved from: some frames, and which coefficients they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import SkinLook
from core.fitting.objective.term import Terms


@dataclass(eq=False)
class ShapeChunk:
    """A few of the frames that the shape is solved from.

    Attributes:
        frames: (n,) their ids.
        pose: of each.
        targets: (V, 3, n) metres.
        terms: beside the data term.
        seen: what is seen of the whole skin there, with the true gradient; None while nobody has looked.
    """

    frames: np.ndarray
    pose: Pose
    targets: Tensor
    terms: Terms
    seen: SkinLook | None = None


@dataclass(frozen=True, eq=False)
class ShapeUnknowns:
    """Which coefficients all frames share, from where they are solved, and what pulls on them.

    Attributes:
        start: (Z,) coefficients to start from.
        free: (Z,) bool.
        terms: of the shared coefficients, as if they were those of a single frame; they count for each.
    """

    start: Tensor
    free: Tensor
    terms: Terms

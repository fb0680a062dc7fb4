"""What was found out about a whole fit after it was made: its metrics and its problem frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.fitting.result import FitResult
    from core.motion_metrics import MotionMetrics
    from core.problem_frames import Problem


@dataclass(frozen=True, eq=False)
class Analysis:
    """Belongs to one fit.

    Attributes:
        result: that fit.
        metrics: of every frame.
        stretches: problem frames next to each other, each with what is wrong there, most telling first.
        frames: ids of all problem frames, ascending.
    """

    result: FitResult
    metrics: MotionMetrics
    stretches: tuple[tuple[Problem, ...], ...]
    frames: np.ndarray

"""What was found out about a whole fit after it was made: its metrics and its problem frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gui_app.problem_words import stretch_span

if TYPE_CHECKING:
    from core.fitting.result import FitResult
    from core.motion_metrics import MotionMetrics
    from core.problem_frames import Problem
    from gui_app.measuring import MeasureRequest


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

    @cached_property
    def throughout(self) -> tuple[Problem, ...]:
        """What is off over the whole motion, and so singles out no frame."""
        return tuple(stretch[0] for stretch in self.stretches if not local(stretch))

    @cached_property
    def places(self) -> tuple[tuple[Problem, ...], ...]:
        """The stretches that single out frames, by first frame."""
        return tuple(stretch for stretch in self.stretches if local(stretch))

    @cached_property
    def spans(self) -> np.ndarray:
        """(P, 2) first and last frame of each of ``places``."""
        return np.array([stretch_span(stretch) for stretch in self.places], dtype=int).reshape(-1, 2)

    @cached_property
    def worst(self) -> np.ndarray:
        """(P,) the frame to look at in each of ``places``."""
        return np.array([stretch[0].frame for stretch in self.places], dtype=int)

    def place_at(self, frame: int) -> tuple[Problem, ...] | None:
        """The problem stretch that ``frame`` lies in, if it does."""
        index = int(np.searchsorted(self.spans[:, 0], frame, side="right")) - 1
        return self.places[index] if index >= 0 and frame <= self.spans[index, 1] else None

    def next_worst(self, frame: int) -> int | None:
        """The worst frame of the next stretch after ``frame``."""
        index = int(np.searchsorted(self.worst, frame, side="right"))
        return int(self.worst[index]) if index < len(self.worst) else None

    def previous_worst(self, frame: int) -> int | None:
        """The worst frame of the last stretch before ``frame``."""
        index = int(np.searchsorted(self.worst, frame, side="left")) - 1
        return int(self.worst[index]) if index >= 0 else None


def local(stretch: tuple[Problem, ...]) -> bool:
    """The stretch singles out frames; it is not about the whole motion."""
    from core.problem_rules import Kind

    return stretch[0].kind is not Kind.THROUGHOUT


def analyse(request: MeasureRequest) -> Analysis:
    """Metrics and problem frames of a fit."""
    from core.measure_motion import measure_motion
    from core.problem_frames import find_problems, problem_frames, stretches

    metrics = measure_motion(request.motion, request.bodies, request.result, request.check)
    problems = find_problems(metrics)
    request.check()
    return Analysis(request.result, metrics, stretches(problems), problem_frames(problems))

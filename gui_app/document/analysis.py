"""What was found out about a whole fit after it was made: its metrics and its problem frames."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.problems.thresholds import ProblemThresholds
from gui_app.document.problem_text import stretch_span

if TYPE_CHECKING:
    from core.measure.motion_metrics import MotionMetrics
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from core.problems.detect import Problem


@dataclass(frozen=True, eq=False)
class Analysis:
    """Belongs to one fit.

    Attributes:
        result: that fit.
        metrics: of every frame.
        stretches: problem frames next to each other, each with what is wrong there, most telling first; but
            for what is accepted.
        frames: ids of their frames, ascending.
        problems: everything that stands out, accepted or not.
        quiet: stretches of what is accepted.
        thresholds: that it was found with.
    """

    result: FitResult
    metrics: MotionMetrics
    stretches: tuple[tuple[Problem, ...], ...]
    frames: np.ndarray
    problems: tuple[Problem, ...] = ()
    quiet: tuple[tuple[Problem, ...], ...] = ()
    thresholds: ProblemThresholds = field(default_factory=ProblemThresholds)

    def with_accepted(self, accepted: tuple[Accepted, ...]) -> Analysis:
        """The same with other problems accepted."""
        from core.problems.accepted import still_open
        from core.problems.detect import problem_frames, stretches

        wanted = still_open(self.problems, accepted)
        kept = set(wanted)
        others = tuple(problem for problem in self.problems if problem not in kept)
        return replace(
            self,
            stretches=stretches(wanted),
            frames=problem_frames(wanted),
            quiet=tuple(stretch for stretch in stretches(others) if local(stretch)),
        )

    @cached_property
    def throughout(self) -> tuple[Problem, ...]:
        """What is off over the whole motion, and so singles out no frame."""
        return tuple(stretch[0] for stretch in self.stretches if not local(stretch))

    @cached_property
    def places(self) -> tuple[tuple[Problem, ...], ...]:
        """The stretches that single out frames, by first frame."""
        return tuple(stretch for stretch in self.stretches if local(stretch))

    @cached_property
    def suspects(self) -> np.ndarray:
        """Ids of the frames from which no other is to start, and into which none is to fade, ascending."""
        from core.problems.detect import suspect_frames

        return suspect_frames(problem for stretch in self.stretches for problem in stretch)

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
        over = np.flatnonzero((self.spans[:, 0] <= frame) & (frame <= self.spans[:, 1]))
        if not len(over):
            return None
        # A long one may hold others; the shortest says most of the frame.
        lengths = self.spans[over, 1] - self.spans[over, 0]
        return self.places[over[lengths.argmin()]]

    def next_worst(self, frame: int) -> int | None:
        """The worst frame of the next stretch after ``frame``."""
        later = self.worst[self.worst > frame]
        return int(later.min()) if len(later) else None

    def previous_worst(self, frame: int) -> int | None:
        """The worst frame of the last stretch before ``frame``."""
        earlier = self.worst[self.worst < frame]
        return int(earlier.max()) if len(earlier) else None


def local(stretch: tuple[Problem, ...]) -> bool:
    """The stretch singles out frames; it is not about the whole motion."""
    from core.problems.rules import ProblemKind

    return stretch[0].kind is not ProblemKind.THROUGHOUT

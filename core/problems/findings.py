"""What stands out in a fit and whose fault it is: stretches of problem frames, each with its verdict."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from core.measure.measure_motion import measure_motion
from core.measure.motion_metrics import MotionMetrics
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.detect import Problem, find_problems, problem_frames, stretches, suspect_frames
from core.problems.rules import ProblemKind
from core.problems.second_opinion import SecondOpinion
from core.problems.thresholds import ProblemThresholds
from core.problems.verdict import Judgement, Verdict

# So many frames of a stretch, its worst among them, speak for all of it.
MOST_JUDGED = 8


@dataclass(frozen=True)
class Finding:
    """A stretch of problem frames.

    Attributes:
        problems: what is wrong there, most telling first.
        judged: some of its frames, each fitted a second time; none where the source is not finite.
    """

    problems: tuple[Problem, ...]
    judged: tuple[Judgement, ...] = ()

    @property
    def worst(self) -> Problem:
        """The most telling problem."""
        return self.problems[0]

    @property
    def first(self) -> int:
        """First frame of the stretch."""
        return min(problem.first for problem in self.problems)

    @property
    def last(self) -> int:
        """Its last frame."""
        return max(problem.last for problem in self.problems)

    @property
    def verdict(self) -> Verdict:
        """Failed fit if any frame's fit had failed."""
        found = {judgement.verdict for judgement in self.judged}
        return next((v for v in (Verdict.FAILED_FIT, Verdict.MODEL_GAP) if v in found), Verdict.UNKNOWN)

    @property
    def blame(self) -> str:
        """The verdict for people: a fit that is as good as can be is not to blame for a source that jumps,
        nor the bodies for a fit that merely ended early."""
        return blame(self.worst, self.verdict)


def blame(problem: Problem, verdict: Verdict) -> str:
    """Whose fault a problem is, for people, once a second fit of its frames has been judged."""
    if verdict is not Verdict.FAILED_FIT and problem.kind in (
        ProblemKind.NOT_FINITE,
        ProblemKind.SOURCE_JUMP,
    ):
        return "source"
    if verdict is Verdict.MODEL_GAP and problem.kind is ProblemKind.NOT_CONVERGED:
        return "no better fit"
    return verdict.value


def findings(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    thresholds: ProblemThresholds | None = None,
    *,
    measures: MotionMetrics | None = None,
    device: str = "auto",
    threads: int | None = None,
    stop: threading.Event | None = None,
) -> tuple[Finding, ...]:
    """Measures a fit, finds its problem frames, and has some of each stretch fitted a second time.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        thresholds: from where on a frame is a problem.
        measures: of the fit, where they are known already.
        device: as in `core.problems.second_opinion.SecondOpinion`.
        threads: as there.
        stop: as there.

    Returns:
        By first frame; what is off throughout comes first.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    problems = find_problems(measures or measure_motion(motion, bodies, result), thresholds)
    groups = _grouped(problems)
    wanted = [_to_judge(group) for group in groups]
    if not groups:
        return ()
    judged = SecondOpinion(
        motion,
        bodies,
        result,
        np.unique(np.concatenate(wanted)),
        suspects=suspect_frames(problems),
        device=device,
        threads=threads,
        stop=stop,
    ).verdicts()
    by_frame = {judgement.frame: judgement for judgement in judged}
    return tuple(
        Finding(group, tuple(by_frame[frame] for frame in frames.tolist() if frame in by_frame))
        for group, frames in zip(groups, wanted, strict=True)
    )


def _grouped(problems: tuple[Problem, ...]) -> list[tuple[Problem, ...]]:
    """Stretches; frames that did not converge, often most of a motion, do not glue others together."""
    late = [problem for problem in problems if problem.kind is ProblemKind.NOT_CONVERGED]
    groups = list(stretches(problem for problem in problems if problem.kind is not ProblemKind.NOT_CONVERGED))
    covered = set(problem_frames(problem for group in groups for problem in group).tolist())
    lone = [problem for problem in late if not covered.issuperset(problem.frames)]
    groups += [(problem,) for problem in lone]
    return sorted(groups, key=lambda group: (group[0].kind is not ProblemKind.THROUGHOUT, group[0].first))


def _to_judge(group: tuple[Problem, ...]) -> np.ndarray:
    """Ids of the worst frame of a stretch and of some spread over it, ascending."""
    covered = np.unique(np.concatenate([np.array(problem.frames) for problem in group]))
    spread = covered[np.linspace(0, len(covered) - 1, min(len(covered), MOST_JUDGED)).round().astype(int)]
    return np.union1d(spread, [group[0].frame])

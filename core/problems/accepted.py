"""Problems that somebody has looked at and accepted as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.problems.changes import place
from core.problems.detect import Problem
from core.problems.rules import ProblemKind

WORSE = 1.1
"""An accepted problem that grows beyond this share of what it was is a problem again."""


@dataclass(frozen=True)
class Accepted:
    """One accepted problem.

    Attributes:
        metric: as in `Problem`.
        part: as in `Problem`.
        first: first frame of the stretch.
        last: its last frame.
        value: the worst figure there.
        note: why, in the words of whoever accepted it; may be empty.
    """

    metric: str
    part: str
    first: int
    last: int
    value: float
    note: str = ""

    @classmethod
    def of(cls, problem: Problem, note: str = "") -> Accepted:
        """That of a problem as it is."""
        return cls(problem.metric, problem.part, problem.first, problem.last, problem.value, note)

    def covers(self, problem: Problem) -> bool:
        """The problem is this one: the same figure of the same part, its worst frame in the same stretch,
        and not worse than it was. What is over a bound is no longer than it was either: a lower bound would
        otherwise hide all that it finds behind one frame."""
        if problem.kind is ProblemKind.OVER and not (
            self.first <= problem.first and problem.last <= self.last
        ):
            return False
        return (
            place(problem.metric, problem.part) == place(self.metric, self.part)
            and self.first <= problem.frame <= self.last
            and problem.value <= WORSE * self.value
        )


def accepted_by(problem: Problem, accepted: Iterable[Accepted]) -> Accepted | None:
    """The one that covers a problem, None where it is not accepted."""
    return next((one for one in accepted if one.covers(problem)), None)


def accept(
    problems: Iterable[Problem], accepted: tuple[Accepted, ...], note: str = ""
) -> tuple[Accepted, ...]:
    """What is accepted once these problems are as well; a note takes the place of an earlier one."""
    return (*reopen(problems, accepted), *(Accepted.of(problem, note) for problem in problems))


def reopen(problems: Iterable[Problem], accepted: tuple[Accepted, ...]) -> tuple[Accepted, ...]:
    """What is accepted once these problems are not any more."""
    problems = tuple(problems)
    return tuple(one for one in accepted if not any(one.covers(problem) for problem in problems))


def still_open(problems: Iterable[Problem], accepted: tuple[Accepted, ...]) -> tuple[Problem, ...]:
    """The problems that nobody has accepted."""
    return tuple(problem for problem in problems if accepted_by(problem, accepted) is None)

"""What has become of the problems of an earlier fit: gone or not, and by how many millimetres."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.measure.counted_vertices import same_skin
from core.measure.fit_comparison import FigureChange
from core.model.fit_result import FitResult
from core.model.joints import PARTS, joint_part
from core.problems.detect import Problem
from core.problems.rules import RULES, ProblemKind

WHOLE = "whole body"
_OF_ALL = frozenset(rule.metric for rule in RULES if rule.bound.worst_column)


def body_part(name: str) -> str:
    """The one of `core.model.joints.PARTS` that a problem's part or joint belongs to, '' for the whole
    body."""
    if name in PARTS:
        return name
    try:
        return joint_part(name)
    except ValueError:
        return ""


def place(metric: str, part: str) -> tuple[str, str]:
    """The same for problems that are one: of a hand's joints now one is the worst, now another."""
    return metric, body_part(part) if metric in _OF_ALL else part


def gone(earlier: Iterable[Problem], now: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems of an earlier fit that a later one has no more: the same figure of the same place does not
    stand out in any of their frames."""
    there: dict[tuple[str, str, bool], list[Problem]] = {}
    for problem in now:
        there.setdefault(_series(problem), []).append(problem)
    return tuple(
        problem
        for problem in earlier
        if not any(
            other.first <= problem.last and problem.first <= other.last
            for other in there.get(_series(problem), ())
        )
    )


def part_changes(before: FitResult, now: FitResult, frames: np.ndarray) -> dict[str, FigureChange]:
    """Mean distances over some frames before and now, of the whole body and of each part, millimetres.

    Args:
        before: the earlier fit.
        now: the later one, of the same motion.
        frames: ids; those that one of the two has not fitted are left out.

    Returns:
        By part, the whole body first; nothing where no frame is left or none has changed. Where the figures
        of the two leave out other fingers, hands and the whole body are not compared.
    """
    frames = np.asarray(frames, dtype=int)
    if len(before) != len(now):
        return {}
    frames = frames[(before.fitted & now.fitted)[frames]]
    old, new = ({WHOLE: fit.mean_mm[frames], **_by_part(fit, frames)} for fit in (before, now))
    if not len(frames) or all(np.array_equal(old[name], new[name], equal_nan=True) for name in old):
        return {}
    return {
        name: FigureChange(*(float(values[name].mean(dtype=np.float64)) for values in (old, new)))
        for name in old
        if (same_skin(before, now) or name not in (WHOLE, "hands"))
        and np.isfinite(old[name]).all()
        and np.isfinite(new[name]).all()
    }


def problem_change(before: FitResult, now: FitResult, problem: Problem) -> FigureChange | None:
    """How far the part of a problem was off in its frames, and is now; None where nothing has changed."""
    changes = part_changes(before, now, np.array(problem.frames))
    return changes.get(body_part(problem.part) or WHOLE)


def _series(problem: Problem) -> tuple[str, str, bool]:
    """The same for problems of which a stretch has one at most."""
    part = "" if problem.metric in _OF_ALL else problem.part
    return problem.metric, part, problem.kind is ProblemKind.OVER


def _by_part(fit: FitResult, frames: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(PARTS, fit.part_mm[frames].T, strict=True))

"""Which frames of a fit stand out, where, by how much, and why, in plain words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from core.measure.motion_metrics import MotionMetrics
from core.problems.rules import RULES, ProblemKind, Rule, booked, figure, limits, plain
from core.problems.thresholds import ProblemThresholds


@dataclass(frozen=True, repr=False)
class Problem:
    """A stretch of frames in which one figure is not as it should be.

    Attributes:
        kind: what is wrong.
        metric: name of the array in `MotionMetrics`.
        part: body part, hand, foot or joint; ``'whole body'`` where it is all of them.
        first: first frame of the stretch.
        last: its last frame.
        frame: its worst frame.
        value: the figure there, in ``unit``.
        usual: its usual value.
        threshold: the value from which on it is a problem.
        unit: of the three.
        reason: one clause in plain words.
    """

    kind: ProblemKind
    metric: str
    part: str
    first: int
    last: int
    frame: int
    value: float
    usual: float
    threshold: float
    unit: str
    reason: str

    def __repr__(self) -> str:
        frames = f"frame {self.first}" if self.first == self.last else f"frames {self.first}–{self.last}"
        return f"<Problem {frames}: {self.reason}>"

    @property
    def frames(self) -> range:
        """The frames of the stretch."""
        return range(self.first, self.last + 1)

    @property
    def severity(self) -> float:
        """How often what is allowed goes into the excess over the usual value; 1 at the threshold. Where a
        bound holds whatever is usual, how often it goes into the value."""
        if self.kind is ProblemKind.OVER:
            return self.value / self.threshold
        allowed = self.threshold - self.usual
        return (self.value - self.usual) / allowed if allowed > 0 else 1.0


def find_problems(
    measures: MotionMetrics, thresholds: ProblemThresholds | None = None
) -> tuple[Problem, ...]:
    """The stretches of a motion that stand out, by first frame, then most telling first.

    A frame is a problem where a figure exceeds its median over the motion by both a multiple of its robust
    spread and an absolute bound, and where its mean or its worst vertex exceeds what it may be at most,
    whatever is usual (`ProblemThresholds`); a part or joint also where its distance exceeds the ceiling.
    Sudden shaking is booked to the frame among neighbours that is off most, so that the good frames beside a
    bad one stay good.
    """
    thresholds = thresholds or ProblemThresholds()
    found: list[Problem] = []
    for rule in RULES:
        found += _exceeding(measures, rule, thresholds)
    found += _flagged(
        ~measures.finite, ProblemKind.NOT_FINITE, "finite", "the source's numbers are not finite"
    )
    late = measures.fitted & ~measures.converged
    found += _flagged(late, ProblemKind.NOT_CONVERGED, "converged", "the fit did not converge")
    return tuple(sorted(_telling_ones(found), key=lambda problem: (problem.first, _telling(problem))))


def problem_frames(problems: Iterable[Problem]) -> np.ndarray:
    """Ids of the frames that the problems cover, ascending; what is off throughout singles out no frame."""
    frames = {frame for p in problems if p.kind is not ProblemKind.THROUGHOUT for frame in p.frames}
    return np.array(sorted(frames), dtype=int)


def suspect_frames(problems: Iterable[Problem]) -> np.ndarray:
    """Ids of those from which no other frame is to start, and into which none is to fade, ascending. A frame
    that is over a bound and does not stand out is as good as this motion's others."""
    return problem_frames(problem for problem in problems if problem.kind is not ProblemKind.OVER)


def stretches(problems: Iterable[Problem]) -> tuple[tuple[Problem, ...], ...]:
    """Problems in stretches of frames that overlap or touch, each with its most telling problem first.

    What is over a bound for so long that several of the others lie in it would hide them, and is a stretch by
    itself. What is off throughout comes first, the others by first frame.
    """
    problems = tuple(problems)
    throughout = [[problem] for problem in problems if problem.kind is ProblemKind.THROUGHOUT]
    groups = _touching(p for p in problems if p.kind not in (ProblemKind.THROUGHOUT, ProblemKind.OVER))
    firsts, lasts = ([span[end] for span in map(_span, groups)] for end in (0, 1))
    alone: list[list[Problem]] = []
    for over in _touching(problem for problem in problems if problem.kind is ProblemKind.OVER):
        first, last = _span(over)
        near = groups[bisect_left(lasts, first - 1) : bisect_right(firsts, last + 1)]
        if len(near) == 1:
            near[0] += over
        else:
            alone.append(over)
    groups = sorted([*groups, *alone], key=_span)
    return tuple(tuple(sorted(group, key=_telling)) for group in (*throughout, *groups))


def _touching(problems: Iterable[Problem]) -> list[list[Problem]]:
    groups: list[list[Problem]] = []
    end = -2
    for problem in sorted(problems, key=_first):
        if problem.first > end + 1:
            groups.append([])
        groups[-1].append(problem)
        end = max(end, problem.last)
    return groups


def _span(group: Iterable[Problem]) -> tuple[int, int]:
    group = tuple(group)
    return min(problem.first for problem in group), max(problem.last for problem in group)


def _telling(problem: Problem) -> tuple[int, float]:
    return list(ProblemKind).index(problem.kind), -problem.severity


def _telling_ones(problems: list[Problem]) -> list[Problem]:
    """Without distances that a graver one explains: parts of a body that is off as a whole, and the whole of
    a body of which a part is off."""
    wide: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        if problem.kind is ProblemKind.OFF and problem.metric in ("mean_mm", "part_mm"):
            wide.setdefault((problem.metric, problem.part), []).append(problem)
    # Stretches of one figure do not overlap, so only the last that begins before a problem can hold it.
    series = [sorted(found, key=_first) for found in wide.values()]
    return [p for p in problems if not any(_explains(other, p) for other in _beginning_before(p, series))]


def _first(problem: Problem) -> int:
    return problem.first


def _beginning_before(problem: Problem, series: list[list[Problem]]) -> Iterator[Problem]:
    for found in series:
        index = bisect_right(found, problem.first, key=_first)
        if index:
            yield found[index - 1]


def _explains(wide: Problem, other: Problem) -> bool:
    return (
        other.kind is ProblemKind.OFF
        and other.metric in {"mean_mm", "max_mm", "part_mm", "joint_mm"} - {wide.metric}
        and wide.first <= other.first
        and other.last <= wide.last
        and wide.severity > other.severity
    )


def _exceeding(measures: MotionMetrics, rule: Rule, thresholds: ProblemThresholds) -> list[Problem]:
    values = getattr(measures, rule.metric)
    names = measures.column_names(rule.metric) or ("whole body",)
    values = values.reshape(len(measures), -1).astype(np.float64)
    if not np.isfinite(values).any():  # as most are of a fit that was not posed
        return []
    values = booked(measures, rule.figure, values)
    usual, limit = limits(values, rule, thresholds, measures.frame_rate)
    with np.errstate(invalid="ignore"):
        over = values > limit
        excess = np.where(over, (values - usual) / np.maximum(limit - usual, 1e-12), 0)
    found = _throughout(rule, names, usual, len(measures), thresholds) if rule.bound.distance else []
    # Joints hang together: the worst of a stretch speaks for all of them.
    for columns in [list(range(len(names)))] if rule.bound.worst_column else [[c] for c in range(len(names))]:
        for first, last in runs(np.any(over[:, columns], axis=1), thresholds.join_frames):
            here = excess[first : last + 1, columns]
            row, column = np.unravel_index(here.argmax(), here.shape)
            frame, index = first + int(row), columns[int(column)]
            figures = float(values[frame, index]), float(usual[index]), float(limit[index])
            found.append(_problem(rule, names[index], (first, last, frame), figures))
    return found


def _throughout(
    rule: Rule, names: tuple[str, ...], usual: np.ndarray, count: int, thresholds: ProblemThresholds
) -> list[Problem]:
    bound = thresholds.throughout_mm
    off = [index for index, value in enumerate(usual) if value > bound]
    if not off:
        return []
    index = max(off, key=lambda i: usual[i])
    value, part = float(usual[index]), plain(names[index])
    reason = f"{part} {figure(value, 'mm')} off throughout"
    return [
        Problem(
            ProblemKind.THROUGHOUT,
            rule.metric,
            names[index],
            0,
            count - 1,
            0,
            value,
            0.0,
            bound,
            "mm",
            reason,
        )
    ]


def _problem(
    rule: Rule, name: str, where: tuple[int, int, int], figures: tuple[float, float, float]
) -> Problem:
    value, usual, limit = figures
    unit = rule.figure.unit
    said = rule.bound.words.format(
        part=plain(name), value=figure(value, unit), usual=figure(usual, unit), limit=figure(limit, unit)
    )
    return Problem(rule.kind, rule.metric, name, *where, value, usual, limit, unit, said)


def _flagged(bad: np.ndarray, kind: ProblemKind, metric: str, reason: str) -> list[Problem]:
    return [
        Problem(kind, metric, "whole body", first, last, first, 1.0, 0.0, 0.0, "", reason)
        for first, last in runs(bad, 0)
    ]


def runs(bad: np.ndarray, join: int) -> list[tuple[int, int]]:
    """First and last frame of each stretch of a (T,) bool; ``join`` false frames do not end one."""
    frames = np.flatnonzero(bad)
    if not len(frames):
        return []
    cuts = np.flatnonzero(np.diff(frames) > join + 1)
    firsts, lasts = frames[np.r_[0, cuts + 1]], frames[np.r_[cuts, len(frames) - 1]]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]

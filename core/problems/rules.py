"""What makes a frame a problem: one rule a figure, its usual value, and how far is too far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.measure.figure import Bound, Figure
from core.measure.figures import BOUND
from core.measure.joint_neighbours import EXPLAINS
from core.measure.motion_metrics import MotionMetrics
from core.model.joints import FINGERS, PARTS
from core.problems.thresholds import ProblemThresholds

# Deviations of a normal distribution from their median absolute value.
_MAD_TO_DEVIATION = 1.4826
# The rate that thresholds on the source's own jumps are for.
_RATE = 60.0


class ProblemKind(Enum):
    """What is wrong, most telling first: a stretch is best introduced by the first of its kinds."""

    NOT_FINITE = "not finite"
    SOURCE_JUMP = "source jumps"
    THROUGHOUT = "off throughout"
    OFF = "off"
    OVER = "over"
    JUMP = "jumps"
    GROUND = "ground"
    NOT_CONVERGED = "not converged"


@dataclass(frozen=True)
class Rule:
    """A figure and one of its bounds.

    Attributes:
        figure: what is measured.
        bound: from when on that is a problem, and what is said of it.
    """

    figure: Figure
    bound: Bound

    @property
    def metric(self) -> str:
        """Name of the array in `MotionMetrics`."""
        return self.figure.name

    @property
    def kind(self) -> ProblemKind:
        """Of problem."""
        return ProblemKind(self.bound.kind)

    @property
    def label(self) -> str:
        """What the figure is called in a table of problems."""
        return self.bound.called or self.figure.label


RULES = tuple(Rule(figure, bound) for figure, bound in BOUND.values())
_RULE_OF = {(rule.metric, rule.kind): rule for rule in RULES}


def rule_of(metric: str, kind: ProblemKind) -> Rule | None:
    """The rule that finds problems of a kind in an array of `MotionMetrics`; what is off throughout is found
    by that of the distance. None where a problem comes from no figure."""
    return _RULE_OF.get((metric, ProblemKind.OFF if kind is ProblemKind.THROUGHOUT else kind))


def limits(
    values: np.ndarray, rule: Rule, thresholds: ProblemThresholds, rate: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) usual values and (K,) values from which on a frame is a problem; NaN where nothing is known."""
    bound = getattr(thresholds, rule.bound.name)
    if rule.bound.source_rate and rate:
        bound *= max(1.0, _RATE / rate)
    usual, spread, quarter = (np.full(values.shape[1], np.nan) for _ in range(3))
    for column in range(values.shape[1]):
        known = values[np.isfinite(values[:, column]), column]
        if len(known):
            usual[column] = np.median(known)
            spread[column] = _MAD_TO_DEVIATION * np.median(np.abs(known - usual[column]))
            quarter[column] = np.percentile(known, 25)
    if rule.bound.at_most:
        return usual, np.where(np.isfinite(usual), bound, np.nan)
    limit = usual + np.maximum(bound, thresholds.spread * spread)
    if rule.bound.distance:
        # Where most frames are bad, the median is bad too; the best quarter still tells.
        # The whole body has a bound of its own, below which its mean alone is no problem.
        own = thresholds.mean_most_mm if rule.metric == "mean_mm" else 0.0
        limit = np.minimum(limit, np.maximum(max(thresholds.ceiling_mm, own), 2 * quarter))
        usual = np.where(usual > limit, quarter, usual)
    return usual, limit


def booked(measures: MotionMetrics, figure: Figure, values: np.ndarray) -> np.ndarray:
    """(T, K) figures that take several frames, each moved to the frame among them that is off most."""
    if figure.takes == (0,):
        return values
    return _moved(values, _error_of(measures, figure, values.shape[1]), figure.takes)


def _error_of(measures: MotionMetrics, figure: Figure, count: int) -> np.ndarray:
    """(T, K) how far off what each column is about is."""
    if figure.columns == "joints":
        return measures.joint_mm
    if figure.columns == "parts":
        return measures.part_mm
    part = measures.part_mm[:, PARTS.index(figure.columns)] if figure.columns else measures.mean_mm
    return np.repeat(part[:, None], count, 1)


def _moved(values: np.ndarray, error: np.ndarray, offsets: tuple[int, ...]) -> np.ndarray:
    error = np.where(np.isfinite(error), error, -np.inf)
    padded = np.pad(error, ((1, 1), (0, 0)), constant_values=-np.inf)
    around = np.stack([padded[1 + offset : 1 + offset + len(error)] for offset in offsets])
    with np.errstate(invalid="ignore"):
        moved = around.max(0) - error > EXPLAINS * values
    to = np.arange(len(values))[:, None] + np.where(moved, np.array(offsets)[around.argmax(0)], 0)
    out = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        known = np.flatnonzero(np.isfinite(values[:, column]))
        if len(known):
            # A frame whose own figure went elsewhere keeps nothing unusual.
            out[known, column] = np.minimum(values[known, column], np.median(values[known, column]))
            np.fmax.at(out[:, column], to[known, column], values[known, column])
    return out


def plain(name: str) -> str:
    """The name of a joint or part as people say it."""
    words = name.replace("_", " ")
    if name[:-1].endswith(FINGERS):
        return words[:-1] + ("" if "thumb" in name else " finger")
    return words


def figure(value: float, unit: str) -> str:
    """A value with its unit, two digits or more."""
    gap = "" if unit == "°" else " "
    return f"{value:.0f}{gap}{unit}" if abs(value) >= 10 else f"{value:.1f}{gap}{unit}"

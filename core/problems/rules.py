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
    known = np.where(np.isfinite(values), values, np.nan)
    usual, quarter = _quantiles(known, 0.5, 0.25)
    spread = _MAD_TO_DEVIATION * _quantiles(np.abs(known - usual), 0.5)[0]
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
    known = np.where(np.isfinite(values), values, np.nan)
    # A frame whose own figure went elsewhere keeps nothing unusual.
    out = np.minimum(known, _quantiles(known, 0.5)[0])
    columns = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    np.fmax.at(out, (to, columns), known)
    return out


def _quantiles(values: np.ndarray, *shares: float) -> list[np.ndarray]:
    """(K,) each: quantiles of the numbers of each column of (T, K), NaN left out and where there is nothing
    else; between two numbers by their distance, as numpy takes them, and all columns at once."""
    if not len(values):
        return [np.full(values.shape[1], np.nan) for _ in shares]
    ordered, last = np.sort(values, 0), np.isfinite(values).sum(0) - 1
    found = []
    for share in shares:
        place = np.maximum(share * last, 0)
        lower = np.floor(place).astype(int)
        part, ends = place - lower, (lower, np.minimum(lower + 1, np.maximum(last, 0)))
        low, high = (np.take_along_axis(ordered, end[None], 0)[0] for end in ends)
        found.append(np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part)))
    return found


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

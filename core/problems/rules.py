"""What makes a frame a problem: one rule a figure, its usual value, and how far is too far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

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
    """What is made and said of a metric.

    Attributes:
        metric: name of the array in `MotionMetrics`.
        bound: name of the field in `ProblemThresholds`.
        kind: of problem.
        words: the reason, with places for ``part``, ``value``, ``usual`` and ``limit``.
        worst_column: the worst column speaks for all of them; otherwise each speaks for itself.
        distance: the ceiling holds, and it may be too much throughout.
        source_rate: the bound is for 60 frames a second.
        at_most: the bound holds as it stands, whatever is usual.
    """

    metric: str
    bound: str
    kind: ProblemKind
    words: str
    worst_column: bool = False
    distance: bool = False
    source_rate: bool = False
    at_most: bool = False


RULES = (
    Rule("mean_mm", "whole_mm", ProblemKind.OFF, "{part} {value} off, usually {usual}", distance=True),
    Rule("mean_mm", "mean_most_mm", ProblemKind.OVER, "mean {value}, over {limit}", at_most=True),
    Rule("max_mm", "max_rise_mm", ProblemKind.OFF, "max {value}, usually {usual}"),
    Rule("max_mm", "max_most_mm", ProblemKind.OVER, "max {value}, over {limit}", at_most=True),
    Rule("part_mm", "part_mm", ProblemKind.OFF, "{part} {value} off, usually {usual}", distance=True),
    Rule(
        "hand_mm",
        "hand_mm",
        ProblemKind.OFF,
        "shape of the {part} {value} off, usually {usual}",
        distance=True,
    ),
    Rule(
        "joint_mm",
        "joint_mm",
        ProblemKind.OFF,
        "{part} {value} from the source's, usually {usual}",
        True,
        True,
    ),
    Rule("jitter_mm", "jitter_mm", ProblemKind.JUMP, "{part} shaking by {value}", True),
    Rule("jump_mm", "jump_mm", ProblemKind.JUMP, "{part} jumps {value} out of its path", True),
    Rule(
        "turn_deg", "turn_deg", ProblemKind.JUMP, "{part} suddenly turns {value} away from the source's", True
    ),
    Rule(
        "source_jump_mm",
        "source_jump_mm",
        ProblemKind.SOURCE_JUMP,
        "the source jumps {value}",
        source_rate=True,
    ),
    Rule(
        "source_turn_deg",
        "source_turn_deg",
        ProblemKind.SOURCE_JUMP,
        "{part} of the source suddenly turns {value}",
        True,
        source_rate=True,
    ),
    Rule("penetration_mm", "penetration_mm", ProblemKind.GROUND, "sinks {value} deeper than the source"),
    Rule("skate_mm", "skate_mm", ProblemKind.GROUND, "{part} slides {value} more than the source's"),
)


def limits(
    values: np.ndarray, rule: Rule, thresholds: ProblemThresholds, rate: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) usual values and (K,) values from which on a frame is a problem; NaN where nothing is known."""
    bound = getattr(thresholds, rule.bound)
    if rule.source_rate and rate:
        bound *= max(1.0, _RATE / rate)
    usual, spread, quarter = (np.full(values.shape[1], np.nan) for _ in range(3))
    for column in range(values.shape[1]):
        known = values[np.isfinite(values[:, column]), column]
        if len(known):
            usual[column] = np.median(known)
            spread[column] = _MAD_TO_DEVIATION * np.median(np.abs(known - usual[column]))
            quarter[column] = np.percentile(known, 25)
    if rule.at_most:
        return usual, np.where(np.isfinite(usual), bound, np.nan)
    limit = usual + np.maximum(bound, thresholds.spread * spread)
    if rule.distance:
        # Where most frames are bad, the median is bad too; the best quarter still tells.
        # The whole body has a bound of its own, below which its mean alone is no problem.
        own = thresholds.mean_most_mm if rule.metric == "mean_mm" else 0.0
        limit = np.minimum(limit, np.maximum(max(thresholds.ceiling_mm, own), 2 * quarter))
        usual = np.where(usual > limit, quarter, usual)
    return usual, limit


def booked(measures: MotionMetrics, metric: str, values: np.ndarray) -> np.ndarray:
    """(T, K) figures that take several frames, each moved to the frame among them that is off most."""
    if metric == "jitter_mm":
        return _moved(values, measures.part_mm, (-1, 0, 1))
    if metric == "skate_mm":
        feet = measures.part_mm[:, [PARTS.index("feet")]]
        return _moved(values, np.repeat(feet, values.shape[1], 1), (-1, 0))
    return values


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

"""How far a fit is off, and which frames stand out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import RefitError
from core.measure.measure_motion import measure_motion
from core.measure.motion_metrics import MotionMetrics
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.detect import Problem
from core.problems.detect import find_problems as problems_in
from core.problems.thresholds import ProblemThresholds
from core.session.bodies_of_fit import bodies_of
from refit._arguments import AnyBodies, bodies_in, expect, motion_of


def measure(fit: FitResult, motion: Motion, bodies: AnyBodies | None = None) -> MotionMetrics:
    """Measures a fit against its source, from the parameters of both.

    Args:
        fit: T frames.
        motion: that it was made from.
        bodies: that it was fitted with, or their folder; None for those that were used last, or else the
            folder that ``REFIT_MODELS`` names, or the built-in ones.

    Returns:
        float32 arrays, NaN where there is nothing to say: ``mean_mm``, ``max_mm`` (T,), ``part_mm`` (T, 6),
        ``hand_mm`` (T, 2), ``joint_mm`` (T, k), ``jitter_mm`` (T, 6) in mm/frame², ``jump_mm``, ``turn_deg``
        (T, k), ``penetration_mm`` (T,), ``skate_mm`` (T, 2), ``vertex_mean_mm``, ``vertex_max_mm`` (V,) and
        more; ``column_names(name)`` says what the columns are, ``summary()`` gives means and maxima.

    Raises:
        RefitError: the bodies cannot be read; the fit belongs to another motion or other bodies.
    """
    expect("fit", fit, FitResult)
    expect("motion", motion, Motion)
    pair = bodies_of(fit, bodies_in(bodies))
    return measure_motion(motion_of(fit, motion, pair), pair, fit)


def find_problems(
    fit: FitResult,
    motion: Motion,
    bodies: AnyBodies | None = None,
    *,
    thresholds: Mapping[str, float] | None = None,
) -> tuple[Problem, ...]:
    """Which stretches of a fit stand out, where, by how much, and why.

    Args:
        fit: T frames.
        motion: that it was made from.
        bodies: as in `measure`.
        thresholds: from when on a frame is a problem, where it is not to be as usual: ``{"whole_mm": 2.0}``;
            ``spread``, ``whole_mm``, ``part_mm``, ``hand_mm``, ``joint_mm``, ``jitter_mm``, ….

    Returns:
        By first frame; each has ``first``, ``last``, ``frame`` (the worst), ``part``, ``value``, ``usual``,
        ``unit`` and ``reason``. `refit_frames` takes them as its frames.

    Raises:
        RefitError: the bodies cannot be read; the fit belongs to another motion or other bodies, or there is
            no such threshold.
    """
    try:
        given: dict[str, Any] = {} if thresholds is None else dict(thresholds)
        limits = ProblemThresholds(**given)
    except (TypeError, ValueError) as error:
        known = ", ".join(ProblemThresholds.__dataclass_fields__)
        why = str(error) if isinstance(error, ValueError) else f"expected numbers by name: {known}"
        raise RefitError(f"thresholds: {why}.") from None
    return problems_in(measure(fit, motion, bodies), limits)

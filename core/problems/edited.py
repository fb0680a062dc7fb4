"""A fit with parameters changed by hand: data like any other, with the changed frames measured anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import RefitError
from core.fitting.stage.partial_result import within
from core.measure.fit_failure import judged
from core.measure.frame_errors import measured
from core.model.body_pair import BodyPair
from core.model.fit_result import LEFT, FitResult
from core.model.frame_parameters import ParameterChange, widened
from core.model.motion import Motion

FIGURES = ("mean", "median", "p95", "max", "part")
MEASURED_AT_ONCE = 128


def changes_all(result: FitResult, change: ParameterChange) -> bool:
    """The change is of the shape that all frames share."""
    return change.betas is not None and result.frame_betas is None


def edited(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    frame: int,
    change: ParameterChange,
    fitted: FitResult | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> FitResult:
    """The fit after a change of one frame, or of all where it is of the shape that they share.

    Changed frames are measured, marked as edited, and not converged. Of the arrays those that stay the same
    are shared with ``result``, but for the poses, by which fits are told apart.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit to change.
        frame: id of a fitted frame.
        change: of its parameters.
        fitted: the fit before anything was edited: frames that come to be as they are there get their figures
            and marks from there.
        on_progress: told the frames measured and their total, again and again; what it raises ends the
            measuring.

    Raises:
        RefitError: the frame is not fitted, the fit belongs to another motion or another body, or there are
            more coefficients than the body has.
    """
    if not result.fitted[frame]:
        raise RefitError(f"Frame {frame} is not fitted, so there is nothing to edit; fit it first.")
    frames = np.flatnonzero(result.fitted) if changes_all(result, change) else np.array([frame])
    values: dict[str, Any] = {"poses": result.poses.copy()}
    for joint, rotation in change.rotations.items():
        values["poses"][frame, joint] = rotation
    if change.transl is not None:
        values["transl"] = result.transl.copy()
        values["transl"][frame] = change.transl
    target = bodies.target
    if change.expression is not None:
        within("expression coefficients", np.asarray(change.expression), target.num_expression)
        values["expression"] = _with_row(result.expression, frame, change.expression)
    if change.betas is not None:
        within("betas", np.asarray(change.betas), target.num_betas)
        if result.frame_betas is None:
            values["betas"] = np.asarray(change.betas, np.float32)
        else:
            values["frame_betas"] = _with_row(result.frame_betas, frame, change.betas)
            values["betas"] = values["frame_betas"][result.fitted].mean(0)
    return _measured_anew(motion, bodies, replace(result, **values), frames, fitted, on_progress)


def _with_row(rows: np.ndarray, frame: int, row: np.ndarray) -> np.ndarray:
    """A copy of (T, n) with another row, wider where that is wider."""
    out = widened(rows, np.asarray(row)[None])[0].copy()
    out[frame] = 0
    out[frame, : len(row)] = row
    return out


def _measured_anew(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    frames: np.ndarray,
    fitted: FitResult | None,
    on_progress: Callable[[int, int], None] | None,
) -> FitResult:
    names = (*(f"{name}_mm" for name in FIGURES), "converged", "edited", *LEFT)
    values = {name: getattr(result, name).copy() for name in names}
    back = np.zeros(len(result), dtype=bool)
    if fitted is not None:
        back[frames] = _same(result, fitted, frames)
        for name in names:
            values[name][back] = getattr(fitted, name)[back]
    new = frames[~back[frames]]
    for name, value in {"converged": False, "edited": True, **LEFT}.items():
        values[name][new] = value
    for start in range(0, len(new), MEASURED_AT_ONCE):
        some = new[start : start + MEASURED_AT_ONCE]
        span = slice(int(some[0]), int(some[-1]) + 1)
        # Cut out, as what is measured looks at the whole of a motion first.
        piece = result.take(np.arange(span.start, span.stop))
        found = measured(motion.cut(span.start, span.stop), bodies, piece, some - span.start)
        for name in FIGURES:
            values[f"{name}_mm"][some] = getattr(found, name)
        if on_progress:
            on_progress(start + len(some), len(new))
    return judged(result, **values)


def _same(one: FitResult, other: FitResult, frames: np.ndarray) -> np.ndarray:
    """(n,) bool: the parameters of these frames are the same in both, to the last digit."""
    same = other.fitted[frames] & (one.transl[frames] == other.transl[frames]).all(1)
    same &= (one.poses[frames] == other.poses[frames]).all((1, 2))
    expression = widened(one.expression[frames], other.expression[frames])
    same &= (expression[0] == expression[1]).all(1)
    betas = widened(_betas_of(one, frames), _betas_of(other, frames))
    return same & (betas[0] == betas[1]).all(1)


def _betas_of(result: FitResult, frames: np.ndarray) -> np.ndarray:
    return result.betas[None] if result.frame_betas is None else result.frame_betas[frames]

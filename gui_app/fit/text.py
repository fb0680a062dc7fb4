"""A running fit, and what it leaves behind, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gui_app.history.comparison import comparison_words
from gui_app.widgets.text import frames_words

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from gui_app.document.run_status import RunStatus
    from gui_app.fit.fit_worker import RunReply

STAGES = {
    "shape": "Solving the shape",
    "pose": "Fitting poses",
    "smooth": "Smoothing",
    "measure": "Measuring",
    "fix": "Trying fixes",
}


def status_words(run: RunStatus) -> str:
    """The status bar's line: what is fitted; the run strip has the rest."""
    if run.phase == "cancelling":
        return "Cancelling…"
    if run.stage == "fix":
        return f"Trying {run.what}…"
    return f"{'Measuring' if run.stage == 'measure' else 'Fitting'} {run.what}…"


def stage_words(run: RunStatus) -> str:
    """What the run does now."""
    if run.phase == "cancelling":
        return "Cancelling…"
    return STAGES.get(run.stage, "Starting the fit")


def count_words(run: RunStatus) -> str:
    """How far it has come: iterations of the shape, then frames."""
    if run.stage == "shape":
        return f"iteration {run.iteration}"
    if not run.stage:
        return frames_words(run.frames_total)
    return f"{run.frames_done:,} of {frames_words(run.frames_total)}"


def time_left(seconds: float | None) -> str:
    """``about 12 s``, in steps coarse enough to be calm; empty where it cannot be told."""
    if seconds is None:
        return ""
    if seconds < 20:
        return f"about {max(round(seconds), 1)} s"
    if seconds < 90:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def unchanged_words(what: str) -> str:
    """The line of a run that came out as what there was."""
    return f"Nothing changed: the fit of {what} is as it was"


def finished_words(reply: RunReply, earlier: FitResult | None) -> str:
    """The line that a run leaves behind.

    Args:
        reply: the last one of the run.
        earlier: the fit that there was before it, or None.
    """
    reached = len(np.setdiff1d(reply.reached, reply.around))
    asked = frames_words(reply.asked - len(reply.around))
    if not len(reply.reached) or reply.result is None:
        kept = earlier is not None
        return "Cancelled: the earlier fit is kept" if kept else "Cancelled before the first frame was fitted"
    other = "leaves out other fingers" if reply.other_skin else "has another shape"
    if reply.keeps_earlier:
        return f"Cancelled: the earlier fit is kept, for the new one {other}"
    result = reply.result
    figures = f"{result.seconds:.1f} s · {_figures(result, reply.reached, earlier)}"
    if reply.complete:
        around = f" and {len(reply.around):,} around" if len(reply.around) else ""
        failed = " · failed" if result.failed else ""
        return f"Fitted {frames_words(reached)}{around} in {figures}{failed}"
    if earlier is None:
        return f"Cancelled: {reached:,} of {asked} kept, marked partial · {figures}"
    if reply.apart:
        return f"Cancelled: {reached:,} of {asked} kept; the smaller earlier fit {other}"
    return f"Cancelled: {reached:,} of {asked} fitted, the others are as they were"


def _figures(result: FitResult, reached: np.ndarray, earlier: FitResult | None) -> str:
    """What has changed where there was a fit before, or else how good the fit is."""
    from core.measure.fit_comparison import compare_fits

    found = compare_fits(earlier, result) if earlier is not None else None
    if found is not None:
        return comparison_words(found, len(result))
    return f"mean {float(np.mean(result.mean_mm[reached])):.1f} mm{_left(result, reached)}"


def _left(result: FitResult, reached: np.ndarray) -> str:
    """How far the joint that may be furthest from its optimum is, in the frames of a run that have converged,
    where that is known."""
    from core.problems.rules import plain

    left = result.take(reached).most_left
    return "" if left is None else f" · {plain(left[2])} within {left[1]:.1f}° of its optimum"

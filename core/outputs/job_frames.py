"""Of whom an export is, which of its frames there are, and when, for programs that count seconds."""

from __future__ import annotations

import numpy as np

from core.errors import RefitError
from core.outputs.export_format import ExportJob

USUAL_RATE = 30.0
"""Frames a second where nobody knows them; it is told."""


def named(stem: str, role: str) -> str:
    """The motion's name for a file of its ``'fit'``, or that of another body."""
    return stem if role == "fit" else f"{stem}_{role}"


def usable(job: ExportJob, role: str) -> np.ndarray:
    """(n,) bool: of which of the job's frames the ``'fit'`` or the ``'source'`` has a pose.

    Raises:
        RefitError: of none.
    """
    motion, _ = job.of(role)
    there = motion.finite_frames()
    if role == "fit":
        there = there & job.fit.fitted
    there = there[job.frames]
    if not there.any():
        whose = "is fitted" if role == "fit" else "has numbers that are all finite"
        raise RefitError(f"None of the frames {whose}; there is nothing to export.")
    return there


def gap_words(there: np.ndarray, what: str) -> tuple[str, ...]:
    """A sentence where frames have no pose; ``what`` becomes of them."""
    gaps = int((~there).sum())
    if not gaps:
        return ()
    return (f"{gaps:,} frame{' has' if gaps == 1 else 's have'} no pose: {what}.",)


def known_rate(job: ExportJob) -> float | None:
    """Frames a second: what was said for the export, or else what is known of the fit or of its motion."""
    if job.frame_rate is not None:
        return job.frame_rate
    told = (job.result, job.motion)
    return next((one.frame_rate for one in told if one is not None and one.frame_rate), None)


def rate_of(job: ExportJob) -> float:
    """Frames a second to write."""
    return known_rate(job) or USUAL_RATE


def rate_words(job: ExportJob) -> tuple[str, ...]:
    """A sentence where nobody knows the frame rate."""
    if known_rate(job) is not None:
        return ()
    return (f"The motion does not say its frame rate: written at {USUAL_RATE:g} frames a second.",)

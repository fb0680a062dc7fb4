"""Of whom an export is, which of its frames there are, and when, for programs that count seconds."""

from __future__ import annotations

import numpy as np

from core.errors import RefitError
from core.geometry.up_axis import turned
from core.model.motion import Motion
from core.outputs.export_format import ExportJob
from core.world_origin import exact_numbers

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


def step_between(frames: np.ndarray) -> int | None:
    """How far from frame to frame, ascending, 1 for a single one; None where some are further apart than
    others."""
    steps = np.unique(np.diff(frames))
    return 1 if not len(steps) else int(steps[0]) if len(steps) == 1 else None


def origin_words(motion: Motion, up: str) -> tuple[str, ...]:
    """A sentence where positions are told from an origin of their own; ``up`` is the file's up axis."""
    if motion.origin is None:
        return ()
    where = ", ".join(exact_numbers(turned(np.array(motion.origin), motion.up_axis, up)))
    return (f"Positions are from the origin {where} m of the motion's world ({up} up).",)


def rate_of(job: ExportJob) -> float:
    """Frames a second to write."""
    return job.known_rate or USUAL_RATE


def rate_words(job: ExportJob) -> tuple[str, ...]:
    """A sentence where nobody knows the frame rate."""
    if job.known_rate is not None:
        return ()
    return (f"The motion does not say its frame rate: written at {USUAL_RATE:g} frames a second.",)

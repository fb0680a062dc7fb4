"""``refit export`` with its parsed options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.errors import RefitError
from core.exporting.export import Draw, export, frame_ids_of
from core.exporting.request import JOINT_KINDS, Request, check_asked
from core.exporting.subject import Subject, open_subject
from core.files.containers.numbered import Progress
from core.files.motions.load_motion import SeveralPeople
from core.inspection.joint_set import JointSet
from core.model.motion import Reading
from core.outputs.joint_sets import read_joint_set

NAMES = {
    "body": "--body",
    "joints": "--joints",
    "up": "--up",
    "unit": "--bvh-unit",
    "frame_rate": "--frame-rate",
    "size": "--size",
}
"""The options, by what they are in a request."""


def written(
    options: argparse.Namespace,
    reading: Reading,
    doubts: str,
    draw: Callable[[], Draw] | None = None,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Writes what the options ask for.

    Args:
        options: of `core.commands.argument_types.add_export`.
        reading: how a motion is read.
        doubts: what becomes of what is doubtful in it.
        draw: gives what draws; called where something is to be drawn.
        progress: told how much is written.

    Returns:
        Sentences to say.

    Raises:
        RefitError: the options make no sense together, or something cannot be read or written.
    """
    request = Request(
        path=options.output,
        format=options.format,
        body=options.body,
        joints=_joints(options.joints),
        up=options.up,
        unit=options.bvh_unit,
        frame_rate=reading.frame_rate,
        size=options.size,
        overwrite=options.force,
        names=NAMES,
    )
    check_asked(request)
    if options.frame is not None and options.step != 1:
        raise RefitError("--step is of several frames, and --frame is a single one; give one of both.")
    try:
        subject = open_subject(
            options.file,
            options.models,
            options.gender,
            reading,
            doubts,
            both_bodies=request.needs_both_bodies,
        )
    except SeveralPeople as error:
        raise RefitError(f"{error}; give --person ID") from None
    request = replace(request, frames=_frames(subject, options))
    drawing = draw() if draw is not None and request.is_drawn else None
    told = export(subject, request, drawing, progress=progress)
    return (*(f"note: {note}" for note in (*subject.notes, *told)), f"wrote {options.output}")


def _joints(text: str | None) -> str | JointSet | None:
    if text is None or text in JOINT_KINDS:
        return text
    if not text.lower().endswith(".json"):
        known = ", ".join(JOINT_KINDS)
        raise RefitError(f"--joints is '{text}', expected {known}, or the file of a joint set (.json).")
    return read_joint_set(Path(text))


def _frames(subject: Subject, options: argparse.Namespace) -> tuple[int, ...] | None:
    count, frame = len(subject), options.frame
    if frame is None:
        first, last = options.frames or (None, None)
        return frame_ids_of(subject, slice(first, last), options.step)
    if not -count <= frame < count:
        raise RefitError(f"--frame is {frame}, expected one from 0 to {count - 1}.")
    return (frame % count,)

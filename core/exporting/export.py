"""Writes what is asked for of a fit or a motion."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from core.errors import RefitError
from core.exporting.request import TIMELESS, Request, check_asked, format_of, settings_of
from core.exporting.subject import Subject
from core.files.containers.numbered import Progress
from core.outputs.export_format import ExportFormat, ExportJob
from core.outputs.export_formats import no_folder_name
from core.outputs.joint_sets import JOINTS, write_joints
from core.session.inputs import check_output

Draw = Callable[[Subject, Request, Progress | None], tuple[str, ...]]
"""Draws a picture or a film, and gives what people should know of it."""


def export(
    subject: Subject,
    request: Request,
    draw: Draw | None = None,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> tuple[str, ...]:
    """Writes one file, or one folder of files: whole, or not at all.

    Args:
        subject: of what.
        request: what, and where to.
        draw: for pictures and films; None where nothing can be drawn.
        progress: told how much is written.
        stop: set to stop.

    Returns:
        What people should know of what was written, in sentences.

    Raises:
        FileError: it cannot be written, or exists and may not be replaced.
        RefitError: there is nothing to write, or what is asked for makes no sense together.
        Cancelled: ``stop`` was set.
    """
    check_output(request.path, subject.inputs)
    check_asked(request)
    if request.is_drawn:
        if draw is None:
            raise RefitError(
                f"{request.path.name} is drawn by parts of the window, which are not at hand here: "
                "use the command refit."
            )
        told = draw(subject, request, progress)
        if request.frame_rate is None or request.path.suffix.lower() != ".png":
            return told
        return (*told, f"{request.called('frame_rate')} changes nothing: a picture has no times.")
    format_ = format_of(request)
    settings = settings_of(request, format_, fitted=subject.result is not None)
    frames = np.arange(len(subject)) if request.frames is None else np.array(request.frames, int)
    frames, told = _fitted_only(subject, format_, settings, frames)
    whole = "source" in settings.values() or "both" in settings.values() or settings.get("body") == "points"
    if request.frame_rate is not None and format_ in TIMELESS:
        told = (*told, f"{request.called('frame_rate')} changes nothing: {format_.title} has no times.")
    job = ExportJob(
        path=request.path,
        stem=subject.stem,
        frames=frames,
        motion=subject.source if whole else subject.motion,
        bodies=subject.bodies,
        result=subject.result,
        settings=settings,
        single=_single(request, format_, settings, len(frames)),
        overwrite=request.overwrite,
        progress=progress,
        stop=stop,
        frame_rate=request.frame_rate,
    )
    if format_ is JOINTS:
        write_joints(job, request.joints or "chain")
        return told
    assert format_.write is not None, "what is drawn is none of these formats"
    words = format_.write(job)
    return (*told, *((words,) if words else ()))


def frame_ids_of(subject: Subject, frames: slice, step: int = 1) -> tuple[int, ...] | None:
    """Every ``step``-th of the frames of a slice; None for all.

    Raises:
        RefitError: there are none.
    """
    ids = np.arange(len(subject))[frames][::step]
    if not len(ids):
        raise RefitError(f"There are {len(subject):,} frames, and none of them is asked for.")
    return None if len(ids) == len(subject) else tuple(ids.tolist())


def _fitted_only(
    subject: Subject, format_: ExportFormat, settings: dict[str, object], frames: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Of a fit only the frames that are fitted, where others have no place; and a sentence."""
    if subject.result is None or not format_.asks_fit(settings) or format_.keeps_places(settings):
        return frames, ()
    kept = frames[subject.result.fitted[frames]]
    if not len(kept):
        raise RefitError("None of these frames is fitted; there is nothing to export.")
    missing = len(frames) - len(kept)
    if not missing:
        return frames, ()
    return kept, (f"{missing:,} frame{'s are' if missing > 1 else ' is'} not fitted, and left out.",)


def _single(request: Request, format_: ExportFormat, settings: dict[str, object], count: int) -> bool:
    """One frame in a file by itself, of a format that makes a folder of several."""
    named = request.path.suffix.lower() == format_.suffix
    if not format_.is_folder(settings):
        if not named and format_ is not JOINTS:
            raise RefitError(f"{request.path} is no name for {format_.title}: end it in {format_.suffix}.")
        return False
    if named and count > 1:
        raise RefitError(
            f"{request.path.name} is one file, but {count:,} frames are to be written, one a file: choose "
            f"one frame, or give a folder and the format {format_.name}."
        )
    if not named and (sentence := no_folder_name(request.path)):
        raise RefitError(sentence)
    return named

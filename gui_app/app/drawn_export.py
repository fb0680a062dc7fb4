"""Pictures and films that the command line and Python export: the window's scene, drawn off the screen."""

from __future__ import annotations

import time
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from core.errors import RefitError
from core.exporting.request import Request
from core.exporting.subject import Subject
from core.files.containers.atomic import atomic_write, check_place
from core.files.containers.numbered import Progress
from core.model.result_views import worst_frame
from gui_app.export.can_draw import quietly, why_not

if TYPE_CHECKING:
    from gui_app.document.opened import Opened
    from gui_app.scene.view_options import LayoutName

FILM_SIZE, GIF_SIZE = (1280, 720), (960, 540)
PICTURES = (".png", ".jpg")
FILM_RATE, GIF_RATE = 30.0, 20.0
LAYOUTS: dict[str | None, LayoutName] = {"both": "side", "fit": "fit", "source": "source"}
WAIT_SECONDS = 0.01


def draw(subject: Subject, request: Request, progress: Progress | None = None) -> tuple[str, ...]:
    """Writes a picture (``.png``, ``.jpg``) or a film (``.mp4``, ``.gif``) of source and fit, whole or not.

    A film has the motion's own speed. Without a fit the source is shown.

    Args:
        subject: of what.
        request: ends in one of `DRAWN`; of a picture the frame, the worst one where none is named.
        progress: told how many pictures are drawn.

    Returns:
        Sentences on what was taken.

    Raises:
        FileError: it cannot be written, or exists and may not be replaced.
        RefitError: nothing can be drawn here, or what is asked for makes no sense of a picture.
    """
    with quietly():
        if reason := why_not():
            raise RefitError(f"Pictures and films cannot be drawn: {reason}")
        body = request.body or ("both" if subject.result is not None else "source")
        if body not in LAYOUTS or (subject.result is None and body != "source"):
            name = request.called("body")
            raise RefitError(
                f"{name} is {body}, which cannot be drawn; expected source, or of a fit both or fit."
            )
        check_place(request.path, request.overwrite)
        if request.path.suffix.lower() in PICTURES:
            return _picture(subject, request, LAYOUTS[body])
        return _film(subject, request, LAYOUTS[body], progress)


def _opened(subject: Subject) -> Opened:
    from core.fitting.posed_frames import PosedFrames
    from gui_app.document.opened import Opened
    from gui_app.files.open import describe_subject

    motion, bodies = subject.source, subject.bodies
    posed = PosedFrames(motion, bodies, subject.result)
    return Opened(motion, bodies, posed, describe_subject(motion, bodies), builtin_motion=False)


def _picture(subject: Subject, request: Request, layout: LayoutName) -> tuple[str, ...]:
    from gui_app.export.offscreen import STILL_SAMPLES, STILL_SIZE, off_screen
    from gui_app.export.picture_file import as_jpeg

    frames, told = request.frames, tuple[str, ...]()
    if frames is None:
        frames, told = _usual_frame(subject)
    if len(frames) != 1:
        raise RefitError(f"{request.path.name} is one picture, but {len(frames):,} frames are asked for.")
    opened, picture = _opened(subject), BytesIO()
    plotter, scene = off_screen(opened, request.size or STILL_SIZE, STILL_SAMPLES)
    try:
        scene.set_layout(layout)
        scene.show(frames[0], opened.posed.frame(frames[0]))
        scene.show_view("home")
        plotter.render()
        plotter.screenshot(picture)
    finally:
        plotter.close()
    data = picture.getvalue()
    with atomic_write(request.path, overwrite=request.overwrite) as file:
        file.write(as_jpeg(data) if request.path.suffix.lower() == ".jpg" else data)
    return told


def _usual_frame(subject: Subject) -> tuple[tuple[int, ...], tuple[str, ...]]:
    if subject.result is None:
        return (0,), ()
    if not subject.result.fitted.any():
        raise RefitError("No frame is fitted; there is nothing to draw.")
    worst = worst_frame(subject.result)
    return (worst,), (f"Frame {worst} is drawn, the one with the largest mean error.",)


def _film(
    subject: Subject, request: Request, layout: LayoutName, progress: Progress | None
) -> tuple[str, ...]:
    from gui_app.export.ffmpeg import Encoder
    from gui_app.export.film import film_frames
    from gui_app.export.offscreen import off_screen
    from gui_app.widgets.text import FALLBACK_RATE

    gif = request.path.suffix.lower() == ".gif"
    of_fit = subject.result.frame_rate if subject.result is not None else None
    known = request.frame_rate or of_fit or subject.source.frame_rate
    rate = GIF_RATE if gif else FILM_RATE
    ids = np.arange(len(subject)) if request.frames is None else np.array(request.frames)
    first, last = int(ids[0]), int(ids[-1])
    size = request.size or (GIF_SIZE if gif else FILM_SIZE)
    shown = film_frames(first, last, known or FALLBACK_RATE, 1.0, rate)
    # With a step the film has every so manieth frame, each for as long as all of them would be shown.
    shown = ids[np.searchsorted(ids, shown, "right") - 1]
    opened = _opened(subject)
    encoder = Encoder(request.path, size, rate, overwrite=request.overwrite)
    try:
        plotter, scene = off_screen(opened, size, samples=0)
        try:
            scene.set_layout(layout)
            scene.show(first, opened.posed.frame(first))
            scene.show_view("home")
            for count, frame in enumerate(shown.tolist()):
                if progress is not None:
                    progress(count, len(shown))
                scene.show(frame, opened.posed.frame(frame))
                plotter.render()
                while encoder.full and not encoder.over.is_set():
                    time.sleep(WAIT_SECONDS)
                encoder.put(np.ascontiguousarray(plotter.screenshot(return_img=True)))
        finally:
            plotter.close()
        encoder.finish()
        encoder.over.wait()
    finally:
        encoder.cancel()
        encoder.over.wait()
    if encoder.error is not None:
        raise encoder.error
    if known:
        return ()
    return (f"The motion does not say its frame rate: shown at {FALLBACK_RATE:g} fps.",)

"""Pictures and videos of a motion and its fit, without a window; whole files or none."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyvista as pv

from core.errors import FileError
from core.files.containers.atomic import atomic_write, held, temporary_mark
from gui_app.export.smooth_edges import smoothed
from gui_app.scene.scene import Scene
from gui_app.tasks.display import has_display
from gui_app.widgets.text import FALLBACK_RATE

if TYPE_CHECKING:
    from gui_app.document.opened import Opened

STILL_SIZE = (1600, 900)
VIDEO_SIZE = (960, 540)
MOST_VIDEO_RATE = 30.0
MOST_VIDEO_SECONDS = 20.0
STILL_SAMPLES = 8
TOLD_EVERY_SECONDS = 5.0


def off_screen(opened: Opened, size: tuple[int, int], samples: int) -> tuple[pv.Plotter, Scene]:
    """A plotter without a window and the same scene that the window shows."""
    if sys.platform.startswith("linux") and not has_display():
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    # In a notebook it would show itself there.
    plotter = pv.Plotter(off_screen=True, notebook=False, shape=(1, 3), border=False, window_size=list(size))
    window = plotter.render_window
    scale = max(size[1] / 720, 0.9)
    window.SetMultiSamples(samples)  # type: ignore[union-attr]
    window.SetDPI(round(72 * scale))  # type: ignore[union-attr]
    scene = Scene(plotter)
    scene.build(opened.subject)
    scene.show(0, opened.posed.frame(0))
    plotter.show(auto_close=False, interactive=False)
    scene.layout(scale)
    return plotter, scene


def render_still(
    path: Path, opened: Opened, frame: int, size: tuple[int, int] = STILL_SIZE, *, overwrite: bool = False
) -> None:
    """Writes one frame as a PNG: source left, fit right, error as colour.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
    """
    plotter, scene = off_screen(opened, size, STILL_SAMPLES)
    picture = BytesIO()
    try:
        scene.show(frame, opened.posed.frame(frame))
        scene.show_view("home")
        plotter.render()
        plotter.screenshot(picture)
    finally:
        plotter.close()
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(picture.getvalue())


def render_video(
    path: Path, opened: Opened, size: tuple[int, int] = VIDEO_SIZE, *, overwrite: bool = False
) -> None:
    """Writes the clip as an MP4 at its own speed, at most 30 pictures a second and its first 20 seconds.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
    """
    import imageio_ffmpeg

    frames, rate = video_frames(len(opened.motion), opened.motion.frame_rate or FALLBACK_RATE)
    with _taking_the_place_of(path, overwrite) as temporary:
        plotter, scene = off_screen(opened, size, samples=0)
        told = time.monotonic()
        writer = imageio_ffmpeg.write_frames(str(temporary), size, fps=rate, quality=7, macro_block_size=2)
        try:
            writer.send(None)
            for count, frame in enumerate(frames):
                scene.show(int(frame), opened.posed.frame(int(frame)))
                if count == 0:
                    scene.show_view("home")
                plotter.render()
                # In software cheaper than several samples a pixel.
                writer.send(np.ascontiguousarray(smoothed(np.asarray(plotter.screenshot(return_img=True)))))
                if time.monotonic() - told > TOLD_EVERY_SECONDS:
                    told = time.monotonic()
                    print(f"  film: {count + 1:,} of {len(frames):,} pictures", flush=True)
        finally:
            writer.close()
            plotter.close()


def video_frames(count: int, rate: float) -> tuple[np.ndarray, float]:
    """Which of ``count`` frames a video shows, and at how many pictures a second."""
    skip = max(int(np.ceil(rate / MOST_VIDEO_RATE)), 1)
    frames = np.arange(0, count, skip)
    rate = rate / skip
    return frames[: max(int(MOST_VIDEO_SECONDS * rate), 1)], rate


@contextmanager
def _taking_the_place_of(path: Path, overwrite: bool) -> Iterator[Path]:
    """A name beside ``path`` for a program that writes files itself; it becomes ``path`` when the block ends.

    Raises:
        FileError: the block cannot write it, or ``path`` exists and ``overwrite`` is False.
    """
    temporary = path.with_name(temporary_mark() + path.suffix)
    try:
        with held(temporary):
            yield temporary
            refuse_existing([path], overwrite)
            os.replace(temporary, path)
    except OSError as error:
        raise FileError(path, f"cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def refuse_existing(paths: list[Path], overwrite: bool) -> None:
    """Raises FileError where one of ``paths`` exists and ``overwrite`` is False."""
    for path in paths:
        if path.exists() and not overwrite:
            raise FileError(path, "already exists; write to another folder, or over it with --force")

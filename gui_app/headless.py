"""Without a screen: fits a motion and writes result, picture and video.

python -m gui_app.headless [FILE] -o DIR
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyvista as pv

from core import cli
from core.errors import FileError, RefitError
from gui_app.scene import Scene

if TYPE_CHECKING:
    from core.fitting.result import FitResult
    from gui_app.opening import Opened

STILL_SIZE = (1600, 900)
VIDEO_SIZE = (960, 540)
MOST_VIDEO_RATE = 30.0
MOST_VIDEO_SECONDS = 20.0
FALLBACK_RATE = 30.0
STILL_SAMPLES = 8
TOLD_EVERY_SECONDS = 5.0


def off_screen(opened: Opened, size: tuple[int, int], samples: int) -> tuple[pv.Plotter, Scene]:
    """A plotter without a window and the same scene that the window shows."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    plotter = pv.Plotter(off_screen=True, shape=(1, 2), border=False, window_size=list(size))
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


def render_still(path: Path, opened: Opened, frame: int, size: tuple[int, int] = STILL_SIZE) -> None:
    """Writes one frame as a PNG: source left, fit right, error as colour.

    Raises:
        FileError: it cannot be written.
    """
    plotter, scene = off_screen(opened, size, STILL_SAMPLES)
    try:
        scene.show(frame, opened.posed.frame(frame))
        scene.look("home")
        plotter.render()
        plotter.screenshot(str(path))
    except OSError as error:
        raise FileError(path, f"cannot be written ({error.strerror or error})") from error
    finally:
        plotter.close()


def render_video(path: Path, opened: Opened, size: tuple[int, int] = VIDEO_SIZE) -> None:
    """Writes the clip as an MP4 at its own speed, at most 30 pictures a second and its first 20 seconds.

    Raises:
        FileError: it cannot be written.
    """
    import imageio_ffmpeg

    frames, rate = video_frames(len(opened.motion), opened.motion.frame_rate or FALLBACK_RATE)
    plotter, scene = off_screen(opened, size, samples=0)
    scene.set_smooth(True)  # in software cheaper than several samples a pixel
    told = time.monotonic()
    writer = imageio_ffmpeg.write_frames(str(path), size, fps=rate, quality=7, macro_block_size=2)
    try:
        writer.send(None)
        for count, frame in enumerate(frames):
            scene.show(int(frame), opened.posed.frame(int(frame)))
            if count == 0:
                scene.look("home")
            plotter.render()
            writer.send(np.ascontiguousarray(plotter.screenshot(return_img=True)))
            if time.monotonic() - told > TOLD_EVERY_SECONDS:
                told = time.monotonic()
                print(f"  video: {count + 1:,} of {len(frames):,} pictures", flush=True)
    except OSError as error:
        raise FileError(path, f"cannot be written ({error.strerror or error})") from error
    finally:
        writer.close()
        plotter.close()


def video_frames(count: int, rate: float) -> tuple[np.ndarray, float]:
    """Which of ``count`` frames a video shows, and at how many pictures a second."""
    skip = max(int(np.ceil(rate / MOST_VIDEO_RATE)), 1)
    frames = np.arange(0, count, skip)
    rate = rate / skip
    return frames[: max(int(MOST_VIDEO_SECONDS * rate), 1)], rate


def render_job(
    file: Path | None, folder: Path, models: Path | None, device: str = "auto", threads: int | None = None
) -> int:
    """Fits ``file`` (None: the built-in motion), writes three files into ``folder``, returns the exit code.

    Raises:
        RefitError: something cannot be read, fitted or written.
    """
    from core.bodies import default_motion
    from core.convert import stageii_name
    from core.files.results import save_result
    from gui_app.opening import open_file

    opened = open_file(file or default_motion(), models)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(folder, f"cannot be made ({error.strerror})") from error
    result = opened.result or _fit(opened, device, threads)
    opened.posed.set_result(result)
    name = stageii_name(Path(opened.name))
    target = folder / name
    if opened.result is None:
        save_result(target, result, overwrite=True)
        print(f"wrote {target}", flush=True)
    shown = int(np.nanargmax(np.where(result.fitted, result.mean_mm, np.nan)))
    still, video = target.with_suffix(".png"), target.with_suffix(".mp4")
    render_still(still, opened, shown)
    print(f"wrote {still} (frame {shown}, the one with the largest mean error)", flush=True)
    render_video(video, opened)
    print(f"wrote {video}", flush=True)
    return 0


def _fit(opened: Opened, device: str, threads: int | None) -> FitResult:
    from core.fitting.run import FitRun

    print(f"Fitting {opened.name}: {len(opened.motion):,} frames, {opened.bodies.label}", flush=True)
    run = FitRun(opened.motion, opened.bodies, device=device, threads=threads)
    last = time.monotonic()
    for progress in run:
        if time.monotonic() - last > 2.0:
            last = time.monotonic()
            print(
                f"  {progress.stage}: {progress.frames_done:,} of {progress.frames_total:,} frames, "
                f"mean {progress.mean_mm:.1f} mm",
                flush=True,
            )
    result = run.result()
    figures = result.summary()
    print(
        f"Fitted {figures['frames']:,} frames in {result.seconds:.1f} s: mean {figures['mean']:.2f} mm, "
        f"p95 {figures['p95']:.2f} mm, max {figures['max']:.1f} mm ({opened.bodies.label})",
        flush=True,
    )
    return result


def main(argv: list[str] | None = None) -> int:
    """Runs ``python -m gui_app.headless``; 0 fine, 1 failed, 2 bad usage."""
    top = argparse.ArgumentParser(
        prog="python -m gui_app.headless",
        description="Fits a motion and writes its SMPL-X file, a picture and a video.",
    )
    top.add_argument("file", nargs="?", type=Path, metavar="FILE", help="motion (.npz); none: a built-in one")
    top.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to write")
    top.add_argument("--models", type=Path, metavar="DIR", help="folder of licensed SMPL-H and SMPL-X models")
    top.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to fit")
    top.add_argument("--threads", type=cli.thread_count, metavar="N", help="fitting threads")
    options = top.parse_args(argv)
    try:
        threads = options.threads or cli.default_threads()
        return render_job(options.file, options.output, options.models, options.device, threads)
    except RefitError as error:
        print(f"refit: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

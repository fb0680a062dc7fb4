"""Without a screen: fits a motion and writes result, picture and video.

python -m gui_app.app.headless [FILE] -o DIR
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.commands import argument_types, cli
from core.commands.telling.sentences import Parser, named, say
from core.errors import FileError, RefitError
from gui_app.export.offscreen import refuse_existing, render_still, render_video
from gui_app.widgets.text import FALLBACK_RATE, frames_words

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from gui_app.document.opened import Opened


def render_job(
    file: Path | None,
    folder: Path,
    models: Path | None,
    device: str = "auto",
    threads: int | None = None,
    *,
    overwrite: bool = False,
    to: str | None = None,
) -> int:
    """Fits ``file`` (None: the built-in motion), writes three files into ``folder``, returns the exit code.

    Where ``file`` is a fit already, picture and video are of that. ``to`` is the family of the body that is
    fitted, None for SMPL-X, or SMPL-H where the motion is SMPL-X.

    Raises:
        RefitError: something cannot be read, fitted or written, or exists and ``overwrite`` is False.
    """
    from core.commands.output_paths import result_name
    from core.files.builtin_files import default_motion
    from core.outputs.results import save_result
    from gui_app.files.models_choice import SOURCES
    from gui_app.files.open import open_file

    targets = {} if to is None else dict.fromkeys(SOURCES, to)
    opened = open_file(file or default_motion(), models, targets=targets)
    for note in opened.notes:
        say(f"note: {note}")
    target = folder / result_name(opened.motion, opened.bodies.target.family)
    still, video = target.with_suffix(".png"), target.with_suffix(".mp4")
    refuse_existing([still, video] if opened.result else [target, still, video], overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(folder, f"cannot be made ({error.strerror})") from error
    result = opened.result or _fit(opened, device, threads)
    if not result.fitted.any():
        raise RefitError(f"{file or opened.name} has no fitted frame to show.")
    opened.posed.set_result(result)
    if opened.result is None:
        save_result(target, result, overwrite=overwrite)
        say(f"wrote {target}")
    shown = int(np.nanargmax(np.where(result.fitted, result.mean_mm, -1.0)))
    render_still(still, opened, shown, overwrite=overwrite)
    say(f"wrote {still} (frame {shown}, the one with the largest mean error)")
    if not opened.motion.frame_rate:
        say(f"no frame rate in the file: the film plays at {FALLBACK_RATE:g} fps")
    render_video(video, opened, overwrite=overwrite)
    say(f"wrote {video}")
    return 0


def _fit(opened: Opened, device: str, threads: int | None) -> FitResult:
    from core.fitting.run import FitRun

    say(f"Fitting {opened.name}: {frames_words(len(opened.motion))}, {opened.bodies.label}")
    run = FitRun(opened.motion, opened.bodies, device=device, threads=threads)
    last = time.monotonic()
    for progress in run:
        if time.monotonic() - last > 2.0:
            last = time.monotonic()
            say(
                f"  {progress.stage}: {progress.frames_done:,} of {frames_words(progress.frames_total)}, "
                f"mean {progress.mean_mm:.1f} mm"
            )
    result = run.result()
    figures = result.summary()
    say(
        f"Fitted {frames_words(int(figures['frames']))} in {result.seconds:.1f} s: "
        f"mean {figures['mean']:.2f} mm, p95 {figures['p95']:.2f} mm, max {figures['max']:.1f} mm "
        f"({opened.bodies.label})"
    )
    return result


def main(argv: list[str] | None = None) -> int:
    """Runs ``python -m gui_app.app.headless``; 0 fine, 1 failed, 2 bad usage."""
    top = Parser(
        prog="python -m gui_app.app.headless",
        description="Fits a motion and writes its SMPL-X file, a picture and a film.",
    )
    top.add_argument("file", nargs="?", type=named, metavar="FILE", help="motion; none: a built-in one")
    top.add_argument("-o", "--output", type=named, required=True, metavar="DIR", help="where to write")
    top.add_argument("--models", type=named, metavar="DIR", help="folder of licensed models")
    top.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to fit")
    top.add_argument("--threads", type=argument_types.thread_count, metavar="N", help="fitting threads")
    top.add_argument("--force", action="store_true", help="write over existing files")
    options = top.parse_args(argv)

    def work(threads: int | None) -> int:
        return render_job(
            options.file, options.output, options.models, options.device, threads, overwrite=options.force
        )

    return cli.run_told(work, options.threads)


if __name__ == "__main__":
    sys.exit(main())

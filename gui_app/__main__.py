"""The command ``refit``: the window, or one of the command-line tools."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core import __version__
from core.commands import argument_types, cli
from core.commands.telling.exit_codes import INTERRUPTED, SOME_FAILED
from core.commands.telling.interrupts import left, second_ends_at_once
from core.commands.telling.sentences import Parser, named, say_error
from core.commands.telling.streams import lenient_output, lost
from core.errors import RefitError
from core.model.joints import JOINT_NAMES
from gui_app.tasks.display import has_display

if TYPE_CHECKING:
    from core.exporting.export import Draw

HEADLESS_FOLDER = "refit-headless"


def parser() -> argparse.ArgumentParser:
    """Arguments of the window."""
    top = Parser(
        prog="refit",
        description="Shows human motion in SMPL, SMPL-H or SMPL-X beside its fit by another of these bodies. "
        "Without FILE it opens a built-in motion.",
        epilog=f"Without a window: refit {' | refit '.join(cli.COMMANDS)}; each has its own --help.",
    )
    top.add_argument(
        "file",
        nargs="?",
        type=named,
        metavar="FILE",
        help="motion, fit, session or folder to open",
    )
    top.add_argument("--frame", type=frame_number, metavar="N", help="show this frame first")
    top.add_argument("--models", type=named, metavar="DIR", help="folder of licensed models")
    top.add_argument("--to", choices=tuple(JOINT_NAMES), help="body to fit; default: as last time")
    top.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), help="where to fit; default: as last time, auto at first"
    )
    top.add_argument(
        "--threads",
        type=argument_types.thread_count,
        metavar="N",
        help="fitting threads (default: one a processor)",
    )
    top.add_argument("--version", action="version", version=f"Refit {__version__}")
    return top


def frame_number(text: str) -> int:
    """A whole number, zero or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no frame; use 0 or more")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Runs ``refit`` and returns its exit code: 0 fine, 1 failed, 2 bad usage. The process of a window ends
    here."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in cli.COMMANDS:
        code = cli.main(arguments, _drawing)
        return left(code) if argv is None else code
    options = parser().parse_args(arguments)
    work = _window if has_display() else _without_display
    with lenient_output() as told:
        code = cli.run_told(partial(work, options), options.threads)
        code = code or SOME_FAILED if lost(told) else code
    return code if argv is not None or work is not _window else _over(code)


def _drawing() -> Draw:
    try:
        from gui_app.app.drawn_export import draw
    except ImportError as error:
        raise RefitError(f"Pictures and films cannot be drawn: {error}.") from error
    return draw


def _over(code: int) -> int:
    try:
        from gui_app.tasks.left_behind import end_at_once
    except ImportError:
        return code
    end_at_once(code)


def _without_display(options: argparse.Namespace, threads: int | None) -> int:
    try:
        from gui_app.app.headless import render_job
    except ImportError as error:
        raise RefitError(
            f"There is no display for a window, and pictures need pyvista, which cannot be imported here "
            f"({error}); refit convert works without it."
        ) from error
    print(
        "There is no display for a window: fitting, then writing result, picture and film "
        f"to ./{HEADLESS_FOLDER}."
    )
    folder = Path(HEADLESS_FOLDER)
    try:
        with second_ends_at_once():
            device = options.device or "auto"
            return render_job(
                options.file, folder, options.models, device, threads, overwrite=True, to=options.to
            )
    except KeyboardInterrupt:
        say_error("interrupted; finished outputs are kept.")
        return INTERRUPTED


def _window(options: argparse.Namespace, threads: int | None) -> int:
    try:
        from gui_app.app.application import run
        from gui_app.app.main_window import Options
    except ImportError as error:
        raise RefitError(
            f"The window needs PySide6, pyvista and pyvistaqt, which cannot be imported here ({error}); "
            "refit convert works without them."
        ) from error
    return run(Options(options.file, options.models, options.device, threads, options.frame, options.to))


if __name__ == "__main__":
    sys.exit(main())

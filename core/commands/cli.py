"""The command line: ``refit convert``, ``inspect``, ``info``, … Cheap to import: torch comes later."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from core import __version__
from core.commands.argument_types import (
    add_batch,
    add_cache,
    add_correspond,
    add_export,
    add_inspect,
    add_reading,
    betas_count,
    default_threads,
    doubts_of,
    frame_range,
    reading_of,
    thread_count,
)
from core.commands.reporting.arguments import add_report
from core.commands.telling.exit_codes import BAD_USAGE, DONE, INTERRUPTED, SOME_FAILED
from core.commands.telling.interrupts import second_ends_at_once
from core.commands.telling.sentences import Parser, named, say, say_error
from core.commands.telling.streams import lenient_output, lost
from core.errors import RefitError
from core.fitting.recipe.recipe import ACCURATE, PRESETS
from core.model.joints import GENDERS
from core.problems.thresholds import ProblemThresholds

if TYPE_CHECKING:
    from core.commands.telling.terminal import PlainTable, Terminal
    from core.exporting.export import Draw
    from core.outputs.describe import Described

COMMANDS = ("convert", "report", "export", "inspect", "correspond", "info", "models", "cache")


def run_told(work: Callable[[int | None], int], threads: int | None) -> int:
    """Runs ``work`` with the number of threads to use; what goes wrong becomes one sentence and an exit code.

    Args:
        work: takes the number of threads, None for one a processor, and returns an exit code.
        threads: as given on the command line; None for what the environment says.

    Returns:
        What ``work`` returns, or 1 if it failed, or 2 if the environment makes no sense.
    """
    code = BAD_USAGE
    try:
        threads = threads or default_threads()
        code = SOME_FAILED
        return work(threads)
    except RefitError as error:
        say_error(error)
        return code


def parser(kind: type[Parser] = Parser) -> argparse.ArgumentParser:
    """The parser of the whole command line, of a kind that tells in its own way what is wrong."""
    top = kind(
        prog="refit",
        description="Fit SMPL-X to motion in SMPL or SMPL-H, or any of the three to another. "
        "Without a command, `refit [FILE]` opens the window.",
    )
    top.add_argument("--version", action="version", version=f"Refit {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    convert = commands.add_parser(
        "convert",
        help="fit motions and write them in SMPL-X, SMPL-H or SMPL",
        description="Fits each motion and writes an npz with AMASS's keys. "
        "Exit codes: 0 all done, 1 some inputs or fits failed, 2 bad usage.",
    )
    convert.add_argument(
        "inputs",
        nargs="*",
        type=named,
        metavar="MOTION",
        help="motion file of any tool that `refit info` knows, or a folder to walk; none where --recipe is a "
        ".yaml that names one",
    )
    convert.add_argument(
        "-o",
        "--output",
        type=named,
        metavar="OUT",
        help="folder (walk_poses.npz becomes walk_stageii.npz in it, or walk_smplh.npz, walk_smpl.npz with "
        "--to), or a .npz name for one input",
    )
    convert.add_argument(
        "--to",
        choices=("smplx", "smplh", "smpl"),
        help="body to fit; default: smplx",
    )
    convert.add_argument(
        "--models",
        type=named,
        metavar="DIR",
        help="folder with the licensed models; without it REFIT_MODELS, then the built-in bodies",
    )
    convert.add_argument(
        "--gender", choices=("neutral", "female", "male"), help="of the bodies; default: what the file says"
    )
    convert.add_argument(
        "--transfer",
        type=named,
        metavar="FILE",
        help="the correspondence between the bodies, *_deftrafo_setup.pkl; default: the models folder's. Of "
        "meshes of a topology of their own (MHR's, SOMA's, a template's): from them to the body, as "
        "mhr2smplx_mapping.npz",
    )
    convert.add_argument(
        "--rest-mesh",
        type=named,
        metavar="FILE",
        help="of meshes of a topology of their own: one of them, .obj or .ply, registered to the body at "
        "rest, from which the correspondence is built",
    )
    convert.add_argument(
        "--mask",
        type=named,
        metavar="FILE",
        help="ids of the valid vertices, smplx_mask_ids.npy; default: the models folder's",
    )
    convert.add_argument(
        "--exclude",
        type=named,
        action="append",
        default=[],
        metavar="FILE",
        help="ids of vertices that do not count, as the head-bun lists; can be repeated",
    )
    how = convert.add_mutually_exclusive_group()
    how.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default=ACCURATE.name,
        help=f"how to fit; default: {ACCURATE.name}",
    )
    how.add_argument(
        "--recipe",
        type=named,
        metavar="FILE",
        help="how to fit: .toml, as the window's stages are saved, or a .yaml of the published transfer "
        "tool, whose folders, bodies and masks are taken where no option says otherwise",
    )
    convert.add_argument(
        "--set",
        action="append",
        default=[],
        dest="assignments",
        metavar="STAGE.SETTING=VALUE",
        help="change the preset or recipe, as vertex.weights.hands=3 or 2.iterations=40; can be repeated",
    )
    shape = convert.add_mutually_exclusive_group()
    shape.add_argument(
        "--betas",
        type=named,
        metavar="FILE",
        help="hold the shape of this fit, or of this motion of the same body",
    )
    shape.add_argument(
        "--share-shape",
        action="store_true",
        help="one shape for each subject: clips in one folder, of one gender and family, whose betas do not "
        "differ; each of several people in a file is a subject",
    )
    shape.add_argument(
        "--one-shape",
        action="store_true",
        help="one shape for all inputs, whatever their folders and betas say; all must be fitted with the "
        "same bodies (see --gender)",
    )
    convert.add_argument(
        "--betas-count",
        type=betas_count,
        metavar="N",
        help="shape coefficients to solve, at most those of the model; default: what it has, up to 100",
    )
    add_reading(convert)
    add_batch(convert)
    convert.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: auto")
    convert.add_argument(
        "--frames",
        type=frame_range,
        metavar="A:B",
        help="only these frames, as in Python slices; the last ten: --frames=-10:",
    )
    convert.add_argument(
        "--threads",
        type=thread_count,
        metavar="N",
        help="fitting threads; default: REFIT_THREADS, else one a processor",
    )
    convert.add_argument(
        "--check",
        action="store_true",
        help="also map each fit back to its source, and measure surface and SMPL's 24 joints there",
    )
    convert.add_argument(
        "--problems",
        action="store_true",
        help="also list the problem frames, which stand out from the median or are over "
        f"{ProblemThresholds.mean_most_mm:g} mm in the mean or {ProblemThresholds.max_most_mm:g} mm at the "
        "worst vertex, and whether the bodies or the fit are to blame",
    )
    convert.add_argument(
        "--session",
        action="store_true",
        help="also write a session beside each output (.refit), to go on with in the window",
    )
    convert.add_argument(
        "--verbose", action="store_true", help="print objective and mean v2v of each step of each stage"
    )
    convert.add_argument(
        "--private",
        action="store_true",
        help="name files with their checksums in results and sessions, and no folder",
    )
    convert.add_argument("--report", type=named, metavar="FILE.json", help="also write the figures as JSON")
    convert.add_argument(
        "--json", action="store_true", help="print what --report writes, and all else to the error output"
    )
    over = convert.add_mutually_exclusive_group()
    over.add_argument("--force", action="store_true", help="write over existing outputs")
    over.add_argument(
        "--retry-failed",
        action="store_true",
        help="write over existing outputs whose fit failed, and no others, whatever settings made them",
    )

    add_report(commands)
    add_export(commands)
    add_inspect(commands)
    add_correspond(commands)

    info = commands.add_parser("info", help="say what a motion, model or result file holds")
    info.add_argument("file", type=named, metavar="FILE")
    info.add_argument("--gender", choices=GENDERS, help="of the person; wins over what the file says")
    add_reading(info, several=False)
    info.add_argument("--json", action="store_true", help="print json instead of tables")

    models = commands.add_parser(
        "models",
        help="say which licensed models a folder has, and what is missing",
        description="Reads every SMPL, SMPL-H and SMPL-X model below a folder, whatever its layout. Exit "
        "codes: 0 models were found, 1 none.",
    )
    models.add_argument(
        "folder", nargs="?", type=named, metavar="DIR", help="default: what REFIT_MODELS names"
    )
    models.add_argument("--json", action="store_true", help="print json instead of tables")
    add_cache(commands)
    return top


def main(argv: list[str] | None = None, draw: Callable[[], Draw] | None = None) -> int:
    """Runs one command.

    Args:
        argv: its name and arguments; None for those of the process.
        draw: gives what draws pictures and films that are exported; None where nothing can be drawn.

    Returns:
        0 all done, 1 some inputs failed, 2 bad usage, 130 interrupted.
    """
    with lenient_output() as told:
        code = _main(argv, draw)
        return code or SOME_FAILED if lost(told) else code


def _main(argv: list[str] | None, draw: Callable[[], Draw] | None) -> int:
    try:
        options = parser().parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    try:
        with second_ends_at_once():
            return _run(options, draw)
    except RefitError as error:
        say_error(error)
        return BAD_USAGE if options.command == "convert" else SOME_FAILED
    except KeyboardInterrupt:
        say_error("interrupted; finished outputs are kept.")
        return INTERRUPTED


def _run(options: argparse.Namespace, draw: Callable[[], Draw] | None) -> int:
    if options.command == "info":
        return _info(options)
    if options.command == "inspect":
        from core.commands.inspect import inspect

        return inspect(options)
    if options.command == "report":
        from core.commands.reporting.command import report

        return report(options, draw)
    if options.command == "export":
        return _export(options, draw)
    if options.command == "correspond":
        from core.commands.correspond import correspond

        return correspond(options)
    if options.command == "models":
        from core.commands.models import models

        return models(options)
    if options.command == "cache":
        from core.commands.cache import cache

        return cache(options)
    options.threads = options.threads or default_threads()
    from core.commands.convert import convert

    return convert(options)


def _export(options: argparse.Namespace, draw: Callable[[], Draw] | None) -> int:
    from rich.progress import Progress

    from core.commands.telling.terminal import Terminal
    from core.exporting.command import written

    quiet = not sys.stderr.isatty()
    with Progress(console=Terminal(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("writing", total=None)
        told = written(
            options,
            reading_of(options, options.person),
            doubts_of(options),
            draw,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    for sentence in told:
        say(sentence)
    return DONE


def _info(options: argparse.Namespace) -> int:
    from core.commands.telling.terminal import Terminal
    from core.outputs.describe import described, described_document

    found = described(options.file, reading_of(options, options.person), doubts_of(options))
    if options.json:
        print(json.dumps(described_document(found), indent=2))
    else:
        _print_info(found, Terminal())
    return DONE


def _print_info(found: Described, console: Terminal) -> None:
    from core.outputs.reading_words import command_to_read_otherwise, table_rows, unused_words

    table = _columns(2)
    for label, value in found.rows:
        table.add_row(label, value)
    console.print(table)
    if found.motion is None:
        return
    console.print()
    console.print("Read as", style="bold")
    table = _columns(3)
    for row in table_rows(found.motion):
        table.add_row(*row)
    console.print(table)
    if found.motion.unused:
        console.print(f"Keys not used: {unused_words(found.motion)}", soft_wrap=True)
    command = command_to_read_otherwise(found.motion)
    if command:
        console.print(f"To read it otherwise: {command}", soft_wrap=True)


def _columns(count: int) -> PlainTable:
    from core.commands.telling.terminal import PlainTable

    table = PlainTable(show_header=False)
    table.add_column(style="dim", no_wrap=True)
    for _ in range(count - 1):
        table.add_column(overflow="fold")
    return table

"""The options of ``refit report``."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.telling.sentences import named

PICTURES = 200


def add_report(commands: Any) -> None:
    """Adds ``refit report``."""
    report = commands.add_parser(
        "report",
        help="list the clips of a folder of results, and write report.html",
        description="Lists what became of every clip of a folder that `refit convert` writes to, the worst "
        "first, and writes report.html into it: histograms, outliers, problems, curves and pictures in one "
        "file that asks nothing of a network. Exit codes: 0 done, 1 something could not be read or written.",
    )
    report.add_argument("folder", type=named, metavar="OUT", help="folder of results")
    report.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="WHAT",
        help="only such clips: 'mean>5', state=failed, 'kind=off throughout', 'guessed=up axis', "
        "source~walk, or words that are in a name or a sentence; can be repeated",
    )
    report.add_argument(
        "--sort",
        action="append",
        default=[],
        metavar="FIELD",
        help="order: max (the default), mean, feet, problems, name, frames:up, ...; can be repeated",
    )
    report.add_argument("--limit", type=_count, metavar="N", help="at most so many; in the table 20")
    how = report.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print all that is known of the clips as JSON")
    how.add_argument("--csv", action="store_true", help="print a line for each clip, with commas between")
    report.add_argument(
        "--page",
        type=named,
        metavar="FILE.html",
        help="where the page goes; with --json and --csv there is none else",
    )
    report.add_argument(
        "--pictures", type=_count, default=PICTURES, metavar="N",
        help=f"pictures of the N worst clips in the page; default: {PICTURES}",
    )  # fmt: skip
    report.add_argument(
        "--measure",
        action="store_true",
        help="measure jitter, feet on the ground and all problems of fits that `refit convert` made without "
        "--problems; takes about a fourth of what fitting them took",
    )
    report.add_argument(
        "--rebuild", action="store_true", help="build the catalogue anew from journals and results"
    )
    report.add_argument("--private", action="store_true", help="name no folder in the page")
    report.add_argument("--models", type=named, metavar="DIR", help="folder with the licensed models")


def _count(text: str) -> int:
    """A whole number, zero or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no number of clips; use 0 or more")
    return int(text)

"""``refit convert`` for programs that drive it: options from values, and events instead of lines.

    def hear(event):
        if isinstance(event, Ended):
            print(event.job.source, event.outcome.status)
        if no_longer_wanted:
            raise Cancelled

    options = options_of(["walk_poses.npz"], "out", {"jobs": 2, "share_shape": True})
    outcomes = convert_files(options, hear)

`conversion_events` says what is told. It may run in any thread; a program with a window is one of those that
fit on its own threads, so it should ask for ``jobs`` of at least 2, whose work is done in other processes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.commands.cli import parser
from core.commands.conversion_events import Tell, nobody
from core.commands.convert import conversion
from core.commands.outcome import Outcome
from core.commands.output_paths import Plan
from core.commands.telling.sentences import ProgramsParser
from core.commands.telling.terminal import Terminal


def options_of(
    inputs: Iterable[str | Path], output: str | Path, given: Mapping[str, Any] | None = None
) -> argparse.Namespace:
    """The options of a conversion, checked as those of the command line.

    Args:
        inputs: motion files and folders to walk.
        output: a folder, or the name of an ``.npz`` for one input.
        given: options by their names, ``{"share_shape": True, "set": ["vertex.robust=huber"]}``;
            those that are None or False are not given, and lists are given item by item.

    Raises:
        RefitError: the command line would not take them.
    """
    words = ["convert", f"--output={output}"]
    for name, value in (given or {}).items():
        option = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is True:
                words.append(option)
            elif one is not None and one is not False:
                words.append(f"{option}={one}")
    return parser(ProgramsParser).parse_args([*words, "--", *map(str, inputs)])


def convert_files(
    options: argparse.Namespace,
    tell: Tell = nobody,
    console: Terminal | None = None,
    planned: Plan | None = None,
) -> tuple[Outcome, ...]:
    """Converts; for a program that listens.

    Args:
        options: of `options_of`; its ``recipe`` may be a `Recipe` as well.
        tell: told events, as in `core.commands.convert.conversion`.
        console: where it is told to people as well; None for nowhere.
        planned: the clips to convert, some of a folder for instance; None for what the inputs hold.

    Returns:
        What became of each input.

    Raises:
        RefitError: the options make no sense together, the models folder cannot serve, or the conversion
            ended early.
        Exception: what ``tell`` has raised.
    """
    outcomes, trouble = conversion(options, console or Terminal(quiet=True), tell, planned)
    if trouble is not None:
        raise trouble
    return outcomes

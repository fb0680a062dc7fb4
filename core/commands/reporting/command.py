"""What ``refit report`` does: the clips of a folder of results as a table, as json, as CSV and as a page."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from core.catalogue.catalogue import WORST_FIRST, Catalogue, Clip
from core.catalogue.entry import Entry
from core.catalogue.page.page import write_page
from core.commands.reporting.pictures import pictures_of
from core.commands.telling.exit_codes import DONE, SOME_FAILED
from core.commands.telling.terminal import PlainColumn, PlainTable, Terminal
from core.errors import FileError, RefitError
from core.files.assumption import FILE, FIT, HOW_WORDS, NUMBERS, USER
from core.files.beside_results import INDEX_FILE, PAGE_FILE, RUNS_FOLDER
from core.model.joints import PARTS
from core.outputs.results import RESULT, is_result
from core.shown_text import shown, spreadsheet_cell

if TYPE_CHECKING:
    from core.exporting.export import Draw

LIMIT = 20
"""Rows that are printed where nobody says how many."""


def report(options: argparse.Namespace, draw: Callable[[], Draw] | None) -> int:
    """Runs ``refit report`` with its parsed options.

    Args:
        options: of `core.commands.reporting.arguments.add_report`.
        draw: gives what draws pictures; None where nothing can.

    Returns:
        0; 1 where something could not be read or written, which is said.

    Raises:
        RefitError: there is no folder, it holds no results, its catalogue cannot be read, or an option makes
            no sense.
    """
    _check(options.folder)
    lists = options.json or options.csv
    console = Terminal(stderr=lists)
    with Catalogue(options.folder, rebuild=options.rebuild) as catalogue:
        told = _refreshed(catalogue, console)
        if options.measure:
            told += _measured(catalogue, options, console)
        ids = catalogue.ids(options.filter, options.sort or WORST_FIRST)
        for sentence in told:
            console.print(sentence, style="yellow", soft_wrap=True)
        if options.json:
            _print_json(catalogue, ids[: options.limit], options.filter)
        elif options.csv:
            _print_csv(catalogue, ids[: options.limit])
        else:
            _print_table(catalogue, ids, options.limit or LIMIT, options.filter, console)
        page = options.page or (None if lists else options.folder / PAGE_FILE)
        if page is not None:
            told_ = _write_page(page, catalogue, ids, options, draw, console)
            console.print(f"Wrote {page}{told_}", soft_wrap=True)
    return SOME_FAILED if told else DONE


def _check(folder: Path) -> None:
    """Nothing is written beside what is not Refit's.

    Raises:
        RefitError: no run wrote into the folder, and no result is in it.
    """
    if not os.path.isdir(folder) or any(os.path.exists(folder / name) for name in (RUNS_FOLDER, INDEX_FILE)):
        return
    for path in folder.rglob(f"*{RESULT.suffix}"):
        with suppress(FileError):
            if is_result(path):
                return
    raise RefitError(f"{folder}: holds no results of Refit, expected the folder that convert -o wrote to.")


def _bar(console: Terminal) -> Progress:
    columns = (
        PlainColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _refreshed(catalogue: Catalogue, console: Terminal) -> list[str]:
    with _bar(console) as bar:
        task = bar.add_task("reading results", total=None)
        found = catalogue.refresh(lambda done, total: bar.update(task, completed=done, total=total))
    return [*([catalogue.told] if catalogue.told else []), *found.told]


def _measured(catalogue: Catalogue, options: argparse.Namespace, console: Terminal) -> list[str]:
    from core.commands.reporting.measuring import measure

    ids = catalogue.ids([*options.filter, "state=done", "jitter="], options.sort or WORST_FIRST)
    with _bar(console) as bar:
        task = bar.add_task("measuring fits", total=len(ids))
        return measure(catalogue, ids, options.models, lambda done: bar.update(task, completed=done))


def _write_page(
    page: Path,
    catalogue: Catalogue,
    ids: Sequence[int],
    options: argparse.Namespace,
    draw: Callable[[], Draw] | None,
    console: Terminal,
) -> str:
    with _bar(console) as bar:
        task = bar.add_task("drawing pictures", total=None)
        pictures, why = pictures_of(
            catalogue,
            ids,
            options.pictures,
            options.models,
            draw,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    write_page(page, catalogue, ids, pictures, private=options.private, told=why)
    for sentence in why:
        console.print(sentence, style="yellow", soft_wrap=True)
    count = len(pictures)
    return f" · {count} picture{'s' * (count != 1)}" if options.pictures else ""


def _print_table(
    catalogue: Catalogue, ids: Sequence[int], limit: int, filters: Sequence[str], console: Terminal
) -> None:
    states = catalogue.states(filters)
    words = ", ".join(f"{count:,} {state}" for state, count in states.items() if count)
    console.print(f"{len(ids):,} clip{'s' * (len(ids) != 1)}{': ' if words else ''}{words}", style="bold")
    clips = catalogue.clips(ids[:limit])
    if clips:
        headings = ("state", "frames", "mean mm", "p95", "max", "at", "problems")
        console.print(_table("clip", headings, [(clip.output, _figures(clip)) for clip in clips]))
        console.print()
        parts = [(clip.output, [_cell(value, 2) for value in clip.parts]) for clip in clips]
        console.print(_table("mean mm by part", PARTS, parts))
    if len(ids) > len(clips):
        console.print(f"{len(ids) - len(clips):,} more: --limit N, --json or --csv", style="dim")
    for clip in clips:
        if clip.why:
            console.print(f"{clip.output} {clip.state}: {clip.why}", style="red", soft_wrap=True)
    kinds = catalogue.kinds(filters)
    if kinds:
        counted = ", ".join(f"{kind} {count:,}" for kind, count in kinds)
        console.print(f"Problems, in clips: {counted}", soft_wrap=True)
    assumed = sorted(catalogue.assumed(filters), key=lambda one: one.how != NUMBERS)
    if assumed:
        counted = ", ".join(
            f"{one.quantity} {one.value or 'not known'} {one.clips:,} ({HOW_WORDS[one.how]})"
            for one in assumed
        )
        console.print(f"Taken without having been said, in clips: {counted}", style="dim", soft_wrap=True)


def _table(title: str, headings: Sequence[str], rows: Sequence[tuple[str, list[str]]]) -> PlainTable:
    table = PlainTable()
    table.add_column(title, overflow="ellipsis", no_wrap=True)
    for at, heading in enumerate(headings):
        side = "left" if heading == "state" else "right"
        widest = max(len(heading), *(len(cells[at]) for _, cells in rows))
        table.add_column(heading, justify=side, no_wrap=True, min_width=widest)
    for name, cells in rows:
        table.add_row(name, *cells)
    return table


def _figures(clip: Clip) -> list[str]:
    figures = [_cell(value, 2) for value in (clip.mean, clip.p95, clip.max)]
    return [
        clip.state,
        _cell(clip.frames, 0),
        *figures,
        _cell(clip.worst, 0),
        _cell(clip.problem_frames, 0),
    ]


def _cell(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def entry_values(entry: Entry, clip: Clip) -> dict[str, Any]:
    """What is known of a clip, in plain json values without the curve."""
    stored = replace(entry, curve=b"").to_json()
    stored["parts"] = dict(zip(PARTS, entry.parts, strict=True))
    stored = {key: shown(value) if isinstance(value, str) else value for key, value in stored.items()}
    told = {"state": clip.state, "why": clip.why, "accepted": clip.accepted, "accepted_notes": clip.notes}
    return {"output": shown(entry.output), **told, **stored, "problem_kinds": list(entry.kinds)}


def _print_json(catalogue: Catalogue, ids: Sequence[int], filters: Sequence[str]) -> None:
    clips = [entry_values(catalogue.entry(clip.id), clip) for clip in catalogue.clips(ids)]
    assumed = [vars(one) for one in catalogue.assumed(filters)]
    document = {"states": catalogue.states(filters), "assumed": assumed, "clips": clips}
    print(json.dumps(document, indent=1, allow_nan=False))


CSV_COLUMNS = (
    "output", "state", "why", "source", "sha256", "person", "subject", "family", "target", "gender",
    "bodies", "source_body", "target_body", "correspondence", "mask", "recipe", "settings", "made_by",
    "made_at", "frames", "fitted", "converged", "rate", "seconds", "mean", "median", "p95", "max", "worst",
    *PARTS, "jitter", "skate", "sinks", "problem_frames", "problem_kinds", "accepted", "accepted_notes",
    "assumed",
)  # fmt: skip


def _print_csv(catalogue: Catalogue, ids: Sequence[int]) -> None:
    print(",".join(CSV_COLUMNS))
    for clip in catalogue.clips(ids):
        entry = catalogue.entry(clip.id)
        values = {**entry_values(entry, clip), **dict(zip(PARTS, entry.parts, strict=True))}
        values["problem_kinds"] = ", ".join(entry.kinds)
        unsure = [one.words for one in entry.assumed if one.how not in (FILE, USER, FIT)]
        values["assumed"] = ", ".join(unsure)
        print(",".join(_csv_cell(values.get(name)) for name in CSV_COLUMNS))


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    return spreadsheet_cell(value) if isinstance(value, str) else f"{value}"

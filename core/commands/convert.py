"""Many motions in, one file each out, in another family: what ``refit convert`` does."""

from __future__ import annotations

import argparse
import json
from contextlib import nullcontext

from core.catalogue.journal import Journal
from core.commands import report
from core.commands.body_cache import Shelf
from core.commands.conversion_plan import chosen_recipe, shapes_of, take_transfer_config
from core.commands.held_shape import held
from core.commands.known_outcomes import KnownOutcomes
from core.commands.one_clip import convert_one
from core.commands.outcome import Outcome
from core.commands.output_paths import check_targets, for_people, plan
from core.commands.room import check_room
from core.commands.telling.exit_codes import DONE, SOME_FAILED
from core.commands.telling.terminal import Terminal
from core.commands.telling.watch import TerminalWatch
from core.correspond.load_bodies import reversed_bodies
from core.errors import FileError
from core.files.motions.folder_walk import left_out_words
from core.files.motions.mesh_motions import is_own_meshes
from core.fitting.devices import pick_device
from core.fitting.recipe.recipe import ACCURATE
from core.model.joints import FAMILY_LABEL
from core.outputs.results import RESULT


def convert(options: argparse.Namespace) -> int:
    """Runs ``refit convert`` with its parsed options.

    Returns:
        0 if everything is done, 1 if some inputs or fits failed, or the report cannot be written.

    Raises:
        RefitError: the options make no sense together, or the models folder cannot serve.
    """
    console = Terminal(stderr=options.json)
    outcomes, unwritten = conversion(options, console)
    if unwritten is not None:
        console.print(str(unwritten), style="red")
    failed = unwritten is not None or any(outcome.failed for outcome in outcomes)
    return SOME_FAILED if failed else DONE


def conversion(
    options: argparse.Namespace, console: Terminal
) -> tuple[tuple[Outcome, ...], FileError | None]:
    """Converts what the parsed options of ``refit convert`` say; ``recipe`` may be a `Recipe` as well.

    Returns:
        What became of each input, and why the report could not be written, or None.

    Raises:
        RefitError: the options make no sense together, or the models folder cannot serve.
    """
    notes = take_transfer_config(options)
    recipe = chosen_recipe(options)
    single = options.output.suffix.lower() == RESULT.suffix
    planned = plan(options.inputs, options.output, options.to)
    planned = for_people(planned, options.person, single, options.to)
    jobs = planned.jobs
    check_targets(jobs, options.report)
    room = check_room(jobs, options)
    device = pick_device(options.device)
    shelf = Shelf(options)
    pair = shelf.check(all(is_own_meshes(job.source, options.rest_mesh) for job in jobs))
    if options.check:
        reversed_bodies(pair, build=True)
    label = FAMILY_LABEL[options.to]
    how = "" if recipe.name == ACCURATE.name else f" · {recipe.name}"
    console.print(f"Refit · to {label}{how} · {pair.label} · {device.type.upper()}", style="bold")
    if pair.builtin:
        console.print(
            f"The built-in bodies stand in for SMPL models: use the results to try Refit, not as {label} "
            "data. Point --models at your folder of licensed models for those.",
            style="yellow",
        )
    for note in (*notes, *([room] if room and len(jobs) > 1 else [])):
        console.print(note, style="dim", soft_wrap=True)
    if planned.left_out:
        console.print(left_out_words(planned.left_out), style="dim", soft_wrap=True)
    folders = [] if pair.folder is None else [pair.folder]
    journal = None if single else Journal(options.output, private=options.private, folders=folders)
    with journal or nullcontext():
        known = KnownOutcomes(console, jobs, journal)
        for job, sentence in planned.refused:
            known.add(Outcome(job, error=sentence))
        shapes, said = shapes_of(options, jobs, recipe, shelf)
        for note in said:
            console.print(note, style="yellow", soft_wrap=True)
        watch = TerminalWatch(console, options.verbose)
        for job in jobs:
            known.begins(job)
            known.add(convert_one(job, options, recipe, shelf, shapes.get(job.output), watch))
    outcomes = known.all
    if journal is not None and journal.failure:
        console.print(journal.failure, style="yellow", soft_wrap=True)
    report.print_table(console, outcomes)
    used = held(recipe) if shapes else recipe
    document = report.document(outcomes, pair, device.type, options, used, planned.left_out)
    if options.json:
        print(json.dumps(document, indent=2, allow_nan=False))
    if options.report:
        try:
            report.write_json(options.report, document)
        except FileError as error:
            return tuple(outcomes), error
        console.print(f"Wrote {options.report}")
    return tuple(outcomes), None

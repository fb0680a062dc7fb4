"""Many motions in, one file each out, in another family: what ``refit convert`` does."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

from rich.status import Status

from core.batch.run_log import RunLog
from core.catalogue.journal import Journal
from core.commands import report
from core.commands.body_cache import Shelf
from core.commands.conversion_events import LOOKING, Beat, Listener, Planned, Tell, nobody
from core.commands.conversion_plan import chosen_recipe, part_of, shapes_of, take_transfer_config
from core.commands.known_outcomes import KnownOutcomes
from core.commands.loops import Work, converted
from core.commands.outcome import Outcome
from core.commands.output_paths import Plan, check_targets, for_people, plan
from core.commands.room import check_room
from core.commands.shapes.held_shape import held
from core.commands.telling.exit_codes import DONE, SOME_FAILED
from core.commands.telling.run_figures import RunFigures
from core.commands.telling.terminal import Terminal
from core.correspond.built_cache import telling
from core.correspond.load_bodies import reversed_bodies
from core.errors import Cancelled, FileError, RefitError
from core.files.containers.opening import watched
from core.files.motions.folder_walk import left_out_words
from core.files.motions.mesh_motions import is_own_meshes
from core.fitting.devices import pick_device
from core.fitting.recipe.recipe import ACCURATE
from core.model.joints import FAMILY_LABEL
from core.outputs.results import RESULT

READING = "reading clips for their shapes"


def convert(options: argparse.Namespace) -> int:
    """Runs ``refit convert`` with its parsed options.

    Returns:
        0 if everything is done, 1 if some inputs or fits failed, it ended early, or the report cannot be
        written.

    Raises:
        RefitError: the options make no sense together, or the models folder cannot serve.
    """
    console = Terminal(stderr=options.json)
    outcomes, trouble = conversion(options, console)
    if trouble is not None:
        console.print(str(trouble), style="red", soft_wrap=True)
    failed = trouble is not None or any(outcome.failed for outcome in outcomes)
    return SOME_FAILED if failed else DONE


def conversion(
    options: argparse.Namespace, console: Terminal, tell: Tell = nobody, planned: Plan | None = None
) -> tuple[tuple[Outcome, ...], RefitError | None]:
    """Converts what the parsed options of ``refit convert`` say; ``recipe`` may be a `Recipe` as well.

    Args:
        options: as `core.commands.from_program.options_of` makes them, too.
        console: where it is told to people.
        tell: told events, in this thread; what it raises ends the conversion and is raised here: what is
            finished is kept, nothing is left half done, and workers of its own are ended.
        planned: the clips to convert, below the output folder; None for what the inputs hold.

    Returns:
        What became of each input, and why the conversion ended early or its report could not be written, or
        None.

    Raises:
        RefitError: the options make no sense together, or the models folder cannot serve.
    """
    listener = Listener(tell)
    try:
        return _conversion(options, console, listener, planned)
    except Cancelled:
        if listener.error is None:
            raise
        raise listener.error from None


def _conversion(
    options: argparse.Namespace, console: Terminal, tell: Tell, planned: Plan | None
) -> tuple[tuple[Outcome, ...], RefitError | None]:
    notes = take_transfer_config(options)
    recipe = chosen_recipe(options)
    single = options.output.suffix.lower() == RESULT.suffix
    with _beating(console, tell, LOOKING):
        if planned is None:
            planned = plan(options.inputs, options.output, options.to)
            planned = for_people(planned, options.person, single, options.to)
        check_targets(planned.jobs, options.report)
        whole = planned.jobs
        planned, part = part_of(planned, options)
        jobs = planned.jobs
        shared = whole if options.one_shape else jobs
        room = check_room(jobs, options)
        device = pick_device(options.device)
        shelf = Shelf(options)
        pair = shelf.check(all(is_own_meshes(job.source, options.rest_mesh) for job in jobs))
        if options.check:
            reversed_bodies(pair, build=True)
    root = None if single else options.output
    with _logged(console, root, options, len(jobs)):
        label = FAMILY_LABEL[options.to]
        how = "" if recipe.name == ACCURATE.name else f" · {recipe.name}"
        console.print(f"Refit · to {label}{how} · {pair.label} · {device.type.upper()}", style="bold")
        if pair.builtin:
            console.print(
                f"The built-in bodies stand in for SMPL models: use the results to try Refit, not as {label} "
                "data. Point --models at your folder of licensed models for those.",
                style="yellow",
            )
        left = left_out_words(planned.left_out) if planned.left_out else ""
        notes = (*notes, *filter(None, [part, room if len(jobs) > 1 else "", left]))
        for note in notes:
            console.print(note, style="dim", soft_wrap=True)
        tell(Planned(tuple(jobs), notes))
        folders = [] if pair.folder is None else [pair.folder]
        journal = None if single else Journal(options.output, private=options.private, folders=folders)
        with journal or nullcontext():
            with _beating(console, tell, LOOKING, len(jobs)):
                known = KnownOutcomes(console, jobs, journal, tell)
            for job, sentence in planned.refused:
                known.add(Outcome(job, error=sentence))
            with _beating(console, tell, READING, len(shared)) as beat:

                def reading(count: int) -> None:
                    beat(f"{READING}: {count:,} of {len(shared):,}")

                shapes, said = shapes_of(options, shared, recipe, shelf, reading)
            for note in said:
                console.print(note, style="yellow", soft_wrap=True)
            ended = converted(Work(options, recipe, shelf, jobs, shared, shapes, root, console, known))
        outcomes = known.in_order_of(jobs)
        if journal is not None and journal.failure:
            console.print(journal.failure, style="yellow", soft_wrap=True)
        report.print_table(console, outcomes)
        if not (options.json or options.report):
            return tuple(outcomes), ended
        used = held(recipe) if shapes else recipe
        document = report.document(outcomes, pair, device.type, options, used, planned.left_out)
        if options.json:
            print(json.dumps(document, indent=2, allow_nan=False))
        if options.report:
            try:
                report.write_json(options.report, document)
                console.print(f"Wrote {options.report}")
            except FileError as error:
                ended = ended or error
        return tuple(outcomes), ended


@contextmanager
def _beating(console: Terminal, tell: Tell, words: str, clips: int = 0) -> Iterator[Beat]:
    """Within, whatever is read or built for the conversion is told now and then, and can be ended.

    Args:
        console: where it is told to people, if it takes long.
        tell: the program that asked for the conversion.
        words: what is done.
        clips: how many there are, as far as that is known.
    """
    with ExitStack() as stack:
        spinner: Status | None = None

        def also(words: str) -> None:
            nonlocal spinner
            if spinner is not None:
                spinner.update(words)
            elif console.is_terminal:
                spinner = stack.enter_context(console.status(words))

        beat = Beat(tell, RunFigures(clips), also)
        with watched(lambda: beat(words)), telling(lambda _: beat(words)):
            yield beat


def _logged(
    console: Terminal, root: Path | None, options: argparse.Namespace, clips: int
) -> AbstractContextManager[None]:
    """Within, what is printed about several clips also goes to a file of this run beside their results; of a
    private run there is none, as it would name folders."""
    if root is None or options.private or (clips < 2 and not options.scheduler):
        return nullcontext()
    return console.logged(RunLog(root))

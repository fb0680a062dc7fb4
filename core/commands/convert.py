"""Many motions in, one file each out, in another family: what ``refit convert`` does."""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.progress import SpinnerColumn

from core.commands import report
from core.commands.argument_types import doubts_of, reading_of
from core.commands.body_cache import Shelf
from core.commands.held_shape import HeldShape, held, read_shape, shape_frames
from core.commands.outcome import Outcome
from core.commands.output_paths import Job, check_targets, failed_before, finished, for_people, plan
from core.commands.subjects import Clip, Subject, everything, grouped
from core.commands.telling.exit_codes import DONE, SOME_FAILED
from core.commands.telling.progress_bar import ConversionBar, fit_columns
from core.commands.telling.terminal import Terminal
from core.correspond.load_bodies import of_bodies_there, reversed_bodies
from core.errors import FileError, RefitError
from core.files.motions.folder_walk import left_out_words
from core.files.motions.load_motion import SeveralPeople, load_motion
from core.fitting.devices import pick_device
from core.fitting.no_progress import ProgressClock
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.overrides import assigned, with_betas_count
from core.fitting.recipe.recipe import ACCURATE, PRESETS, Recipe
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.measure.map_back import check_inverse
from core.model.body_pair import BodyPair, left_out, within
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL
from core.model.motion import AS_IT_IS, Motion, Reading
from core.outputs.results import RESULT, save_result
from core.outputs.sessions import SUFFIX, load_session, save_session
from core.outputs.transfer_config import is_transfer_config, read_transfer_config
from core.problems.findings import Finding, findings
from core.session.fit_origin import names_folders, without_folders
from core.session.reading_of_fit import from_origin_of_fit
from core.session.session import Session, SessionStep, SourceFile

STEP = "refit convert"
"""What led to the fit in a session that is written beside it."""


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
    device = pick_device(options.device)
    shelf = Shelf(options)
    pair = shelf.check()
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
    for note in notes:
        console.print(note, style="dim", soft_wrap=True)
    if planned.left_out:
        console.print(left_out_words(planned.left_out), style="dim", soft_wrap=True)
    outcomes = [Outcome(job, error=sentence) for job, sentence in planned.refused]
    for outcome in outcomes:
        report.print_outcome(console, outcome)
    shapes = _shapes(options, jobs, recipe, shelf, console)
    for job in jobs:
        outcome = _convert_one(job, options, recipe, shelf, shapes.get(job.output), console)
        outcomes.append(outcome)
        report.print_outcome(console, outcome)
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


def take_transfer_config(options: argparse.Namespace) -> tuple[str, ...]:
    """Where the recipe is a configuration of the published transfer tool, what it says becomes the options
    that were not given; the usual ones are taken for the rest.

    Returns:
        Sentences on what of it has no counterpart.

    Raises:
        RefitError: it cannot be read, or inputs or output are named nowhere.
    """
    notes: tuple[str, ...] = ()
    options.otherwise = AS_IT_IS
    if is_transfer_config(options.recipe):
        said = read_transfer_config(options.recipe)
        options.inputs = options.inputs or ([] if said.inputs is None else [said.inputs])
        for name in ("output", "transfer", "mask", "models"):
            setattr(options, name, getattr(options, name) or getattr(said, name))
        # The tool's inputs are meshes, which have no gender of their own; what a motion says is the motion's.
        options.otherwise = Reading(gender=said.gender)
        options.to = options.to or said.family
        options.device = said.device or options.device if options.device == "auto" else options.device
        options.recipe, notes = said.recipe, said.notes
    options.to = options.to or "smplx"
    if not options.inputs:
        raise RefitError("There is nothing to convert: give MOTION, files or folders.")
    if options.output is None:
        raise RefitError("There is no place for results: give -o OUT.")
    return notes


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """The recipe that the options ask for.

    Raises:
        RefitError: the file or an assignment is wrong, or the recipe is of no use without a fit.
    """
    if options.recipe is None:
        draft, what = Draft.of(PRESETS[options.preset]), f"--preset {options.preset}"
    elif isinstance(options.recipe, Recipe):
        draft, what = Draft.of(options.recipe), f"recipe '{options.recipe.name}'"
    else:
        from core.outputs.recipes import read_recipe

        draft, what = read_recipe(options.recipe), str(options.recipe)
    draft = assigned(draft, options.assignments)
    if options.betas_count is not None:
        if options.betas is not None:
            raise RefitError("--betas-count: the shape is held as --betas has it, and not solved.")
        draft = with_betas_count(draft, options.betas_count)
    if not draft.runs:
        raise RefitError(f"{what}: every stage is off, expected one that is on.")
    if draft.start == "current":
        raise RefitError(f"{what}: 'start' is 'current', expected source or parts: there is no fit yet.")
    return draft.recipe()


def _shapes(
    options: argparse.Namespace, jobs: Sequence[Job], recipe: Recipe, shelf: Shelf, console: Terminal
) -> dict[Path, HeldShape | Subject]:
    """The shape that each output's fit is to hold, or whose; those left out find their own.

    Raises:
        RefitError: it cannot be read, or the recipe has no use for it.
    """
    if options.betas is not None:
        held(recipe)
        shape = read_shape(options.betas)
        return {job.output: shape for job in jobs}
    if not (options.share_shape or options.one_shape):
        return {}
    shape_frames(recipe)
    clips, outputs = [], []
    for job in jobs:
        try:
            motion = _read(job, options)
            motion = of_bodies_there(motion, options.models, options.gender)
            pair = shelf.take_for(motion)
            gender = options.gender or motion.gender or "neutral"
            clip = Clip.of(job.source, job.person, motion, gender, pair, recipe)
        except Exception:
            continue  # told with the others, when it is this one's turn to be read
        if clip is not None:
            clips.append(clip)
            outputs.append(job.output)
    found = (everything if options.one_shape else grouped)(clips, recipe, options.device, options.threads)
    for note in found.notes:
        console.print(note, style="yellow", soft_wrap=True)
    return {outputs[place]: subject for subject, places in found.subjects for place in places}


def _solved(shape: HeldShape | Subject, console: Terminal) -> HeldShape:
    """The shape to hold; a subject's is solved for the first of its clips, and told."""
    if isinstance(shape, HeldShape):
        return shape
    if not shape.solved:
        with console.status(f"one shape for {shape.name}"):
            shape.shape()
        clips = "1 clip" if len(shape.clips) == 1 else f"{len(shape.clips)} clips"
        console.print(
            f"One shape for {shape.name}: {shape.provenance['frames']} frames of {clips}", soft_wrap=True
        )
    return shape.shape()


def _convert_one(
    job: Job,
    options: argparse.Namespace,
    recipe: Recipe,
    shelf: Shelf,
    shape: HeldShape | Subject | None,
    console: Terminal,
) -> Outcome:
    source, output = job.source, job.output
    outcome = Outcome(job, subject=shape.name if isinstance(shape, Subject) else "")
    started = time.perf_counter()
    try:
        motion = _read(job, options)
        motion = of_bodies_there(motion, options.models, options.gender)
        if options.frames:
            motion = motion.cut(*options.frames)
            if not len(motion):
                raise FileError(source, f"has no frames in {_range_text(options.frames)}")
        bodies = shelf.take_for(motion)
        if options.check:
            reversed_bodies(bodies, build=True)  # so that what a check lacks is told before the fit
        beyond = left_out(motion, bodies.source)
        outcome.has_read(motion)
        motion = within(motion, bodies.source)
        outcome.notes = (*motion.notes, *bodies.notes, *beyond)
        if motion.gender is None and not options.gender:
            outcome.notes += ("The neutral bodies are used; choose others with --gender.",)
        provenance = None if shape is None else shape.provenance
        recipe = recipe if shape is None else held(recipe)
        with_it = partial(FitRun, motion, bodies, recipe, device=options.device, threads=options.threads)
        run = with_it()
        again = options.retry_failed and failed_before(output, run)
        writes_over = options.force or again
        skips = output.exists() and not writes_over
        if skips:
            result = finished(output, run, provenance, however_made=options.retry_failed)
            outcome.fit = "found"
            if options.private:
                if names_folders(result):
                    words = f"{output} names the folder of its motion: --force writes it without."
                    console.print(words, style="yellow", soft_wrap=True)
                result = without_folders(result, source.parent, bodies.folder)
            motion = from_origin_of_fit(motion, result)
        else:
            if shape is not None:
                run = with_it(betas=_solved(shape, console).of_body(bodies.target))
            result, said = _watched(run, job.label, console, options.verbose)
            if provenance is not None:
                result = replace(result, provenance={**result.provenance, "held_shape": provenance})
            if options.private:
                result = without_folders(result, source.parent, bodies.folder)
            outcome.has_made(result)
            outcome.notes = (*outcome.notes, *said)
        if result.failed:
            outcome.failure = result.failure
            outcome.trouble(f"{output}: the fit failed: {result.failure}")
        if not skips:
            output.parent.mkdir(parents=True, exist_ok=True)
            save_result(output, result, overwrite=writes_over)
            outcome.has_written()
        if options.session:
            _write_session(output.with_suffix(SUFFIX), motion, result, options, again)
        if options.check:
            outcome.check = check_inverse(motion, bodies, result)
        if options.problems:
            outcome.findings = _found(motion, run, bodies, result, console)
        outcome.status = "skipped" if skips else "failed" if result.failed else "done"
    except SeveralPeople as error:
        outcome.trouble(f"{error}; give --person ID or --person all")
    except RefitError as error:
        outcome.trouble(str(error))
    except OSError as error:
        outcome.trouble(f"{output}: cannot be written ({error.strerror})")
    except Exception as error:  # one input's trouble must not stop the others
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        what = "what was to follow the fit" if outcome.fit else "the fit"
        outcome.trouble(f"{source}: {what} failed in a way that was not foreseen ({error!r})")
    outcome.seconds = time.perf_counter() - started
    return outcome


def _read(job: Job, options: argparse.Namespace) -> Motion:
    """The motion of an input, as the options say that it is read.

    Raises:
        FileError: as `load_motion`.
    """
    how = reading_of(options, job.person)
    return load_motion(job.source, how, otherwise=options.otherwise, doubts=doubts_of(options))


def _write_session(
    path: Path, motion: Motion, result: FitResult, options: argparse.Namespace, again: bool
) -> None:
    """The fit and its motion, to be gone on with in the window.

    One that is there is left alone, unless ``--force``; or unless the fit was made ``again``, and it holds
    the failed one and nothing since.
    """
    overwrite = options.force or (again and path.exists() and _holds_failed_alone(path))
    if path.exists() and not overwrite:
        return
    step, of = SessionStep(result, None, STEP), SourceFile.of(motion)
    if options.private:
        of = replace(of, path="")
    save_session(path, Session(of, motion, (step,)), overwrite=overwrite)


def _holds_failed_alone(path: Path) -> bool:
    try:
        steps = load_session(path).steps
    except FileError:
        return False
    first = steps[0].result
    return len(steps) == 1 and steps[0].name == STEP and first is not None and first.failed


def _watched(
    run: FitRun, name: str, console: Terminal, verbose: bool = False
) -> tuple[FitResult, tuple[str, ...]]:
    """Iterates the run with a progress bar; an interrupt ends it cleanly.

    Returns:
        The result, and what the run had to say.
    """
    silence = ProgressClock()
    silence.follow(run)
    with ConversionBar(silence, (SpinnerColumn(), *fit_columns()), console) as bar:
        task = bar.add_task(f"{name} · shape", total=len(run.frames), figures="")
        started, said = time.perf_counter(), dict[str, None]()
        for step in run:
            silence.hear(step.stage)
            if verbose:
                bar.console.print(step_words(step), style="dim", soft_wrap=True)
            if step.note:
                said[step.note] = None
            if step.stage == "shape":
                started = time.perf_counter()
                bar.update(task, figures=f"{step.mean_mm:.2f} mm")
                continue
            rate = step.frames_done / (time.perf_counter() - started)
            bar.update(
                task,
                description=f"{name} · {step.stage}",
                completed=step.frames_done,
                figures=f"{rate:.0f} frames/s · {step.mean_mm:.2f} mm",
            )
    return run.result(), tuple(said)


def step_words(step: Progress) -> str:
    """One step of a stage for people: kind, step, frames done, objective before and after, mean v2v."""
    trace = " → ".join(f"{value:.4g}" for value in step.trace) or f"{step.objective:.4g}"
    done = f"{step.frames_done} of {step.frames_total} frames"
    return (
        f"  {step.kind} · {step.stage} {step.iteration} · {done} · objective {trace} m² · "
        f"{step.mean_mm:.3f} mm"
    )


def _found(
    motion: Motion, run: FitRun, bodies: BodyPair, result: FitResult, console: Terminal
) -> tuple[Finding, ...]:
    """What stands out in a result, of the motion, by the run's means."""
    if not console.is_terminal:
        return findings(motion, bodies, result, device=str(run.device), threads=run.threads)
    with console.status(f"{motion.name} · problems"):
        return findings(motion, bodies, result, device=str(run.device), threads=run.threads)


def _range_text(frames: tuple[int | None, int | None]) -> str:
    return ":".join("" if end is None else str(end) for end in frames)

"""One motion of a conversion: read, fitted, written, looked at.

Nothing here speaks to a person or knows of the other motions, so that any process can do it.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.commands.argument_types import doubts_of, reading_of
from core.commands.body_cache import Shelf
from core.commands.outcome import Outcome
from core.commands.output_paths import Job, failed_before, finished
from core.commands.shapes.held_shape import HeldShape, held
from core.commands.shapes.subjects import SolvedSubject, Subject
from core.commands.telling.watch import Watch
from core.correspond.load_bodies import of_bodies_there, reversed_bodies
from core.errors import Cancelled, FileError, RefitError
from core.files.containers.atomic import check_place, is_disk_full
from core.files.containers.opening import nobody_asks, watched
from core.files.motions.load_motion import SeveralPeople, load_motion
from core.fitting.recipe.recipe import Recipe
from core.fitting.run import FitRun
from core.measure.map_back import check_inverse
from core.measure.measure_motion import measure_motion
from core.model.body_pair import BodyPair, left_out, within
from core.model.fit_result import FitResult
from core.model.motion import Motion, Reading
from core.outputs.results import save_result
from core.outputs.sessions import SUFFIX, load_session, save_session
from core.problems.findings import findings
from core.session.fit_origin import names_folders, reading_without_folders, without_folders
from core.session.reading_of_fit import from_origin_of_fit
from core.session.session import Session, SessionStep, SourceFile

STEP = "refit convert"
"""What led to the fit in a session that is written beside it."""


def convert_one(
    job: Job,
    options: argparse.Namespace,
    recipe: Recipe,
    shelf: Shelf,
    shape: HeldShape | Subject | SolvedSubject | None,
    watch: Watch,
) -> Outcome:
    """Does all that is to be done with one motion.

    Args:
        job: the motion, and the file to write.
        options: those of ``refit convert``.
        recipe: how to fit.
        shelf: where the bodies are from.
        shape: that is held, or whose; None where the motion finds its own.
        watch: told what goes on.

    Returns:
        What became of it; whatever goes wrong is in there.

    Raises:
        Cancelled: whoever watches wants it no more.
    """
    source, output = job.source, job.output
    outcome = Outcome(job, subject="" if shape is None or isinstance(shape, HeldShape) else shape.name)
    started = time.perf_counter()
    try:
        motion, bodies = opened(job, options, shelf)
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
        skips = os.path.exists(output) and not writes_over
        if skips:
            result = finished(output, run, provenance, however_made=options.retry_failed)
            outcome.fit = "found"
            if options.private:
                if names_folders(result):
                    words = f"{output} names the folder of its motion: --force writes it without."
                    watch.tell(words, "yellow")
                result = without_folders(result, source.parent, bodies.folder)
            motion = from_origin_of_fit(motion, result)
        else:
            if os.path.lexists(output):
                check_place(output, writes_over)
            if shape is not None:
                run = with_it(betas=_solved(shape, watch).of_body(bodies.target))
            result, said = watch.fitted(run, job.label)
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
            try:
                # A fit that is made is kept, though nobody may want the next one.
                with watched(nobody_asks):
                    save_result(output, result, overwrite=writes_over)
            except FileError:
                outcome.overtaken = not writes_over and os.path.exists(output)
                raise
            outcome.has_written()
        if options.session:
            _write_session(output.with_suffix(SUFFIX), motion, result, options, again)
        if options.check:
            outcome.check = check_inverse(motion, bodies, result)
        if options.problems:
            with watch.busy(f"{motion.name} · problems"):
                measures = measure_motion(motion, bodies, result)
                device, threads = str(run.device), run.threads
                found = findings(motion, bodies, result, measures=measures, device=device, threads=threads)
                outcome.has_measured(result, measures, found)
        outcome.status = "skipped" if skips else "failed" if result.failed else "done"
    except SeveralPeople as error:
        outcome.trouble(f"{error}; give --person ID or --person all")
    except Cancelled:
        raise
    except RefitError as error:
        outcome.disk_full = is_disk_full(error)
        outcome.trouble(str(error))
    except OSError as error:
        outcome.disk_full = is_disk_full(error)
        outcome.trouble(f"{output}: cannot be written ({error.strerror})")
    except Exception as error:  # one input's trouble must not stop the others
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        what = "what was to follow the fit" if outcome.fit else "the fit"
        outcome.trouble(f"{source}: {what} failed in a way that was not foreseen ({error!r})")
    outcome.seconds = time.perf_counter() - started
    return outcome


def opened(job: Job, options: argparse.Namespace, shelf: Shelf) -> tuple[Motion, BodyPair]:
    """The motion of an input, all that is asked for of it, and the bodies to fit it with.

    Raises:
        RefitError: it cannot be read, has no such frames, or there are no bodies for it.
    """
    motion = of_bodies_there(read_motion(job, options), options.models, options.gender)
    if options.frames:
        motion = motion.cut(*options.frames)
        if not len(motion):
            raise FileError(job.source, f"has no frames in {_range_text(options.frames)}")
    return motion, shelf.take_for(motion)


def _solved(shape: HeldShape | Subject | SolvedSubject, watch: Watch) -> HeldShape:
    """The shape to hold; a subject's is solved for the first of its clips, and told."""
    if isinstance(shape, HeldShape):
        return shape
    if not shape.solved:
        with watch.busy(f"one shape for {shape.name}"):
            shape.shape()
        watch.tell(shape.words, "")
    return shape.shape()


def read_motion(job: Job, options: argparse.Namespace) -> Motion:
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
    overwrite = options.force or (again and os.path.exists(path) and _holds_failed_alone(path))
    if os.path.exists(path) and not overwrite:
        return
    step, of = SessionStep(result, None, STEP), SourceFile.of(motion)
    if options.private:
        reading = Reading.of_json(reading_without_folders(of.reading.to_json()))
        of = replace(of, path="", reading=reading)
    save_session(path, Session(of, motion, (step,)), overwrite=overwrite)


def _holds_failed_alone(path: Path) -> bool:
    """A session holds the failed fit, and nothing that somebody has done since, or saved of how he looked at
    it."""
    try:
        session = load_session(path)
    except FileError:
        return False
    step = session.steps[0]
    since = session.steps[1:] or session.people or session.compared or session.view or step.name != STEP
    noted = step.accepted or step.markers or step.valid is not None or step.weights is not None
    return not since and not noted and step.result is not None and step.result.failed


def _range_text(frames: tuple[int | None, int | None]) -> str:
    return ":".join("" if end is None else str(end) for end in frames)

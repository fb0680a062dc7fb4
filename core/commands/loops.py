"""The clips of a conversion: which processes do them, and the loop over them in this one.

This loop and the one of `worker_loop` take from the same `Turns`, and hand what becomes of each clip to
`is_known`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from core.batch.claims import Claims, claims_in
from core.batch.turns import ASKED_SECONDS, Turns
from core.batch.worker_count import AUTO, count_of, environments, gpu_names
from core.commands.body_cache import Shelf
from core.commands.conversion_events import STARTING, Beat, Going, UnderWay
from core.commands.known_outcomes import KnownOutcomes
from core.commands.one_clip import convert_one
from core.commands.outcome import Outcome
from core.commands.output_paths import Job
from core.commands.room import frames_in
from core.commands.shapes.held_shape import HeldShape
from core.commands.shapes.subjects import Subject
from core.commands.telling.run_figures import RunFigures
from core.commands.telling.terminal import Terminal
from core.commands.telling.watch import TerminalWatch
from core.errors import Cancelled, RefitError
from core.files.containers.opening import watched
from core.fitting.parts import can_be_parted, part_count
from core.fitting.recipe.recipe import Recipe
from core.fitting.stage.progress import Progress

MOST_HOLDERS = 3
LEAST_BYTES = 1 << 18
"""A smaller file is no long motion, and is not looked into beforehand."""
MOST_LOOKED_INTO = 64
"""Of fewer clips than workers, so many are looked into for long ones."""


class DiskFull(RefitError):
    """Nothing more can be written."""


@dataclass
class Work:
    """What is to be done, and what both loops need for it.

    Attributes:
        options: of ``refit convert``.
        recipe: how to fit.
        shelf: where the bodies are from.
        jobs: the clips.
        shared: they and others that may share their shapes, as planned.
        shapes: that are held, or whose, by output.
        root: folder of all results; None where there is one result.
        console: where it is told.
        known: what became of the clips.
    """

    options: argparse.Namespace
    recipe: Recipe
    shelf: Shelf
    jobs: Sequence[Job]
    shared: Sequence[Job]
    shapes: Mapping[Path, HeldShape | Subject]
    root: Path | None
    console: Terminal
    known: KnownOutcomes

    def turns(self, claims: Claims) -> Turns[Job]:
        """The clips in turn, shared with other runs into the folder."""
        return Turns(self.jobs, claims, self.name, lambda job: not self.needs_fit(job))

    def needs_fit(self, job: Job) -> bool:
        """Whether a clip may have to be fitted, as far as can be told without looking into files."""
        return self.options.force or self.options.retry_failed or not os.path.exists(job.output)

    def parts_of(self, job: Job) -> int:
        """Into how many parts a clip is cut, for several workers at once: 1 for all but a long one that is to
        be fitted."""
        whole = self.options.retry_failed or not self.needs_fit(job) or not can_be_parted(self.recipe)
        try:
            if not whole and os.path.isfile(job.source) and job.source.stat().st_size >= LEAST_BYTES:
                return part_count(frames_in(job, self.options.frames))
        except Cancelled:
            raise
        except Exception:  # told when it is its turn to be read
            return 1
        return 1

    def clips_of(self, subject: Subject) -> list[Job]:
        """Those that the subject's shape is solved from, in order."""
        return [job for job in self.shared if self.shapes.get(job.output) is subject]

    def name(self, job: Job) -> str:
        """What a clip is claimed by: the place of its result below the folder."""
        return Path(os.path.relpath(job.output, self.root or Path())).as_posix()


def converted(work: Work) -> RefitError | None:
    """Converts the clips; each outcome is known when it returns.

    Returns:
        Why it ended before all was done, or None.
    """
    try:
        with claims_in(work.root, private=work.options.private) as claims:
            _convert(work, claims)
    except RefitError as error:
        return error
    return None


def _convert(work: Work, claims: Claims) -> None:
    beat = Beat(work.known.tell, RunFigures(len(work.jobs)))
    with watched(lambda: beat(STARTING)):
        count = _count(work)
    if not work.options.scheduler and count == 1:
        in_this_process(work, claims)
        return
    from core.batch.cluster import Workers, our_workers, started, workers_of
    from core.commands.worker_loop import WorkerLoop

    starts: AbstractContextManager[Workers]
    if work.options.scheduler:
        starts = workers_of(work.options.scheduler)
    else:
        starts = our_workers(environments(count, gpu_names(os.environ, _gpus(work.options))))
    with work.console.status(STARTING) if work.console.is_terminal else nullcontext():
        workers = started(starts, lambda: beat(STARTING))
    try:
        place = f"the workers of {work.options.scheduler}" if not workers.ours else f"{count} processes"
        address = f" · {workers.dashboard}" if workers.dashboard else ""
        work.console.print(f"Fitted by {place}{address}", style="dim", soft_wrap=True)
        WorkerLoop(work, claims, workers).run()
    finally:
        starts.__exit__(None, None, None)


def _count(work: Work) -> int:
    """Processes of our own; 1 for this one."""
    asked, tasks = work.options.jobs, len(work.jobs)
    if asked == 1:
        return 1
    if tasks < (MOST_LOOKED_INTO if asked == AUTO else min(asked, MOST_LOOKED_INTO)):
        tasks = sum(map(work.parts_of, work.jobs))
    if tasks < 2:
        return 1
    processors = memory = 0
    if asked == AUTO:
        from core.batch.cluster import machine

        processors, memory = machine()
    return min(count_of(asked, processors, memory, _gpus(work.options)), tasks)


def _gpus(options: argparse.Namespace) -> int:
    if options.device == "cpu" or not torch.cuda.is_available():
        return 0
    return torch.cuda.device_count()


def in_this_process(work: Work, claims: Claims) -> None:
    """One clip after the other.

    Raises:
        RefitError: nothing can be claimed in the folder, or the disk is full.
    """
    figures, turns = RunFigures(len(work.jobs)), work.turns(claims)
    shown = figures if len(work.jobs) > 1 else None
    while not turns.over:
        job = turns.next()
        if job is None:
            note = waiting_words(turns)
            work.known.tell(Going(figures.now(), note))
            with TerminalWatch(work.console).busy(note):
                time.sleep(ASKED_SECONDS)
            continue
        watch = TerminalWatch(work.console, work.options.verbose, shown, partial(_under_way, work, job))
        work.known.begins(job)
        try:
            with watched(Beat(work.known.tell, figures)):
                outcome = convert_one(
                    job, work.options, work.recipe, work.shelf, work.shapes.get(job.output), watch
                )
        finally:
            turns.done(job)
        is_known(work, figures, outcome)


def _under_way(work: Work, job: Job, step: Progress) -> None:
    work.known.tell(UnderWay(job, 0 if step.stage == "shape" else step.frames_done, step.frames_total))


def is_known(work: Work, figures: RunFigures, outcome: Outcome) -> None:
    """What became of a clip, for whoever wants to know.

    Raises:
        RefitError: the disk is full, so that nothing more can be done.
    """
    made = outcome.figures
    frames, mean = (0, 0.0) if made is None else (int(made.summary["frames"]), made.summary["mean"])
    figures.ended(str(outcome.job.output), frames, mean, failed=outcome.failed)
    work.known.add(outcome)
    work.known.tell(Going(figures.now()))
    if outcome.disk_full:
        raise DiskFull(
            f"The disk of {outcome.job.output.parent} is full: {figures.clips - figures.done:,} clips were "
            "not begun. What is finished is kept; make room, and the same command goes on with the rest."
        )


def waiting_words(turns: Turns[Job]) -> str:
    """What is said while all that is left is held by others."""
    clips = "1 clip is" if len(turns.others) == 1 else f"{len(turns.others):,} clips are"
    whose = ", ".join(turns.holders()[:MOST_HOLDERS])
    return f"{clips} being converted by another run{f' ({whose})' if whose else ''}"

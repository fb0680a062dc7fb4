"""One clip, a part of a long one, or the shape of a subject, as a task for a worker: all that comes in and
goes out is plain.

What is read for the first clip of a run (bodies, and what a fit prepares for them) is kept for the others.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import logging
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from core import __version__
from core.batch import tries
from core.commands.body_cache import Shelf
from core.commands.conversion_plan import clip_of
from core.commands.one_clip import convert_one, opened
from core.commands.outcome import Outcome
from core.commands.output_paths import Job
from core.commands.shapes.held_shape import HeldShape, held
from core.commands.shapes.subjects import SolvedSubject, Subject
from core.commands.telling.watch import Watch, step_words
from core.environment import BUILTIN, models_folder
from core.errors import Cancelled, RefitError
from core.files.containers.atomic import name_after
from core.files.containers.opening import watched
from core.fitting.parts import Part, PartOfRun, joined
from core.fitting.recipe.recipe import Recipe
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.fitting.workers import one_thread
from core.model.body_pair import within
from core.model.fit_result import FitResult
from core.outputs.results import load_result

TOPIC = "refit-frames"
"""Events with which workers tell how far a clip is."""
WHOLE = -1
"""Stands in them for the clip as a whole, in place of one of its parts."""
_PATHS = ("models", "transfer", "mask", "rest_mesh")

_stopped: set[str] = set()


@dataclass(frozen=True)
class Setup:
    """What all clips of a run share.

    Attributes:
        options: of ``refit convert``.
        recipe: how to fit.
        run: any word that no other run has.
        output: folder of all results, which every worker must see; None for a single result.
        beat: seconds between two tellings of how far a clip is.
        version: of Refit.
    """

    options: argparse.Namespace
    recipe: Recipe
    run: str
    output: Path | None
    beat: float = 0.5
    version: str = __version__


@dataclass(frozen=True)
class Told:
    """What became of a clip, and what was said meanwhile, with the style of each sentence."""

    outcome: Outcome
    said: tuple[tuple[str, str], ...] = ()


def for_workers(options: argparse.Namespace, *, elsewhere: bool) -> argparse.Namespace:
    """The options as workers are to take them: one thread each unless more are asked for, and the bodies of
    this process, whatever their own environment says.

    Args:
        options: of ``refit convert``.
        elsewhere: the workers may have another current folder.
    """
    found = copy.copy(options)
    found.threads = options.threads or 1
    found.models = models_folder(options.models) or BUILTIN
    found.inputs, found.report = [], None
    if elsewhere:
        for name in _PATHS:
            value = getattr(found, name)
            if value is not None and value != BUILTIN:
                setattr(found, name, Path(value).absolute())
        found.exclude = [Path(path).absolute() for path in found.exclude]
    return found


def work(
    setup: Setup,
    job: Job,
    shape: HeldShape | SolvedSubject | None = None,
    tries_file: Path | None = None,
    missing: bool = False,
    parts: Sequence[Part | None] = (),
) -> Told:
    """Converts one clip.

    Args:
        setup: of the run.
        job: the clip.
        shape: that is held, or whose.
        tries_file: as in `tries.tried`.
        missing: there was no result when this run took the clip, so that one that is found is its own.
        parts: of `fit_part`, where the clip was cut.

    Raises:
        Cancelled: the run is not wanted any more.
        SetAside: two workers have died over this clip.
        RefitError: this worker cannot serve.
    """
    _ready(setup)
    watch = JoiningWatch(setup, str(job.output), parts)
    with tries.tried(tries_file, setup.run):
        outcome = convert_one(job, setup.options, setup.recipe, _shelf(setup.run, setup), shape, watch)
    outcome.drop_unwritten()
    if missing and outcome.fit == "found" and not outcome.error:
        outcome.was_made(load_result(job.output))
    return Told(outcome, tuple(watch.said))


def fit_part(
    setup: Setup,
    job: Job,
    shape: HeldShape | SolvedSubject | None,
    index: int,
    count: int,
    tries_file: Path | None = None,
) -> Part | None:
    """Fits a part of a long clip; None where that does not go, which then is told of the clip as a whole.

    Args:
        setup: of the run.
        job: the clip.
        shape: that is held, or whose.
        index: which part, from 0.
        count: how many there are.
        tries_file: as in `tries.tried`.

    Raises:
        Cancelled: the run is not wanted any more.
        RefitError: this worker cannot serve.
    """
    _ready(setup)
    options, watch = setup.options, WorkerWatch(setup, str(job.output), index)
    try:
        with tries.tried(tries_file, setup.run):
            motion, bodies = opened(job, options, _shelf(setup.run, setup))
            recipe = setup.recipe if shape is None else held(setup.recipe)
            found = shape.shape() if isinstance(shape, SolvedSubject) else shape
            run = PartOfRun(
                within(motion, bodies.source),
                bodies,
                recipe,
                device=options.device,
                threads=options.threads,
                betas=None if found is None else found.of_body(bodies.target),
                index=index,
                count=count,
            )
            _, said = watch.fitted(run, job.label)
            return run.part(said)
    except Cancelled:
        raise
    except Exception:
        logging.getLogger(__name__).debug("a part of %s", job.source, exc_info=True)
        return None


def solve_shape(
    setup: Setup, subject: SolvedSubject, jobs: list[Job], tries_file: Path | None = None
) -> SolvedSubject:
    """The shape of a subject, from all its clips; what goes wrong is in there.

    Raises:
        Cancelled: the run is not wanted any more.
        RefitError: this worker cannot serve.
    """
    _ready(setup)
    options, shelf = setup.options, _shelf(setup.run, setup)
    try:
        with tries.tried(tries_file, setup.run):
            with watched(partial(_check, setup)):
                clips = [clip_of(job, options, setup.recipe, shelf) for job in jobs]
            there = tuple(clip for clip in clips if clip is not None)
            whole = Subject(subject.name, there, setup.recipe, options.device, options.threads)
            return SolvedSubject.of(whole)
    except tries.SetAside:
        return replace(subject, error=f"{tries.MOST} workers died over the shape of {subject.name}")


def temporaries(setup: Setup) -> str:
    """What temporary files of a run's workers are named after."""
    return hashlib.sha256(setup.run.encode()).hexdigest()[:8]


def stop(run: str) -> None:
    """Clips of this run are to end here at their next step."""
    _stopped.add(run)


def _check(setup: Setup) -> None:
    if setup.run in _stopped:
        raise Cancelled


def _ready(setup: Setup) -> None:
    _check(setup)
    if setup.version != __version__:
        raise RefitError(
            f"The worker on {socket.gethostname()} has Refit {__version__}, expected {setup.version}."
        )
    if setup.output is not None and not os.path.isdir(setup.output):
        raise RefitError(
            f"The worker on {socket.gethostname()} sees no folder {setup.output}: all workers need the files "
            "under the same names."
        )
    name_after(temporaries(setup))
    one_thread()


@lru_cache(maxsize=2)
def _shelf_of(run: str) -> list[Shelf]:
    return []


def _shelf(run: str, setup: Setup) -> Shelf:
    """The bodies of a run, read once."""
    kept = _shelf_of(run)
    if not kept:
        kept.append(Shelf(setup.options))
    return kept[0]


class WorkerWatch(Watch):
    """Keeps what is said until the clip is done, and tells how far it is now and then.

    Args:
        setup: of the run.
        clip: what it is called in events.
        part: which part of it, from 0, or `WHOLE`.

    Attributes:
        said: sentences, each with its style.
    """

    def __init__(self, setup: Setup, clip: str, part: int) -> None:
        self._setup, self._clip, self._part = setup, clip, part
        self._told = time.monotonic()
        self.said: list[tuple[str, str]] = []

    def tell(self, sentence: str, style: str = "dim") -> None:
        """Kept."""
        self.said.append((sentence, style))

    @contextmanager
    def fitting(self, run: FitRun, name: str) -> Iterator[None]:
        """Nothing is begun that is not wanted."""
        self._check()
        yield

    def step(self, step: Progress) -> None:
        """Tells how many frames are done."""
        self._check()
        if self._setup.options.verbose:
            self.tell(step_words(step))
        now = time.monotonic()
        if step.stage != "shape" and now - self._told >= self._setup.beat:
            self._told = now
            told = {"run": self._setup.run, "clip": self._clip, "part": self._part}
            _event({**told, "frames": step.frames_done, "total": step.frames_total})

    def _check(self) -> None:
        _check(self._setup)


class JoiningWatch(WorkerWatch):
    """Gives the fit that parts make up, in place of making it.

    Args:
        setup: as of `WorkerWatch`.
        clip: as there.
        parts: those of the clip; one that is None does not go, and the clip is fitted as a whole.
    """

    def __init__(self, setup: Setup, clip: str, parts: Sequence[Part | None]) -> None:
        super().__init__(setup, clip, WHOLE)
        self._parts = [part for part in parts if part is not None]
        self._usable = bool(parts) and len(self._parts) == len(parts)

    def fitted(self, run: FitRun, name: str) -> tuple[FitResult, tuple[str, ...]]:
        """The fit, and what its parts had to say."""
        self._check()
        found = joined(run, self._parts) if self._usable else None
        if found is None:
            return super().fitted(run, name)
        return found, tuple(dict.fromkeys(note for part in self._parts for note in part.notes))


def _event(values: dict[str, object]) -> None:
    from distributed import get_worker

    try:
        get_worker().log_event(TOPIC, values)
    except ValueError:  # asked for outside of a worker
        return

"""The loop of a conversion over the workers of a Dask cluster."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from distributed import Future

from core.batch import tries
from core.batch.claims import Claims
from core.batch.cluster import START_SECONDS, Workers
from core.batch.tasks import Feed
from core.commands import worker_clip
from core.commands.conversion_events import Going, UnderWay
from core.commands.loops import Work, is_known, waiting_words
from core.commands.outcome import Outcome
from core.commands.output_paths import Job
from core.commands.shapes.subjects import SolvedSubject, Subject
from core.commands.telling.progress_bar import RunBar
from core.commands.telling.run_figures import RunFigures
from core.errors import Cancelled, RefitError
from core.files.containers.atomic import take_away

NOBODY_SECONDS = 15.0
GONE_SECONDS = 2 * START_SECONDS
"""Without one of our own so long, none is waited for."""


class WorkerLoop:
    """Converts all clips by workers.

    Args:
        work: what is to be done.
        claims: of this process.
        workers: that do it.
    """

    def __init__(self, work: Work, claims: Claims, workers: Workers) -> None:
        self._work, self._claims, self._workers = work, claims, workers
        self._root = self._seen(work.root)
        options = worker_clip.for_workers(work.options, elsewhere=not workers.ours)
        beat = max(0.5, workers.count() / 50)
        self._setup = worker_clip.Setup(options, work.recipe, secrets.token_hex(8), self._root, beat)
        self._turns, self._figures = work.turns(claims), RunFigures(len(work.jobs))
        self._shapes: dict[int, Future] = {}
        self._told: set[int] = set()
        self._under_way: dict[str, Job] = {}
        self._heard: dict[tuple[str, int], tuple[int, int]] = {}
        self._by_part: dict[str, dict[int, int]] = {}
        self._somebody = time.monotonic()

    def run(self) -> None:
        """Until nothing is left.

        Raises:
            RefitError: nothing can be claimed in the folder, the disk is full, the scheduler is gone, or a
                worker cannot serve.
        """
        if self._root is not None:
            self._root.mkdir(parents=True, exist_ok=True)
        self._workers.client.subscribe_topic(worker_clip.TOPIC, self._hear)
        with RunBar(self._figures, self._work.console) as self._bar:
            feed = Feed(self._workers, self._turns, self._submit, self._beat)
            try:
                for job, found in feed.results():
                    self._is_done(job, found)
            except BaseException:
                feed.stop(partial(worker_clip.stop, self._setup.run))
                self._take_away_halves()
                raise

    def _take_away_halves(self) -> None:
        """Of workers that were ended while they wrote."""
        if self._workers.ours:
            for folder in {job.output.parent for job in self._under_way.values()}:
                take_away(folder, worker_clip.temporaries(self._setup))

    def _submit(self, job: Job) -> Future:
        self._work.known.begins(job)
        seen = self._as_seen(job)
        self._under_way[str(seen.output)] = job
        tries_file = self._tries(job)
        missing = tries_file is not None and not os.path.exists(job.output)
        shape = self._shape_for(job)
        parts = self._parts(job, seen, shape)
        arguments = (self._setup, seen, shape, tries_file, missing, parts)
        return self._workers.submit(worker_clip.work, *arguments, key=self._key())

    def _parts(self, job: Job, seen: Job, shape: Any) -> list[Future]:
        """The tasks that a long clip is cut into, for several workers at once; none for others."""
        count = self._work.parts_of(job) if self._workers.count() > 1 else 1
        return [
            self._workers.submit(
                worker_clip.fit_part,
                *(self._setup, seen, shape, index, count, self._tries(job, f"part{index}")),
                key=self._key(),
            )
            for index in range(count if count > 1 else 0)
        ]

    def _shape_for(self, job: Job) -> Any:
        """The shape, as far as the clip can need it: that of a subject is a task of its own."""
        shape = self._work.shapes.get(job.output)
        if not isinstance(shape, Subject):
            return shape
        unsolved = SolvedSubject(shape.name, shape.words, shape.provenance)
        if not self._work.needs_fit(job):
            return unsolved
        if id(shape) not in self._shapes:
            clips = [self._as_seen(one) for one in self._work.clips_of(shape)]
            arguments = (self._setup, unsolved, clips, self._tries(job, "shape"))
            self._shapes[id(shape)] = self._workers.submit(
                worker_clip.solve_shape, *arguments, key=self._key(), priority=1
            )
        return self._shapes[id(shape)]

    def _is_done(self, job: Job, found: Any) -> None:
        try:
            told = self._told_of(job, found)
        finally:
            self._turns.done(job)
            clip = str(self._as_seen(job).output)
            self._under_way.pop(clip, None)
            self._by_part.pop(clip, None)
        shape = self._work.shapes.get(job.output)
        made = told.outcome.fit in ("made", "written")
        if made and isinstance(shape, Subject) and id(shape) not in self._told:
            self._told.add(id(shape))
            self._work.console.print(shape.words, soft_wrap=True)
        for sentence, style in told.said:
            self._work.console.print(sentence, style=style, soft_wrap=True)
        told.outcome.job = job
        is_known(self._work, self._figures, told.outcome)

    def _told_of(self, job: Job, found: Any) -> worker_clip.Told:
        if isinstance(found, worker_clip.Told):
            return found
        if isinstance(found, tries.SetAside):
            error = (
                f"{job.source}: {tries.MOST} workers died over it, so it was set aside; --jobs 1 tries it "
                "with all memory there is"
            )
        elif isinstance(found, RefitError | Cancelled):
            raise found
        elif isinstance(found, ImportError):
            raise RefitError(f"The workers cannot run Refit ({found}): install it where they are.") from found
        else:
            error = f"{job.source}: the worker failed in a way that was not foreseen ({found!r})"
        return worker_clip.Told(Outcome(job, error=error))

    def _beat(self) -> None:
        now = time.monotonic()
        if self._workers.count():
            self._somebody = now
        note = waiting_words(self._turns) if self._turns.others else ""
        if self._workers.ours and (self._workers.lost or now - self._somebody > GONE_SECONDS):
            raise RefitError(
                "The workers died and do not come back; what is finished is kept, and the same command goes "
                "on with the rest: fewer --jobs need less memory."
            )
        if now - self._somebody > NOBODY_SECONDS:
            note = "There is no worker yet: all wait."
        while self._heard:  # Dask's thread may add to it meanwhile
            (clip, part), (frames, total) = self._heard.popitem()
            job = self._under_way.get(clip)
            if job is not None:
                by_part = self._by_part.setdefault(clip, {})
                by_part[part] = frames
                frames = frames_done(by_part, total)
                self._figures.under_way(str(job.output), frames)
                self._work.known.tell(UnderWay(job, frames, total))
        self._work.known.tell(Going(self._figures.now(), note))
        self._bar.beat(note)

    def _hear(self, event: Any) -> None:
        """What a worker tells, in Dask's thread; `_beat` hands it on."""
        values = event[1]
        if isinstance(values, dict) and values.get("run") == self._setup.run:
            self._heard[values["clip"], values["part"]] = (values["frames"], values["total"])

    def _tries(self, job: Job, what: str = "") -> Path | None:
        """Where it is counted how often a clip, or ``what`` is done for it, was begun; None for one that is
        only looked at."""
        name = self._work.name(job)
        if self._root is None or not self._claims.is_held(name):
            return None
        return self._claims.tries(name, what).absolute()

    def _key(self) -> str:
        return f"refit-{self._setup.run}-{secrets.token_hex(6)}"

    def _as_seen(self, job: Job) -> Job:
        """A clip as workers see it, whose current folder may be another one."""
        if self._workers.ours:
            return job
        return replace(job, source=job.source.absolute(), output=job.output.absolute())

    def _seen(self, root: Path | None) -> Path | None:
        return root if root is None or self._workers.ours else root.absolute()


def frames_done(by_part: Mapping[int, int], total: int) -> int:
    """How many frames of a clip are done.

    Args:
        by_part: of each part as it has told; of `worker_clip.WHOLE` where parts did not go, and the clip is
            fitted as a whole.
        total: that there are.
    """
    if worker_clip.WHOLE in by_part:
        return by_part[worker_clip.WHOLE]
    # Parts that go beyond their ends have frames in common.
    return min(total, sum(by_part.values()))

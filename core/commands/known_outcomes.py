"""What became of the inputs of a conversion, one after the other as it becomes known."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TypeVar

from core.catalogue.journal import Journal
from core.commands import report
from core.commands.conversion_events import Began, Ended, Tell, nobody
from core.commands.outcome import Outcome
from core.commands.output_paths import Job
from core.commands.room import is_there
from core.commands.telling.terminal import Terminal

MOST_ALIKE = 256
"""So many different things are looked at for equals of them; most clips of a data set say the same."""

T = TypeVar("T")


class KnownOutcomes:
    """Outcomes so far.

    Each outcome passes through `add` once, in the thread that was asked to convert, whatever process did the
    work: the place for whoever wants to know.

    Args:
        console: where each is told.
        jobs: what is to be done.
        journal: of the run; None where there is no folder of results.
        tell: the program that asked for the conversion.

    Attributes:
        all: in the order in which they became known.
        tell: as given.
    """

    def __init__(
        self,
        console: Terminal,
        jobs: Sequence[Job] = (),
        journal: Journal | None = None,
        tell: Tell = nobody,
    ) -> None:
        self._console, self._journal, self.tell = console, journal, tell
        self._jobs = {job.output: job for job in jobs}
        self.all: list[Outcome] = []
        self._alike: dict[Hashable, object] = {}
        if journal is not None:
            journal.waiting((job.output, job.source) for job in jobs if not is_there(job))

    def begins(self, job: Job) -> None:
        """Somebody is about to read and fit it."""
        if self._journal is not None:
            self._journal.running(job.output, job.source)
        self.tell(Began(job))

    def in_order_of(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Those of no job of these, which were refused, then those of the jobs in their order."""
        places = {job: place for place, job in enumerate(jobs)}
        return sorted(self.all, key=lambda outcome: places.get(outcome.job, -1))

    def add(self, outcome: Outcome) -> None:
        """One more is known, and told."""
        self.all.append(outcome)
        report.print_outcome(self._console, outcome)
        self._note(outcome)
        outcome.entry = None
        self._share(outcome)
        self.tell(Ended(outcome))

    def _share(self, outcome: Outcome) -> None:
        """What earlier outcomes say too is held once: those of a whole data set are in memory together."""
        meaning = outcome.meaning
        outcome.meaning = self._one_of(json.dumps(meaning), meaning)
        outcome.notes = self._one_of(outcome.notes, outcome.notes)
        outcome.read_as = self._one_of(outcome.read_as, outcome.read_as)
        outcome.subject = self._one_of(outcome.subject, outcome.subject)

    def _one_of(self, key: Hashable, value: T) -> T:
        if len(self._alike) >= MOST_ALIKE:
            self._alike.clear()
        found = self._alike.setdefault((type(value), key), value)
        assert isinstance(found, type(value))
        return found

    def _note(self, outcome: Outcome) -> None:
        journal, output = self._journal, outcome.job.output
        if journal is None:
            return
        there = outcome.fit in ("written", "found")
        entry = outcome.entry if there else outcome.entry_without_fit()
        if entry is not None:
            notes = tuple(dict.fromkeys((*entry.notes, *outcome.notes)))
            entry = replace(entry, subject=outcome.subject, notes=notes)
        refused = self._jobs.get(output, outcome.job) != outcome.job
        if refused:  # for its result would be another one's
            journal.left_out(output, outcome.entry_without_fit(), outcome.error)
        elif outcome.overtaken:
            journal.done(output, None, None)  # what there is, whoever made it
        elif outcome.failed:
            why = outcome.failure or outcome.error
            journal.failed(output, entry, why, outcome.seconds, source=outcome.job.source)
        else:
            journal.done(output, entry, outcome.seconds)

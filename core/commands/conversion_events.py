"""What a conversion tells the program that asked for it, as it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.commands.outcome import Outcome
from core.commands.output_paths import Job
from core.commands.telling.run_figures import HowFar, RunFigures
from core.errors import Cancelled


@dataclass(frozen=True)
class Planned:
    """Before the first fit: what there is to do.

    Attributes:
        jobs: the clips, in order; each is told once as `Ended`, unless the conversion ends early.
        notes: sentences on what was assumed, left out, or is needed.
    """

    jobs: tuple[Job, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Began:
    """A clip was given out to be read and fitted; at workers it may wait for its turn, and is given out again
    where one has died."""

    job: Job


@dataclass(frozen=True)
class UnderWay:
    """A clip is being fitted.

    Attributes:
        job: the clip.
        frames: that are done in the stage it is in.
        total: that there are.
    """

    job: Job
    frames: int
    total: int


@dataclass(frozen=True)
class Ended:
    """What became of a clip, or of an input that was refused, which is in no `Planned.jobs`."""

    outcome: Outcome

    @property
    def job(self) -> Job:
        """The clip."""
        return self.outcome.job


@dataclass(frozen=True)
class Going:
    """How far all clips are: after each, and several times a second while workers are at it, before the first
    fit, as long as it takes to look at what there is to do, and while clips are read.

    Attributes:
        figures: of all clips; before `Planned` none is counted.
        note: what is waited for, or empty.
    """

    figures: HowFar
    note: str = ""


TOLD_SECONDS = 0.25
"""So often it is told what goes on between two fits."""
LOOKING, STARTING = "looking at what there is to convert", "starting workers"
"""Notes of `Going` before the first fit is begun."""

Event = Planned | Began | UnderWay | Ended | Going
Tell = Callable[[Event], None]


def nobody(_: Event) -> None:
    """Where no program listens."""


class Beat:
    """Tells again and again how far it is, at most every `TOLD_SECONDS`, so that whoever listens can end it
    there too.

    Args:
        tell: the program that asked for the conversion.
        figures: of all clips.
        told: what else is told then, the same words.
    """

    def __init__(
        self, tell: Tell, figures: RunFigures, told: Callable[[str], object] = lambda _: None
    ) -> None:
        self._tell, self._figures, self._also = tell, figures, told
        self._told = time.monotonic()

    def __call__(self, words: str = "") -> None:
        """What is being done; ends by what the program raises."""
        now = time.monotonic()
        if now - self._told >= TOLD_SECONDS:
            self._told = now
            self._tell(Going(self._figures.now(), words))
            self._also(words)


class Listener:
    """A program that listens, and may want no more: what it raises ends the conversion, wherever it is.

    Args:
        tell: the program's function.

    Attributes:
        error: what it has raised, or None.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.error: Exception | None = None

    def __call__(self, event: Event) -> None:
        """Tells it.

        Raises:
            Cancelled: it wants no more.
        """
        if self.error is None:
            try:
                self._tell(event)
            except Exception as error:
                self.error = error
        if self.error is not None:
            raise Cancelled

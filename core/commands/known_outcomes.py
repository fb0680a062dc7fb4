"""What became of the inputs of a conversion, one after the other as it becomes known."""

from __future__ import annotations

from core.commands import report
from core.commands.outcome import Outcome
from core.commands.telling.terminal import Terminal


class KnownOutcomes:
    """Outcomes so far.

    Each outcome passes through `add` once, in the thread that was asked to convert, whatever process did the
    work: the place for whoever wants to know.

    Args:
        console: where each is told.

    Attributes:
        all: in the order in which they became known.
    """

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self.all: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """One more is known, and told."""
        self.all.append(outcome)
        report.print_outcome(self._console, outcome)

"""A progress bar that says so when nothing goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from core.commands.telling.run_figures import RunFigures
from core.commands.telling.terminal import PlainColumn, Terminal
from core.fitting.no_progress import ProgressClock

WAY_OUT = "Ctrl+C stops it, a second Ctrl+C at once."


def fit_columns() -> tuple[ProgressColumn, ...]:
    """What a bar says of a fit: its description, a field ``figures``, and how many frames are done."""
    return (
        PlainColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed}/{task.total} frames"),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )


class ConversionBar(Progress):
    """Drawn by a thread of its own, so that it also speaks when the fit hangs; nothing without a terminal."""

    def __init__(
        self,
        silence: ProgressClock,
        columns: Sequence[ProgressColumn],
        console: Terminal,
        figures: RunFigures | None = None,
    ) -> None:
        self._silence, self._figures = silence, figures
        super().__init__(*columns, console=console, transient=True, disable=not console.is_terminal)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar, below it how far all clips are, and a sentence once nothing was told for long."""
        yield from super().get_renderables()
        if self._figures is not None:
            yield Text(self._figures.words(), style="dim")
        sentence = self._silence.sentence(WAY_OUT)
        if sentence:
            yield Text(sentence, style="yellow")


class RunBar(Progress):
    """How far all clips are, while several are fitted at once; without a terminal a line now and then.

    Args:
        figures: of the run.
        console: where.
    """

    def __init__(self, figures: RunFigures, console: Terminal) -> None:
        self._figures, self._note = figures, ""
        columns = (SpinnerColumn(), BarColumn(bar_width=28), PlainColumn("{task.description}"))
        super().__init__(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self.add_task("", total=figures.clips)

    def beat(self, note: str = "") -> None:
        """Draws what has changed.

        Args:
            note: what is waited for, or empty.
        """
        words = self._figures.words()
        if note != self._note:
            self._note = note
            if note and self.disable:
                self.console.print(note, style="dim", soft_wrap=True)
        if not self.disable:
            words = f"{words} · {note}" if note else words
            self.update(self._task, completed=self._figures.done, description=words)
        elif self._figures.is_due():
            self.console.print(words, style="dim", soft_wrap=True)

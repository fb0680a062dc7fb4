"""A progress bar that says so when nothing goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

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

    def __init__(self, silence: ProgressClock, columns: Sequence[ProgressColumn], console: Terminal) -> None:
        self._silence = silence
        super().__init__(*columns, console=console, transient=True, disable=not console.is_terminal)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar, and below it a sentence once nothing was told for long."""
        yield from super().get_renderables()
        sentence = self._silence.sentence(WAY_OUT)
        if sentence:
            yield Text(sentence, style="yellow")

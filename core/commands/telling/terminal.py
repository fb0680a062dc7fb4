"""What rich prints for the commands: text as it stands, whatever a file says in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import Task, TextColumn
from rich.segment import Segment
from rich.status import Status
from rich.table import Table
from rich.text import Text

from core.shown_text import shown

_LOG_WIDTH = 160


class Terminal(Console):
    """A console without markup, on which texts and cells are one line each, of bounded length.

    Lines are broken where it is told to, by printing again, and where the terminal ends.
    """

    def __init__(self, **options: Any) -> None:
        self._log: Terminal | None = None
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **options})

    def print(self, *objects: Any, **options: Any) -> None:
        """Prints texts as they stand, and tables of `table`."""
        super().print(*map(_plain, objects), **options)
        if self._log is not None:
            self._log.print(*objects, **options)

    @contextmanager
    def logged(self, stream: Any) -> Iterator[None]:
        """Within, what is printed is also written to a stream of text."""
        self._log = Terminal(file=stream, width=_LOG_WIDTH, color_system=None)
        try:
            yield
        finally:
            self._log = None

    def status(self, status: RenderableType, **options: Any) -> Status:
        """What is going on, with a spinner."""
        return super().status(_plain(status), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is sent to the terminal: nothing of what is rendered can hold a code, however it came in."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                lines = "\n".join(map(_without_codes, segment.text.split("\n")))
                yield Segment(lines, segment.style)


class PlainTable(Table):
    """A table without a frame whose headings and cells are shown as they stand."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"box": None, "pad_edge": False, "header_style": "dim", **options})

    def add_column(self, header: RenderableType = "", *rest: Any, **options: Any) -> None:
        """A column and its heading."""
        super().add_column(_plain(header), *rest, **options)

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        """Cells, one for each column."""
        super().add_row(*map(_plain, cells), **options)


class PlainColumn(TextColumn):
    """A column of a progress bar."""

    def __init__(self, words: str) -> None:
        super().__init__(words, markup=False)

    def render(self, task: Task) -> Text:
        """The words with the task's own in them."""
        return Text(shown(self.text_format.format(task=task)))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return Text(shown(value))
    if isinstance(value, Text) and not value.plain.isprintable():
        return Text(shown(value.plain), value.style)
    return value


def _without_codes(line: str) -> str:
    return shown(line, len(line) + 1)

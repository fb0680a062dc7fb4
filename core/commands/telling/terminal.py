"""What rich prints for the commands: text as it stands, whatever a file says in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import Task, TextColumn
from rich.segment import Segment
from rich.status import Status
from rich.table import Table
from rich.text import Text

from core.shown_text import shown

PIECE = 200
"""Rows of a long table that are laid out at once: rich holds all of what it prints until it is printed."""

_LOG_WIDTH = 160
_GAP = 2
_LEAST_NAME = 12


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
        if self._log is None:
            return
        if options.get("soft_wrap") and all(isinstance(one, str) for one in objects):
            # As it would come out there, where nothing has colours.
            self._log.file.write(f"{' '.join(map(shown, objects))}\n")
        else:
            self._log.print(*objects, **options)

    def print_rows(self, headings: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Prints a table of any length, a piece at a time.

        Args:
            headings: of the names and of each column of figures.
            rows: a name, shortened where the terminal is narrow, and its figures.
        """
        widths = _widths(headings, rows, self.width)
        for start in range(0, len(rows), PIECE):
            piece = PlainTable(show_header=start == 0)
            for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
                piece.add_column(heading, justify="right" if place else "left", no_wrap=True, width=width)
            for name, cells in rows[start : start + PIECE]:
                piece.add_row(name, *cells)
            super().print(piece)
        if self._log is not None:
            self._log.print_rows(headings, rows)

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


def _widths(
    headings: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], width: int
) -> tuple[int, ...]:
    """Letters that each column takes in all pieces of a table."""
    widths = [cell_len(shown(heading)) for heading in headings]
    for name, cells in rows:
        for place, cell in enumerate((name, *cells)):
            widths[place] = max(widths[place], cell_len(shown(cell)))
    room = width - sum(widths[1:]) - _GAP * len(widths)
    return (min(widths[0], max(room, _LEAST_NAME)), *widths[1:])


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return Text(shown(value))
    if isinstance(value, Text) and not value.plain.isprintable():
        return Text(shown(value.plain), value.style)
    return value


def _without_codes(line: str) -> str:
    return shown(line, len(line) + 1)

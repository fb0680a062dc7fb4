"""Text of files on one line, in a table, and in a terminal."""

from __future__ import annotations

import csv
import io

import pytest

from core.commands.cli import main
from core.commands.telling.progress_bar import fit_columns
from core.commands.telling.terminal import PlainTable, Terminal
from core.errors import FileError
from core.shown_text import MOST_LETTERS, shown, spreadsheet_cell

SHOWN = {
    "walk_poses.npz": "walk_poses.npz",
    "Lauf über die Brücke 走る": "Lauf über die Brücke 走る",
    "می‌روم · 👩‍💻": "می‌روم · 👩‍💻",
    "a\x1b[2Jb\x07": "a\\x1b[2Jb\\x07",
    "a\r\nb\tc\x0b\x85": "a\\r\\nb\\tc\\x0b\\x85",
    "npz.\u202eslaes\u2066\u200f": "npz.\\u202eslaes\\u2066\\u200f",
    "a\u2028b\u2029c\u200b": "a\\u2028b\\u2029c\\u200b",
    "\udcff\ud800\U000e0041": "\\xff\\ud800\\U000e0041",
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_no_letter_is_written_out(text: str) -> None:
    assert shown(text) == SHOWN[text]


def test_what_is_long_loses_its_middle() -> None:
    for text in ("x" * 10_000_000, "\x1b" * 10_000, "ab\n" * 1000):
        cut = shown(f"begin{text}end")
        assert len(cut) <= MOST_LETTERS
        assert cut.startswith("begin")
        assert cut.endswith("end")
    assert shown("x" * MOST_LETTERS) == "x" * MOST_LETTERS
    assert len(shown("abcdefgh", 5)) == 5


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "@SUM(1)", "+1", "-1+2", " =1", "\uff1d1", "a;=1", "\t=1", "\r=1", 'a","=1', "=1,2"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    line = spreadsheet_cell(text)
    for comma in ",;":
        # Where commas part cells, and where semicolons do.
        cells = next(csv.reader(io.StringIO(line), delimiter=comma))
        assert len(cells) == 1
        assert not any(cell.lstrip()[:1] in tuple("=+-@\uff1d\t\r") for cell in cells)
    assert "\n" not in line


def test_names_stay_as_they_are_in_a_cell() -> None:
    for name in ("left_hip", "vertex 12", "Ferse (links)", "a-b+c=d"):
        assert spreadsheet_cell(name) == name
    assert next(csv.reader([spreadsheet_cell('a, "b"')])) == ['a, "b"']


class Written(io.StringIO):
    """What a terminal is sent."""

    def isatty(self) -> bool:
        return True


def test_markup_and_codes_of_names_do_nothing_in_a_terminal() -> None:
    name, there = "[/x][red]b\x1b]0;owned\x07\nfake :smile:", "[/x][red]b\\x1b]0;owned\\x07\\nfake :smile:"
    file = Written()
    console = Terminal(file=file, width=200, force_terminal=True, color_system=None)
    table = PlainTable()
    table.add_column(name)
    table.add_row(name)
    console.print(name)
    console.print(table)
    status = console.status(name)
    console.print(status.renderable)
    column = fit_columns()[0]
    bar = type("Task", (), {"description": name})()
    console.print(column.render(bar))
    lines = file.getvalue().splitlines()
    assert [line.strip() for line in lines if "fake" in line] == [there] * 3 + [f"⠋ {there}", there]
    assert all(line.isprintable() for line in lines)


def test_wrong_arguments_are_told_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "a", "b\x1b[31m\nfake"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[-1].endswith("unrecognized arguments: b\\x1b[31m\\nfake")
    assert main(["info", "no\x1b[31m\nfile"]) == 1
    assert capsys.readouterr().err == "refit: no\\x1b[31m\\nfile: there is no such file\n"


def test_a_sentence_on_a_file_is_one_line_whatever_its_name_and_its_keys_hold() -> None:
    said = str(FileError("a\nfolder/b.npz", "is damaged", key="val\r\nd\x1b[2J"))
    assert said == r"a\nfolder/b.npz: 'val\r\nd\x1b[2J' is damaged"

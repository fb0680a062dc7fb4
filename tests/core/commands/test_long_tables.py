"""What is printed and held of thousands of clips takes little more memory than of a few."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.commands.known_outcomes import MOST_ALIKE, KnownOutcomes
from core.commands.outcome import Outcome
from core.commands.output_paths import Job
from core.commands.telling.terminal import PIECE, PlainTable, Terminal
from core.files.motions.load_motion import load_motion
from tests.core.clip_files import clip_arrays

HEADINGS = ("motion", "frames", "mean mm", "max")


def rows(count: int) -> list[tuple[str, list[str]]]:
    return [
        (f"{'clip' * (1 + number % 7)}{number}", [str(number), f"{number / 9:.2f}", "19.22"])
        for number in range(count)
    ]


def printed(count: int, width: int) -> list[str]:
    file = io.StringIO()
    Terminal(file=file, width=width).print_rows(HEADINGS, rows(count))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("count", [1, PIECE, 2 * PIECE + 1])
def test_a_table_in_pieces_looks_like_one(count: int) -> None:
    table, file = PlainTable(), io.StringIO()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "motion" else "right", no_wrap=True)
    for name, cells in rows(count):
        table.add_row(name, *cells)
    Terminal(file=file, width=120).print(table)
    assert printed(count, 120) == file.getvalue().splitlines()


def test_where_there_is_no_room_names_are_shortened_and_figures_stay() -> None:
    lines = printed(PIECE + 1, 45)
    assert len(lines) == PIECE + 2
    assert all(len(line.rstrip()) <= 45 and line.rstrip().endswith("19.22") for line in lines[1:])
    assert any("…" in line for line in lines)
    assert len({line.rindex("19.22") for line in lines[1:]}) == 1


def test_the_log_has_a_width_of_its_own() -> None:
    log, file = io.StringIO(), io.StringIO()
    console = Terminal(file=file, width=40)
    with console.logged(log):
        console.print_rows(HEADINGS, rows(PIECE + 1))
    assert "…" in file.getvalue()
    assert log.getvalue().splitlines() == printed(PIECE + 1, 160)


def test_a_long_table_is_printed_in_the_memory_of_a_short_one() -> None:
    def peak(count: int) -> int:
        there = rows(count)
        with Path(os.devnull).open("w", encoding="utf-8") as file:
            console = Terminal(file=file, width=120)
            tracemalloc.start()
            try:
                console.print_rows(HEADINGS, there)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(1)
    assert peak(10 * PIECE) < 4 * peak(PIECE)


def outcomes(tmp_path: Path, count: int) -> KnownOutcomes:
    """As workers send them: each with copies of its own of all that it says."""
    np.savez(tmp_path / "walk_poses.npz", **clip_arrays("walk", slice(2)))
    motion = load_motion(tmp_path / "walk_poses.npz")
    said = Outcome(Job(motion.path or tmp_path, tmp_path / "out.npz"), "done", notes=motion.notes)
    said.has_read(motion)
    sent, known = pickle.dumps(said), KnownOutcomes(Terminal(quiet=True))
    for _ in range(count):
        known.add(pickle.loads(sent))  # noqa: S301
    return known


def test_what_clips_say_alike_is_held_once(tmp_path: Path) -> None:
    first, *others = outcomes(tmp_path, 5).all
    assert first.meaning["assumed"]
    assert first.read_as
    for other in others:
        assert other.meaning is first.meaning
        assert other.notes is first.notes
        assert other.read_as is first.read_as


def test_what_clips_say_differently_stays_theirs_and_is_not_looked_for_forever(tmp_path: Path) -> None:
    known = outcomes(tmp_path, 1)
    count = 2 * MOST_ALIKE
    for number in range(count):
        job = Job(tmp_path / f"{number}.npz", tmp_path / "out.npz")
        known.add(Outcome(job, "done", meaning={"unused": [f"key{number}"]}, notes=(f"note {number}",)))
    assert [one.meaning["unused"] for one in known.all[1:]] == [[f"key{n}"] for n in range(count)]
    assert [one.notes for one in known.all[1:]] == [(f"note {n}",) for n in range(count)]
    assert len(known._alike) <= MOST_ALIKE

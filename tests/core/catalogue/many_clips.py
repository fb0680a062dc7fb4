"""A folder with any number of clips, whose figures are made up: for what must hold with ten thousand."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from core.catalogue.entry import Entry
from core.catalogue.facts import CURVE_POINTS, NOTHING, TOP, of_result, with_problems
from core.catalogue.journal import Journal
from core.files.assumption import UP_AXIS, Assumption
from core.problems.detect import Problem
from core.problems.rules import ProblemKind
from tests.core.catalogue.results import walk

DATA_SETS = (
    "ACCAD",
    "BMLmovi",
    "CMU",
    "DanceDB",
    "EKUT",
    "HumanEva",
    "KIT",
    "MPI_mosh",
    "SFU",
    "TotalCapture",
)
WORDS = ("walk", "run", "jump", "turn", "dance", "kick", "sit", "throw")


def many_clips(folder: Path, count: int) -> None:
    """Fills a folder: nine of ten are done, some have failed, some wait."""
    made = random.Random(4)
    pattern = of_result("a", walk())
    with Journal(folder) as journal:
        places = [_place(made, number) for number in range(count)]
        journal.waiting((folder / place, Path("/data") / _source(place)) for place in places)
        for number, place in enumerate(places):
            output, source = folder / place, Path("/data") / _source(place)
            if number % 40 == 7:
                journal.failed(output, None, f"{source.name}: 'poses' is damaged", 0.1, source=source)
            elif number % 25 != 3:
                output.parent.mkdir(parents=True, exist_ok=True)
                output.write_bytes(b"")
                journal.done(output, _entry(made, replace(pattern, output=place, source=str(source))), 1.5)


def _place(made: random.Random, number: int) -> str:
    data = made.choice(DATA_SETS)
    return f"{data}/s{made.randrange(30):02}/{made.choice(WORDS)}_{number:05}_stageii.npz"


def _source(place: str) -> str:
    return place.replace("_stageii", "_poses")


def _entry(made: random.Random, entry: Entry) -> Entry:
    level = made.lognormvariate(0.7 + 0.12 * DATA_SETS.index(entry.output.split("/")[0]) / 2, 0.35)
    peak = made.random() < 0.06
    most = level * made.uniform(3, 6) + (made.uniform(30, 110) if peak else 0)
    frames, worst = made.randrange(100, 2400), made.randrange(CURVE_POINTS)
    wave = [made.uniform(0.6, 0.75) for _ in range(CURVE_POINTS)]
    if peak:
        wave = [value / 3 for value in wave]
    wave[worst] = 1.0
    curve = bytearray(round(value * TOP) for value in wave)
    if made.random() < 0.02:
        curve[:6] = bytes([NOTHING] * 6)
    entry = replace(
        entry,
        frames=frames,
        fitted=frames,
        converged=frames,
        rate=made.choice((30.0, 60.0, 120.0)),
        gender=made.choice(("male", "female", "neutral")),
        seconds=frames / 300,
        mean=round(level, 4),
        p95=round(2.4 * level, 4),
        max=round(most, 4),
        worst=frames * worst // CURVE_POINTS,
        parts=tuple(
            round(level * share * made.uniform(0.8, 1.2), 4) for share in (0.9, 1.6, 1, 0.5, 1.3, 0.5)
        ),
        curve=bytes(curve),
        curve_top=round(level * (6 if peak else 1.5), 4),
        jitter=round(made.uniform(0.02, 0.2), 4),
        skate=round(made.uniform(0, 1.5), 4),
        sinks=round(made.uniform(0, 4), 4),
        measured=True,
    )
    if made.random() < 0.004:
        guess = Assumption(UP_AXIS, "y", "the feet are there", "numbers")
        entry = replace(entry, assumed=(*(one for one in entry.assumed if one.quantity != UP_AXIS), guess))
    if peak:
        entry = with_problems(entry, [_problem(made, entry)], ["failed fit"])
    return entry


def _problem(made: random.Random, entry: Entry) -> Problem:
    kind = made.choice((ProblemKind.OFF, ProblemKind.OVER, ProblemKind.JUMP, ProblemKind.GROUND))
    first, off = entry.worst or 0, entry.max or 0.0
    reason = f"max {off:.0f} mm, over 50 mm"
    return Problem(kind, "max_mm", "whole body", first, first + 4, first, off, 9.0, 50.0, "mm", reason)

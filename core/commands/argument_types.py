"""Arguments of the commands that are more than a word: ranges of frames, counts of threads, rates, and how
motions are read."""

from __future__ import annotations

import argparse
from typing import Any

from core.model.motion import CHOICES, MOST_RATE, Reading

_WINS = "wins over what the file says"


def frame_range(text: str) -> tuple[int | None, int | None]:
    """``'A:B'`` with Python's slice rules, either side empty, to (A, B)."""
    first, colon, last = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}' is no range; write A:B, for example 100:200 or :50")
    try:
        return (int(first) if first else None, int(last) if last else None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no range; A and B are whole numbers") from None


def thread_count(text: str) -> int:
    """A whole number of threads, at least one."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of threads; use 1 or more")
    return count


def rate(text: str) -> float:
    """A positive number of frames a second."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < MOST_RATE:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of frames a second, as 30 or 59.94")
    return value


def add_reading(command: Any, *, several: bool = True) -> None:
    """Adds the options that say how motions are read, but for ``--gender``, which is of the bodies, too.

    Args:
        command: the parser of a command.
        several: ``--person all`` makes sense.
    """
    how = command.add_argument_group("how motions are read")
    how.add_argument(
        "--person",
        metavar="ID",
        help="who of several people in a file, as `refit info` lists them" + ", or all" * several,
    )
    how.add_argument(
        "--coordinates", choices=CHOICES["coordinates"], help="where a file has both; default: world"
    )
    how.add_argument("--family", choices=CHOICES["family"], help=f"whose poses they are; {_WINS}")
    how.add_argument("--frame-rate", type=rate, metavar="FPS", help=f"frames a second; {_WINS}")
    how.add_argument(
        "--up-axis",
        choices=CHOICES["up_axis"],
        help=f"of the file's world; {_WINS}; those below zero as --up-axis=-y",
    )
    how.add_argument("--unit", choices=CHOICES["unit"], help="of lengths in the file; default: m")
    how.add_argument("--angles", choices=CHOICES["angles"], help="of the poses; default: radians")
    how.add_argument(
        "--hands",
        choices=CHOICES["hands"],
        help="flat: the file's hands are whole; mean: the body's mean hand is to be added to them, as the "
        "smplx package does unless told flat_hand_mean; default: what is known of the tool, else flat",
    )
    how.add_argument(
        "--sides",
        choices=CHOICES["sides"],
        help="swapped: what the file calls left is right; default: as-is",
    )
    how.add_argument(
        "--strict", action="store_true", help="refuse a file of which anything would have to be guessed"
    )
    how.add_argument("--fps", type=rate, metavar="FPS", help="resample to so many frames a second")


def reading_of(options: argparse.Namespace, person: str | None = None) -> Reading:
    """What the options say, of one person."""
    names = (*CHOICES, "frame_rate", "fps")
    return Reading(person=person, **{name: getattr(options, name, None) for name in names})


def doubts_of(options: argparse.Namespace) -> str:
    """What becomes of what is doubtful in a file, as `core.files.motions.load_motion` takes it."""
    return "strict" if options.strict else "refuse"

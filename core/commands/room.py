"""Whether results have a place to go, looked at before the first fit: folders that can be written to, and
room on their disk."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.commands.output_paths import Job
from core.errors import Cancelled, FileError, RefitError
from core.files.containers.atomic import reason, temporary_beside
from core.files.containers.opening import still_wanted
from core.files.motions.load_motion import people_in
from core.model.joints import JOINT_NAMES, PARTS
from core.shown_text import size_words

LOOKED_INTO = 16
"""So many files tell how many frames the others have: reading all of a data set takes long."""

_BYTES_A_FILE = 6_000
_EXPRESSION, _FIGURES = 10, 6 + len(PARTS)
_PRESSED = 0.9
"""Of its size is what is left of a pose in a file; parts that rest take less."""


def check_room(jobs: Sequence[Job], options: argparse.Namespace) -> str:
    """Looks at where outputs will lie: each folder, or the one it will be made in, can be written to, and its
    disk has the room that they need.

    Outputs that are there already, and stay, need neither.

    Args:
        jobs: motions and their outputs.
        options: of ``refit convert``.

    Returns:
        How much is needed and how much is free, in words; nothing where nothing is written.

    Raises:
        FileError: a folder cannot be made or written to.
        RefitError: the disk has less than half of the room that is needed: what is needed is a guess, from
            the frames of some of the files.
    """
    written = [job for job in jobs if options.force or not is_there(job)]
    folders = [job.output.parent for job in written]
    for place in _places([*folders, *([options.report.parent] if options.report else [])]):
        _check_place(place)
    if not written:
        return ""
    needed = bytes_needed(written, options.to, options.frames, resampled=options.fps is not None)
    needed *= 2 if options.session else 1
    free = shutil.disk_usage(next(iter(_places(folders)))).free
    if free < needed / 2:
        raise RefitError(
            f"The disk of {written[0].output.parent} has {size_words(free)} free, and the results need about "
            f"{size_words(needed)}: make room, or choose another folder."
        )
    return f"The results need about {size_words(needed)} of {size_words(free)} that are free."


def bytes_needed(
    jobs: Sequence[Job],
    family: str,
    frames: tuple[int | None, int | None] | None = None,
    *,
    resampled: bool = False,
) -> int:
    """About how many bytes the results of the jobs take.

    Some of the files are looked into, evenly spread; what they have by the byte, the others are taken to
    have.

    Args:
        jobs: motions and their outputs.
        family: of the results.
        frames: start and end of those that are converted; None for all.
        resampled: motions are read with other frames than they have, of which their files say nothing.
    """
    pose = 3 * len(JOINT_NAMES[family]) * (1 if family == "smpl" else 2)
    by_frame = 4 * _PRESSED * (pose + 3 + _FIGURES + (_EXPRESSION if family == "smplx" else 0))
    whole = _BYTES_A_FILE * len(jobs)
    if resampled:
        return whole
    step = -(-len(jobs) // LOOKED_INTO)
    sizes = [_size(job.source) for job in jobs]
    counted = looked_at = 0
    for job, size in zip(jobs[::step], sizes[::step], strict=True):
        try:
            counted += frames_in(job, frames)
        except Cancelled:
            raise
        except Exception:
            continue  # told with the others, when it is this one's turn to be read
        looked_at += size
    return whole + round(by_frame * counted * (sum(sizes) / looked_at if looked_at else 1))


def frames_in(job: Job, frames: tuple[int | None, int | None] | None = None) -> int:
    """How many frames a motion has, of those that are converted; without reading all of it where its file
    lets one.

    Raises:
        Exception: it cannot be read.
    """
    people = people_in(job.source)
    mine = [one for one in people if job.person in (None, one.name)] or list(people)
    return len(range(*slice(*(frames or (None, None))).indices(mine[0].frames)))


def is_there(job: Job) -> bool:
    """Whether something has its output's name; asked of many, it ends where nobody wants to know any more."""
    still_wanted()
    return os.path.exists(job.output)


def _size(source: Path) -> int:
    still_wanted()
    try:
        if os.path.isdir(source):
            return sum(entry.stat().st_size for entry in os.scandir(source))
        return source.stat().st_size
    except OSError:
        return 0


def _places(folders: Iterable[Path]) -> dict[Path, None]:
    """The folders that are there, of those named or of what they will be made in; each once."""
    places: dict[Path, None] = {}
    for folder in dict.fromkeys(folders):
        still_wanted()
        absolute = Path(os.path.abspath(folder))
        places[next((one for one in (absolute, *absolute.parents) if os.path.lexists(one)), absolute)] = None
    return places


def _check_place(place: Path) -> None:
    still_wanted()
    if os.path.islink(place) and not os.path.exists(place):
        raise FileError(place, "is a link that leads nowhere, expected a folder for results")
    if not os.path.isdir(place):
        raise FileError(place, "is a file, expected a folder for results")
    probe = temporary_beside(place / "probe")
    try:
        probe.open("xb").close()
        probe.unlink()
    except OSError as error:
        raise FileError(place, f"cannot be written to: {reason(error)}") from None

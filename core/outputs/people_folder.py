"""A file for each person of a scene, in one folder."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.files.containers.numbered import Progress, tell, whole_folder
from core.outputs.export_format import ExportJob

_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


@dataclass(frozen=True, eq=False)
class PersonFile:
    """What is written for one person.

    Attributes:
        name: of the file, unique among those written with it.
        frames: how many it holds.
        job: makes what is written, when its turn comes; its path is of no account.
    """

    name: str
    frames: int
    job: Callable[[], ExportJob]


def write_people(
    folder: Path,
    write: Callable[[ExportJob], str | None],
    people: Sequence[PersonFile],
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> str | None:
    """Writes a file for each person: all of them or none.

    Args:
        folder: a new one, or an empty one; it has the files once all are written.
        write: the format's writer.
        people: whose files.
        progress: told how many frames of all are written.
        stop: looked at before every file, and by the writer.

    Returns:
        What the writer told, each sentence once; None for nothing.

    Raises:
        FileError: the folder holds something, or cannot be written.
        RefitError: somebody's fit cannot be written, or not be read.
        Cancelled: ``stop`` was set.
    """
    total, before, told = sum(one.frames for one in people), 0, []
    with whole_folder(folder) as place:
        for one in people:
            tell(before, total, progress, stop)
            onwards = None if progress is None else _onwards(progress, before, one.frames, total)
            job = replace(one.job(), path=place / one.name, overwrite=False, progress=onwards, stop=stop)
            told.append(write(job))
            before += one.frames
        tell(total, total, progress, stop)
    return " ".join(dict.fromkeys(words for words in told if words)) or None


def _onwards(progress: Progress, before: int, frames: int, total: int) -> Progress:
    """Tells how far all are, of how far one is."""

    def told(done: int, of: int) -> None:
        progress(before + (frames * done // of if of else 0), total)

    return told


def apart(names: Sequence[str]) -> list[str]:
    """File names that no system takes for one another: without characters that some refuse, and with a number
    before the ending where one is there already."""
    found: list[str] = []
    for name in names:
        plain = Path(_REFUSED.sub("-", name))
        tries = (f"{plain.stem}_{number}{plain.suffix}" for number in itertools.count(2))
        taken = {one.casefold() for one in found}
        found.append(
            next(one for one in itertools.chain((plain.name,), tries) if one.casefold() not in taken)
        )
    return found

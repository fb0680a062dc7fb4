"""What a folder is that somebody opens: motions, results, or both. No Qt: it is looked at in a thread."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from core.errors import FileError, RefitError
from core.files.beside_results import INDEX_FILE, RUNS_FOLDER, is_beside_results

MOST_LOOKED_AT = 50
"""Files named as results are that are opened to see whether one is: AMASS calls its own alike."""


@dataclass(frozen=True)
class ClipFolder:
    """A folder whose clips are listed.

    Attributes:
        opened: the one that was chosen.
        motions: where motions lie; None where there are none.
        results: where their fits lie; None where nobody has said.
        family: of the fits.
        waiting: places of results below ``results``, and the motions that they are to be made of.
        told: sentences on what is no motion, or cannot be read.
        fitted: a run has written into ``results``, or there is a result.
    """

    opened: Path
    motions: Path | None
    results: Path | None
    family: str = "smplx"
    waiting: tuple[tuple[str, str], ...] = ()
    told: tuple[str, ...] = ()
    fitted: bool = False


def look_into(
    folder: Path, known: Mapping[Path, Path], targets: Mapping[str, str] = MappingProxyType({})
) -> ClipFolder | None:
    """What a folder holds; None where it is one motion, of meshes or of a file a frame.

    Args:
        folder: that was chosen.
        known: folders of results by their folders of motions.
        targets: families of the fits, by those of the motions; SMPL-X of SMPL-H and the other way round
            where nothing is said.

    Raises:
        FileError: it cannot be looked into.
    """
    from core.files.motions.folder_walk import OUTPUT_ENDING
    from core.files.motions.load_motion import is_motion_folder

    folder = Path(os.path.abspath(folder))
    family, back_to = targets.get("smplh", "smplx"), targets.get("smplx", "smplh")
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        raise FileError(folder, f"cannot be looked into: {error.strerror}") from None
    if has_results(folder):
        motions = next((one for one, results in known.items() if results == folder and one.is_dir()), None)
        found = _motions_of(motions or folder, folder, family)
        own = () if motions else tuple(OUTPUT_ENDING.values())
        waiting = tuple(one for one in found.waiting if not own or not one[1].endswith(own))
        there = found.motions if waiting else motions
        return ClipFolder(folder, there, folder, family, waiting, told=found.told, fitted=True)
    if is_motion_folder(folder):
        return None
    kept = known.get(folder)
    results = kept if kept is not None and kept.is_dir() else None
    found = _motions_of(folder, results, family)
    if not found.waiting:
        # What is SMPL-X already goes the other way, as a file does that is opened by itself.
        back = _motions_of(folder, results, back_to)
        found = back if back.waiting else found
    return replace(found, fitted=results is not None and has_results(results))


def has_results(folder: Path) -> bool:
    """Whether a run has written into a folder, or a result of Refit lies in it."""
    if any((folder / name).exists() for name in (RUNS_FOLDER, INDEX_FILE)):
        return True
    from core.outputs.results import is_result

    for _, path in zip(range(MOST_LOOKED_AT), _named_as_results(folder), strict=False):
        with suppress(FileError):
            if is_result(path):
                return True
    return False


def _named_as_results(folder: Path) -> Iterator[Path]:
    from core.files.motions.folder_walk import OUTPUT_ENDING

    endings = tuple(OUTPUT_ENDING.values())
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_beside_results(name))
        yield from (Path(path, name) for name in sorted(files) if name.endswith(endings))


def _motions_of(motions: Path, results: Path | None, family: str) -> ClipFolder:
    """The clips of a folder of motions, as ``refit convert`` would take them."""
    from core.commands.output_paths import plan
    from core.files.motions.folder_walk import left_out_words

    root = motions if results is None else results
    try:
        planned = plan([motions], root, family)
    except RefitError as error:
        return ClipFolder(motions, None, results, family, told=(str(error),))
    waiting = tuple((job.output.relative_to(root).as_posix(), str(job.source)) for job in planned.jobs)
    told = [sentence for _, sentence in planned.refused]
    if planned.left_out:
        told.append(left_out_words(planned.left_out))
    return ClipFolder(motions, motions, results, family, waiting, tuple(told))

"""What Refit keeps on the disk to be quicker the next time, listed and deleted; see `core.environment`.

All of it is made again where it is missing, by whoever needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.environment import kept_folder
from core.errors import FileError
from core.files.kept.array_store import FOLDER

CORRESPONDENCES = "correspondences"
"""Folder of the correspondences that were built; see `core.correspond.built_cache`."""

CATALOGUES = "catalogues"
"""Folder of catalogues that cannot lie beside their results; see `core.catalogue.store`."""

PICTURES = "pictures"
"""Folder of small pictures of clips."""

KINDS = {
    CORRESPONDENCES: "correspondences built from two bodies",
    FOLDER: "matrices of bodies, for fits",
    CATALOGUES: "catalogues of results on disks where they cannot lie",
    PICTURES: "small pictures of clips, for the library",
}
"""The folders in `kept_folder`, and what lies in them."""


@dataclass(frozen=True)
class KeptFiles:
    """The files of a kind.

    Attributes:
        name: of its folder, one of `KINDS`.
        what: what they are.
        count: how many there are.
        nbytes: what they take on the disk.
    """

    name: str
    what: str
    count: int
    nbytes: int


def kept_files() -> tuple[KeptFiles, ...]:
    """What is kept now, kind by kind."""
    found = []
    for name, what in KINDS.items():
        sizes = [size for _, size in _files(name)]
        found.append(KeptFiles(name, what, len(sizes), sum(sizes)))
    return tuple(found)


def delete_kept_files() -> int:
    """Deletes all of it; what goes away meanwhile is gone. Gives the number of files that were there.

    Raises:
        FileError: one cannot be deleted.
    """
    count = 0
    for name in KINDS:
        for path, _ in list(_files(name)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise FileError(path, f"cannot be deleted ({error.strerror})") from None
            count += 1
    return count


def _files(name: str) -> Iterator[tuple[Path, int]]:
    """The files of a kind, with their bytes."""
    ending = {CATALOGUES: "db", PICTURES: "jpg"}.get(name, "npz")
    for path in sorted((kept_folder() / name).glob(f"*.{ending}")):
        try:
            yield path, path.lstat().st_size
        except OSError:
            continue

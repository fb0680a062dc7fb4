"""What lies below a folder of motions: they, what is none, and what cannot be looked at."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import Cancelled, FileError
from core.files.beside_results import is_beside_results
from core.files.containers.opening import still_wanted
from core.files.motions.file_kind import file_kind
from core.files.motions.load_motion import motion_source
from core.files.motions.mesh_motions import FAMILY_OF_COUNT, is_mesh_folder, mesh_count
from core.files.motions.mesh_readers import READERS
from core.files.motions.registry import is_frame_folder
from core.files.motions.sources.frame_folder import frames_family
from core.model.joints import FAMILY_LABEL

OUTPUT_ENDING = {"smplx": "_stageii.npz", "smplh": "_smplh.npz", "smpl": "_smpl.npz"}
"""How results are called, by family; in a folder they are no inputs."""

OTHER_SUFFIXES = (".pkl", ".pickle", ".p", ".pt", ".pth", ".npy", ".smpl")
"""Beside ``.npz``: endings of files that are meant to be motions, and are told where they cannot be read."""

# A folder of AMASS also holds marker fits and shapes.
_MARKER_FITS, _SHAPE = "_stagei.npz", "shape.npz"
_MOST_KINDS, _MOST_NAMES = 8, 3
_WHY_NOT = {
    errno.EACCES: "may not be looked at: permission denied",
    errno.EPERM: "may not be looked at: permission denied",
    errno.ELOOP: "is a link that leads in a circle",
}


@dataclass
class Walk:
    """What lies below a folder, in order of paths.

    Attributes:
        motions: files, and folders of meshes, that are to be converted.
        refused: what cannot be looked at, or is a motion's file that cannot be read, with a sentence.
        left_out: what is no motion, with what it is: ``'a picture (PNG)'``.
    """

    motions: list[Path] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)


def walk_folder(folder: Path, family: str) -> Walk:
    """Looks at everything below a folder; links to other folders are not followed.

    Args:
        folder: to walk.
        family: of the results: meshes of the same family are an export, and no input.
    """
    found = Walk()
    _look_into(folder, family, found)
    return found


def left_out_words(left_out: Sequence[tuple[Path, str]]) -> str:
    """``3 files are no motions: text (notes.txt), a picture (PNG) (a.png, b.png)``; empty where there are
    none."""
    if not left_out:
        return ""
    kinds: dict[str, list[str]] = {}
    for path, words in left_out:
        kinds.setdefault(words, []).append(path.name)
    shown = ", ".join(f"{words} ({_names(names)})" for words, names in list(kinds.items())[:_MOST_KINDS])
    more = sum(len(names) for names in list(kinds.values())[_MOST_KINDS:])
    count = "1 file is no motion" if len(left_out) == 1 else f"{len(left_out):,} files are no motions"
    return f"{count}: {shown}{f', and {more:,} more' if more else ''}."


def _names(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(name[:40] for name in names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _look_into(folder: Path, family: str, found: Walk) -> None:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not is_beside_results(entry.name))
    except OSError as error:
        found.refused.append((folder, str(FileError(folder, _why_not(folder, error)))))
        return
    for name in names:
        still_wanted()
        path = folder / name
        try:
            mode = path.stat().st_mode
        except OSError as error:
            found.refused.append((path, str(FileError(path, _why_not(path, error)))))
            continue
        if stat.S_ISDIR(mode):
            if path.is_symlink():
                found.left_out.append((path, "a link to a folder, which is not followed"))
                continue
            if is_frame_folder(path):
                if frames_family(path) == family:
                    found.left_out.append((path, f"a folder of frames in {FAMILY_LABEL[family]} already"))
                else:
                    found.motions.append(path)
                continue
            if is_other_meshes(path, family):
                found.motions.append(path)
            _look_into(path, family, found)
        elif stat.S_ISREG(mode):
            _look_at(path, family, found)
        else:
            found.left_out.append((path, "no regular file"))


def is_other_meshes(folder: Path, family: str) -> bool:
    """A folder of meshes, and not of a body's template or an exported fit."""
    try:
        return is_mesh_folder(folder) and FAMILY_OF_COUNT.get(mesh_count(folder) or 0, family) != family
    except (FileError, OSError):
        return False  # told when it is looked into


def _look_at(path: Path, family: str, found: Walk) -> None:
    name, suffix = path.name, path.suffix.lower()
    if name.endswith((_MARKER_FITS, OUTPUT_ENDING[family])) or name == _SHAPE or suffix in READERS:
        return
    if suffix == ".npz":
        found.motions.append(path)
        return
    if suffix not in OTHER_SUFFIXES:
        if not name.startswith("."):
            _take_or_leave_out(path, found)
        return
    try:
        if motion_source(path) is not None:
            found.motions.append(path)
            return
        kind = file_kind(path)
        if kind.kind == "layout":
            raise FileError(path, f"is {kind.words}: it holds {kind.keys}")
        if not kind.words:
            raise FileError(path, "is no motion, and nothing else that is known; it may be damaged")
        _take_or_leave_out(path, found)
    except FileError as error:
        found.refused.append((path, str(error)))
    except Cancelled:
        raise
    except Exception:
        found.motions.append(path)  # told with the others, when it is this one's turn to be read


def _take_or_leave_out(path: Path, found: Walk) -> None:
    if not os.access(path, os.R_OK):
        found.refused.append((path, str(FileError(path, _WHY_NOT[errno.EACCES]))))
        return
    kind = file_kind(path)
    if kind.kind == "motion":
        found.motions.append(path)
    else:
        found.left_out.append((path, kind.words or "of a kind that is not known"))


def _why_not(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT and path.is_symlink():
        return f"is a link to {os.readlink(path)}, which is not there"
    return _WHY_NOT.get(error.errno or 0) or f"cannot be looked at: {error.strerror}"

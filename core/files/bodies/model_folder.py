"""One folder of models: which file is which, wherever below it and in whatever case their owners named them.

The places that the manual names come first, then any file below the folder whose name, or the folders it lies
in, say what it is. Names are all that is looked at here; contents are checked when a file is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import FileError
from core.files.bodies.models import gender_in
from core.model.joints import FAMILY_LABEL, GENDERS

MODEL_PATTERNS: dict[str, tuple[str, ...]] = {
    "smpl": ("smpl/SMPL_{GENDER}.npz", "smpl/SMPL_{GENDER}.pkl"),
    "smplh": ("smplh/{gender}/model.npz", "smplh/SMPLH_{GENDER}.npz", "smplh/SMPLH_{GENDER}.pkl"),
    "smplx": ("smplx/SMPLX_{GENDER}.npz", "smplx/SMPLX_{GENDER}.pkl"),
}
MASK_PATTERNS: dict[str, tuple[str, ...]] = {
    "smplx": tuple(f"transfer/smplx_mask_ids{ending}" for ending in (".npy", ".npz", ".json", ".txt", ".pkl"))
}
"""Of the families that come with such a file; of the others every vertex with a counterpart is valid."""
TRANSFER_ENDINGS = ("_deftrafo_setup.pkl", "_def_transfer.pkl")
# What other tools call theirs: smplx2smpl.pkl, smplx_to_smpl.pkl, smplx2smpl_sparse.pt.
_OTHER_TRANSFERS = tuple(
    f"{joint}{{target}}{rest}{ending}"
    for rest in ("", "_sparse", "_deftrafo_setup", "_def_transfer")
    for joint in ("2", "_to_", "_2_")
    for ending in (".pkl", ".npz", ".pt", ".pth", ".npy", ".joblib")
)

# SMPL and SMPL-H share one surface, so that either's file serves both; a body's own name comes first.
_SAME_SURFACE = {"smpl": ("smpl", "smplh"), "smplh": ("smplh", "smpl"), "smplx": ("smplx",)}

_SUFFIXES = (".npz", ".pkl")
_NAMED = re.compile(r"(smplx|smplh|smpl)[ _-]?(neutral|male|female|[nmf](?![a-z]))", re.IGNORECASE)
_BASIC = re.compile(r"basicmodel[ _-](neutral|male|female|[mf](?![a-z]))", re.IGNORECASE)
_FOLDER = re.compile(r"(smplx|smplh|smpl)", re.IGNORECASE)
# Deep and large enough for every download as it comes out of its archive, and for nobody's whole disk.
_DEEPEST, _MOST_ENTRIES = 6, 20_000


@dataclass(frozen=True)
class ModelFile:
    """A file that is a body model by its name.

    Attributes:
        path: where it is.
        family: ``'smpl'``, ``'smplh'`` or ``'smplx'``.
        gender: ``'neutral'``, ``'female'`` or ``'male'``.
    """

    path: Path
    family: str
    gender: str

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """The first of several files for one body is used: plain rather than with a locked head, npz rather
        than pickle, near the top rather than deep down."""
        words = str(self.path).lower()
        locked = "locked" in words
        return locked, self.path.suffix.lower() != ".npz", len(self.path.parts), words


def find_model(folder: str | Path, family: str, gender: str) -> Path:
    """The file of one body model.

    Raises:
        FileError: the folder does not exist, or has no such model; the message says where was looked and
            which genders are there.
    """
    folder = _existing(folder)
    wanted = _model_paths(family, gender)
    found = _first(folder, wanted)
    if found is not None:
        return found
    there = [file for file in model_files(folder) if file.family == family]
    for file in there:
        if file.gender == gender:
            return file.path
    others = [other for other in GENDERS if any(file.gender == other for file in there)]
    also = f", found {' and '.join(others)} only" if others else ""
    raise FileError(
        folder,
        f"has no {FAMILY_LABEL[family]} {gender} model: looked for {wanted[0]} and for other names that such "
        f"files have{also}",
    )


def models_there(folder: str | Path) -> dict[str, list[str]]:
    """Which genders a folder has of each family.

    Raises:
        FileError: the folder does not exist.
    """
    there = {(file.family, file.gender) for file in model_files(folder)}
    return {family: [gender for gender in GENDERS if (family, gender) in there] for family in MODEL_PATTERNS}


def model_files(folder: str | Path) -> list[ModelFile]:
    """All files below the folder that are body models by their names, the one to use first.

    Raises:
        FileError: the folder does not exist.
    """
    found = []
    for path in _files(_existing(folder)):
        if path.suffix.lower() in _SUFFIXES:
            kind = _kind(path)
            if kind is not None:
                found.append(ModelFile(path, *kind))
    usual = {
        _first(Path(folder), _model_paths(family, gender)) for family in MODEL_PATTERNS for gender in GENDERS
    }
    return sorted(found, key=lambda file: (file.path not in usual, file.rank))


def find_correspondence(folder: str | Path, source: str, target: str) -> Path:
    """The transfer file from one family's surface to another's.

    Raises:
        FileError: the folder does not exist, or has no such file; the message says where was looked.
    """
    folder = _existing(folder)
    pairs = [f"{a}2{b}" for a in _SAME_SURFACE[source] for b in _SAME_SURFACE[target]]
    wanted = [f"transfer/{pair}{TRANSFER_ENDINGS[0]}" for pair in pairs]
    official = [f"{pair}{ending}" for pair in pairs for ending in TRANSFER_ENDINGS]
    others = [
        one + name.format(target=other)
        for one in _SAME_SURFACE[source]
        for other in _SAME_SURFACE[target]
        for name in _OTHER_TRANSFERS
    ]
    found = _first(folder, wanted) or _named(folder, official + others)
    if found is None:
        pair = f"{FAMILY_LABEL[source]} to {FAMILY_LABEL[target]}"
        raise FileError(
            folder,
            f"has no correspondence from {pair}: looked for {' and '.join(wanted)}; `refit correspond` "
            "builds one from the two bodies",
        )
    return found


def find_mask(folder: str | Path, target: str) -> Path | None:
    """The file of valid vertex ids of one family, or None where there is none.

    Raises:
        FileError: the folder does not exist.
    """
    folder, wanted = _existing(folder), MASK_PATTERNS.get(target, ())
    return _first(folder, wanted) or _named(folder, [Path(pattern).name for pattern in wanted])


def _kind(path: Path) -> tuple[str, str] | None:
    """Family and gender that a file's name says, or for ``model.npz`` those of its folders."""
    named = _NAMED.match(path.stem)
    if named:
        return named[1].lower(), _in_full(named[2])
    basic = _BASIC.match(path.stem)
    if basic:
        return "smpl", _in_full(basic[1])
    if path.stem.lower() != "model":
        return None
    gender = gender_in(path.parent.name)
    for parent in path.parents:
        family = _FOLDER.match(parent.name)
        if family:
            return None if gender is None else (family[1].lower(), gender)
    return None


def _in_full(gender: str) -> str:
    return next(full for full in GENDERS if full.startswith(gender.lower()))


def _model_paths(family: str, gender: str) -> list[str]:
    return [
        pattern.format(gender=gender.lower(), GENDER=gender.upper()) for pattern in MODEL_PATTERNS[family]
    ]


def _existing(folder: str | Path) -> Path:
    folder = Path(folder)
    try:
        if os.path.isdir(folder):
            return folder
        there = os.path.exists(folder)
    except (OSError, ValueError):
        there = False
    problem = "is a file, expected a folder of models" if there else "there is no such folder"
    raise FileError(folder, problem)


def _files(folder: Path) -> Iterator[Path]:
    """Files below the folder, in order of their names, as far as is sensible; links are not followed."""
    seen, top = 0, len(folder.parts)
    for here, folders, names in os.walk(folder):
        folders.sort()
        if len(Path(here).parts) - top >= _DEEPEST:
            folders.clear()
        for name in sorted(names):
            seen += 1
            if seen > _MOST_ENTRIES:
                return
            yield Path(here) / name


def _named(folder: Path, names: list[str]) -> Path | None:
    """The file below the folder with the first of these names that is there, in whatever case."""
    lowered = [name.lower() for name in names]
    found = [path for path in _files(folder) if path.name.lower() in lowered] if names else []
    return min(found, key=lambda path: (lowered.index(path.name.lower()), len(path.parts)), default=None)


def _first(folder: Path, patterns: tuple[str, ...] | list[str]) -> Path | None:
    return next((found for pattern in patterns if (found := _match(folder, pattern)) is not None), None)


def _match(folder: Path, pattern: str) -> Path | None:
    """The file below ``folder`` with this relative path, in whatever case."""
    here = [folder]
    for part in pattern.split("/"):
        here = [child for parent in here for child in _children(parent, part)]
    return next((path for path in here if os.path.isfile(path)), None)


def _children(folder: Path, name: str) -> list[Path]:
    """Entries of that name, the exact case first."""
    try:
        entries = [entry for entry in folder.iterdir() if entry.name.lower() == name.lower()]
    except NotADirectoryError:
        return []
    except OSError as error:
        raise FileError(folder, f"cannot be listed: {error.strerror or error}") from None
    return sorted(entries, key=lambda entry: (entry.name != name, entry.name))

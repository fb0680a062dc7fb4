"""One folder of models: where each file lies in it.

A new layout is one more pattern below. Names are matched without regard to upper and lower case.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import FileError
from core.files.models import GENDERS
from core.joints import FAMILY_LABEL

MODEL_PATTERNS: dict[str, tuple[str, ...]] = {
    "smpl": ("smpl/SMPL_{GENDER}.npz",),
    "smplh": ("smplh/{gender}/model.npz",),
    "smplx": ("smplx/SMPLX_{GENDER}.npz",),
}
TRANSFER_PATTERNS = ("transfer/{source}2{target}_deftrafo_setup.pkl",)
MASK_PATTERNS: dict[str, tuple[str, ...]] = {"smplx": ("transfer/smplx_mask_ids.npy",)}
"""Of the families that come with such a file; of the others every vertex with a counterpart is valid."""

# SMPL and SMPL-H share one surface, so that either's file serves both; a body's own name comes first.
_SAME_SURFACE = {"smpl": ("smpl", "smplh"), "smplh": ("smplh", "smpl"), "smplx": ("smplx",)}


def find_model(folder: str | Path, family: str, gender: str) -> Path:
    """The file of one body model.

    Raises:
        FileError: the folder does not exist, or has no such model; the message says where was looked and
            which genders are there.
    """
    folder = _existing(folder)
    wanted = _model_paths(family, gender)
    found = _first(folder, wanted)
    if found is None:
        others = _genders(folder, family)
        there = f", found {' and '.join(others)} only" if others else ""
        raise FileError(
            folder, f"has no {FAMILY_LABEL[family]} {gender} model: looked for {_listed(wanted)}{there}"
        )
    return found


def models_there(folder: str | Path) -> dict[str, list[str]]:
    """Which genders a folder has of each family.

    Raises:
        FileError: the folder does not exist.
    """
    folder = _existing(folder)
    return {family: _genders(folder, family) for family in MODEL_PATTERNS}


def find_correspondence(folder: str | Path, source: str, target: str) -> Path:
    """The transfer file from one family's surface to another's.

    Raises:
        FileError: the folder does not exist, or has no such file; the message says where was looked.
    """
    folder = _existing(folder)
    wanted = [
        pattern.format(source=a, target=b)
        for pattern in TRANSFER_PATTERNS
        for a in _SAME_SURFACE[source]
        for b in _SAME_SURFACE[target]
    ]
    found = _first(folder, wanted)
    if found is None:
        pair = f"{FAMILY_LABEL[source]} to {FAMILY_LABEL[target]}"
        raise FileError(folder, f"has no correspondence from {pair}: looked for {_listed(wanted)}")
    return found


def find_mask(folder: str | Path, target: str) -> Path | None:
    """The file of valid vertex ids of one family, or None where there is none.

    Raises:
        FileError: the folder does not exist.
    """
    return _first(_existing(folder), MASK_PATTERNS.get(target, ()))


def _model_paths(family: str, gender: str) -> list[str]:
    return [
        pattern.format(gender=gender.lower(), GENDER=gender.upper()) for pattern in MODEL_PATTERNS[family]
    ]


def _genders(folder: Path, family: str) -> list[str]:
    return [gender for gender in GENDERS if _first(folder, _model_paths(family, gender)) is not None]


def _existing(folder: str | Path) -> Path:
    folder = Path(folder)
    try:
        if folder.is_dir():
            return folder
        there = folder.exists()
    except (OSError, ValueError):
        there = False
    problem = "is a file, expected a folder of models" if there else "there is no such folder"
    raise FileError(folder, problem)


def _first(folder: Path, patterns: tuple[str, ...] | list[str]) -> Path | None:
    return next((found for pattern in patterns if (found := _match(folder, pattern)) is not None), None)


def _match(folder: Path, pattern: str) -> Path | None:
    """The file below ``folder`` with this relative path, in whatever case."""
    here = [folder]
    for part in pattern.split("/"):
        here = [child for parent in here for child in _children(parent, part)]
    return next((path for path in here if path.is_file()), None)


def _children(folder: Path, name: str) -> list[Path]:
    """Entries of that name, the exact case first."""
    try:
        entries = [entry for entry in folder.iterdir() if entry.name.lower() == name.lower()]
    except NotADirectoryError:
        return []
    except OSError as error:
        raise FileError(folder, f"cannot be listed: {error.strerror or error}") from None
    return sorted(entries, key=lambda entry: (entry.name != name, entry.name))


def _listed(paths: list[str]) -> str:
    return " and ".join(paths)

"""The bodies, motions and manual that Refit carries."""

from __future__ import annotations

from pathlib import Path

import core
from core.errors import FileError

PACKAGE = Path(core.__file__).parent
_DEFAULT_MOTION = "range_of_motion_poses.npz"


def builtin_folder() -> Path:
    """The folder with the built-in bodies and motions: inside the installed package, or beside a checkout.

    Raises:
        FileError: there is none.
    """
    installed = PACKAGE / "assets"
    checkout = PACKAGE.parent / "assets"
    for folder in (installed, checkout):
        if (folder / "bodies").is_dir():
            return folder
    raise FileError(checkout, "there is no folder of built-in bodies and motions")


def builtin_motions() -> list[Path]:
    """The built-in motion files, by name.

    Raises:
        FileError: the built-in files are missing.
    """
    return sorted((builtin_folder() / "motions").glob("*.npz"))


def default_motion() -> Path:
    """The motion shown where none is given.

    Raises:
        FileError: it is missing.
    """
    path = builtin_folder() / "motions" / _DEFAULT_MOTION
    if not path.is_file():
        raise FileError(path, "there is no such file")
    return path


def manual_folder() -> Path:
    """The folder with the pages of the manual, ``index.md`` the first.

    Raises:
        FileError: there is none.
    """
    folder = builtin_folder() / "manual"
    if not (folder / "index.md").is_file():
        raise FileError(folder, "there is no manual")
    return folder


# What the built-in motions are called.

TITLES = {"range_of_motion": "Range of motion"}


def motion_title(path: Path) -> str:
    """``walk_poses.npz`` as ``Walk``."""
    stem = path.stem.removesuffix("_poses")
    return TITLES.get(stem, stem.replace("_", " ").capitalize())


def builtin_by_title() -> dict[str, Path]:
    """The built-in motions, none where they cannot be found."""
    from core.errors import RefitError

    try:
        return {motion_title(path): path for path in builtin_motions()}
    except RefitError:
        return {}
